using System.CommandLine;
using RawSocketChat.Server.Rooms;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Sql.Maintenance;

namespace RawSocketChat.Server.Operator;

/// <summary><c>import FILE</c>: creates a room from a file that <c>export</c> wrote, all or nothing.</summary>
internal static class ImportCommand
{
    private const int EventsPerReport = 1024;

    public static Command Create(OperatorContext context)
    {
        var file = new Argument<string>("FILE") { Description = "a file that export wrote; - reads the standard input" };
        var name = new Option<string?>("--as") { Description = "import the room under another name, with a new epoch", HelpName = "ROOM" };
        var command = new Command("import", "Creates a room from a file that export wrote, all or nothing. The server must not be running.") { file, name };
        command.SetAction(given => context.Invoke(command, (data, cancel) => Import(data, given.GetRequiredValue(file), given.GetValue(name), context, cancel)));
        return command;
    }

    private static int Import(DataOptions data, string file, string? name, OperatorContext context, CancellationToken cancel)
    {
        var console = context.Console;
        if (name is not null && !RoomName.IsValid(name))
            throw new OperatorException($"--as: {RoomName.Rule}");
        using var stream = file == "-" ? console.Input() : Open(file);
        using var reader = new RoomFileReader(stream);
        var header = reader.ReadHeader();
        var accepted = RoomName.Accept(name ?? header.Room.Name, out _) ?? throw new OperatorException($"line 1: {RoomName.Rule}; try: --as NAME");
        var room = header.Room with { Name = accepted, Skeletons = RoomName.CreateSkeletons(accepted) };

        var epoch = room.Name == header.Room.Name ? header.State.Epoch : null;
        using var import = RoomImport.Begin(ChatDatabases.Get(data), room, epoch, header.State.First, context.Time.GetUtcNow(), data.Durability, cancel)
            ?? throw new OperatorException($"a room \"{room.Name}\" already exists; try: --as {SuggestName(room.Name)}");
        var (withoutId, withoutFiles) = Progress.RunWithProgress(console, progress => AddEvents(reader, import, progress, cancel));
        import.Commit();
        console.WriteLine($"Imported {room.Name}: events {header.State.First} to {header.State.Last}, epoch {import.Epoch}");
        if (withoutId > 0)
            console.WriteLine($"{withoutId} of them were imported without their ids, because their authors have used the same ids in other rooms");
        if (withoutFiles > 0)
            console.WriteLine($"{withoutFiles} of them were imported without files that this server does not have; their texts name these files");
        return ExitCode.Success;
    }

    private static (long WithoutId, long WithoutFiles) AddEvents(RoomFileReader reader, RoomImport import, IProgress<WorkProgress> progress, CancellationToken cancel)
    {
        var (done, withoutId, withoutFiles) = (0L, 0L, 0L);
        while (reader.ReadEvent() is { } next)
        {
            cancel.ThrowIfCancellationRequested();
            var added = import.Add(next);
            if (added.IsDuplicate)
                throw reader.CreateError($"the id \"{next.Content.ClientId}\" of this author is used on an earlier line");
            withoutId += added.LacksId ? 1 : 0;
            withoutFiles += added.LacksFiles ? 1 : 0;
            if (done++ % EventsPerReport == 0)
                progress.Report(new WorkProgress("importing", done, reader.EventCount));
        }

        return (withoutId, withoutFiles);
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

    private static string SuggestName(string name) => $"{name[..Math.Min(name.Length, RoomName.MaxLength - 2)]}-2";
}
