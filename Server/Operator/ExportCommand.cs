using System.CommandLine;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Sqlite;
using RawSocketChat.Server.Storage.Sqlite.Maintenance;

namespace RawSocketChat.Server.Operator;

/// <summary><c>export ROOM</c>: a room's log as lines of JSON.</summary>
internal static class ExportCommand
{
    private const int ReportEvery = 1024;

    public static Command Make(OperatorRun run)
    {
        var room = new Argument<string>("ROOM") { Description = "its name" };
        var output = new Option<string?>("--output") { Description = "a file instead of the standard output; must not be there yet", HelpName = "FILE" };
        var command = new Command("export", "Writes a room's log as lines of JSON, while the server runs or not.") { room, output };
        command.SetAction(given => run.Invoke(command, (data, cancel) => Export(data, given.GetRequiredValue(room), given.GetValue(output), run, cancel)));
        return command;
    }

    private static int Export(DataOptions data, string name, string? output, OperatorRun run, CancellationToken cancel)
    {
        using var room = RoomReading.Open(DataFolder.Find(data.Path), name, out var names, cancel) ?? throw new OperatorException(NoRoom(name, names));
        if (output is null)
        {
            using var stream = run.Console.Output();
            // A bar would be drawn into what the terminal shows.
            Write(room, stream, run, run.Console with { IsTerminal = run.Console.IsTerminal && Console.IsOutputRedirected });
            return ExitCode.Done;
        }

        using var file = NewFile.Reserve(output);
        using (var stream = new FileStream(file.PartialPath, FileMode.Open, FileAccess.Write))
            Write(room, stream, run, run.Console);
        file.Complete();
        return ExitCode.Done;
    }

    private static void Write(RoomReading room, Stream stream, OperatorRun run, OperatorConsole console) =>
        Progress.Show(console, progress =>
        {
            using var file = new RoomFileWriter(stream);
            file.Write(new RoomFileHeader(room.Room, room.State, run.Time.GetUtcNow()));
            var (done, total) = (0L, room.State.Last - room.State.First + 1);
            foreach (var next in room.Events())
            {
                file.Write(next);
                if (done++ % ReportEvery == 0)
                    progress.Report(new Advance($"exporting {room.Room.Name}", done, total));
            }

            return true;
        });

    private static string NoRoom(string name, IReadOnlyList<string> names) =>
        $"there is no room \"{name}\"" + (Nearest.To(name, names) is { } near ? $"; did you mean \"{near}\"?" : "");
}
