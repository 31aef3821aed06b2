using System.CommandLine;
using RawSocketChat.Server.Rooms;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Sqlite;
using RawSocketChat.Server.Storage.Sqlite.Maintenance;

namespace RawSocketChat.Server.Operator;

/// <summary><c>import FILE</c>: makes a room of what <c>export</c> wrote, all of it or nothing.</summary>
internal static class ImportCommand
{
    private const int ReportEvery = 1024;

    public static Command Make(OperatorRun run)
    {
        var file = new Argument<string>("FILE") { Description = "what export wrote; - is the standard input" };
        var name = new Option<string?>("--as") { Description = "another name for the room; its log gets a new epoch", HelpName = "ROOM" };
        var command = new Command("import", "Makes a room of what export wrote: all of it, or nothing. No server may run on the folder.") { file, name };
        command.SetAction(given => run.Invoke(command, (data, cancel) => Import(data, given.GetRequiredValue(file), given.GetValue(name), run.Console, cancel)));
        return command;
    }

    private static int Import(DataOptions data, string file, string? name, OperatorConsole console, CancellationToken cancel)
    {
        if (name is not null && !RoomName.IsValid(name))
            throw new OperatorException($"--as: {RoomName.Rule}");
        using var stream = file == "-" ? console.Input() : Open(file);
        using var reader = new RoomFileReader(stream);
        var header = reader.ReadHeader();
        var room = header.Room with { Name = name ?? header.Room.Name };
        if (!RoomName.IsValid(room.Name))
            throw new OperatorException($"line 1: {RoomName.Rule}; try: --as NAME");

        using var folder = DataFolder.Take(data.Path, "end it first");
        var epoch = room.Name == header.Room.Name ? header.State.Epoch : null;
        using var import = RoomImport.Begin(folder, room, epoch, header.State.First, data.Durability)
            ?? throw new OperatorException($"there is a room \"{room.Name}\" already; try: --as {Free(room.Name)}");
        var withoutId = Progress.Show(console, progress => AddAll(reader, import, progress, cancel));
        import.Commit();
        console.WriteLine($"Imported {room.Name}: events {header.State.First} to {header.State.Last}, epoch {import.Epoch}");
        if (withoutId > 0)
            console.WriteLine($"{withoutId} of them without their ids: their authors have used those in other rooms");
        return ExitCode.Done;
    }

    private static long AddAll(RoomFileReader reader, RoomImport import, IProgress<Advance> progress, CancellationToken cancel)
    {
        var (done, withoutId) = (0L, 0L);
        while (reader.ReadEvent() is { } next)
        {
            cancel.ThrowIfCancellationRequested();
            switch (import.Add(next))
            {
                case Placed.Twice:
                    throw reader.Fault($"its author has used the id \"{next.Content.ClientId}\" on a line before it");
                case Placed.WithoutId:
                    withoutId++;
                    break;
            }

            if (done++ % ReportEvery == 0)
                progress.Report(new Advance("importing", done, reader.EventCount));
        }

        return withoutId;
    }

    private static FileStream Open(string file)
    {
        try
        {
            return new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new OperatorException($"\"{file}\" cannot be read: {fault.Message}");
        }
    }

    private static string Free(string name) => $"{name[..Math.Min(name.Length, RoomName.MostLength - 2)]}-2";
}
