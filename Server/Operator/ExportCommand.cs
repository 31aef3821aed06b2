using System.CommandLine;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Sql.Maintenance;

namespace RawSocketChat.Server.Operator;

/// <summary><c>export ROOM</c>: writes a room's log as JSON lines.</summary>
internal static class ExportCommand
{
    private const int EventsPerReport = 1024;

    public static Command Create(OperatorContext context)
    {
        var room = new Argument<string>("ROOM") { Description = "the name of the room" };
        var output = new Option<string?>("--output") { Description = "write to this file instead of the standard output; it must not exist yet", HelpName = "FILE" };
        var command = new Command("export", "Writes a room's log as JSON lines. The server may be running.") { room, output };
        command.SetAction(given => context.Invoke(command, (data, cancel) => Export(data, given.GetRequiredValue(room), given.GetValue(output), context, cancel)));
        return command;
    }

    private static int Export(DataOptions data, string name, string? output, OperatorContext context, CancellationToken cancel)
    {
        using var room = RoomReading.Open(ChatDatabases.Find(data), name, out var names, cancel) ?? throw OperatorException.CreateUnknown("room", name, names);
        if (output is null)
        {
            using var stream = context.Console.Output();
            // If the exported lines go to the terminal, show no progress bar, because the bar would overwrite the lines.
            Write(room, stream, context, context.Console with { IsTerminal = context.Console.IsTerminal && Console.IsOutputRedirected });
            return ExitCode.Success;
        }

        using var file = AtomicFile.Create(output);
        using (var stream = new FileStream(file.PartialPath, FileMode.Open, FileAccess.Write))
            Write(room, stream, context, context.Console);
        file.Complete();
        return ExitCode.Success;
    }

    private static void Write(RoomReading room, Stream stream, OperatorContext context, OperatorConsole console) =>
        Progress.RunWithProgress(console, progress =>
        {
            using var file = new RoomFileWriter(stream);
            file.Write(new RoomFileHeader(room.Room, room.State, context.Time.GetUtcNow()));
            var (done, total) = (0L, room.State.Last - room.State.First + 1);
            foreach (var next in room.ReadEvents())
            {
                file.Write(next);
                if (done++ % EventsPerReport == 0)
                    progress.Report(new WorkProgress($"exporting {room.Room.Name}", done, total));
            }

            return true;
        });
}
