using System.CommandLine;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Sql.Maintenance;

namespace RawSocketChat.Server.Operator;

/// <summary><c>remove-room ROOM</c>: removes a room with all its events, all or nothing.</summary>
internal static class RemoveRoomCommand
{
    public static Command Create(OperatorContext context)
    {
        var room = new Argument<string>("ROOM") { Description = "the name of the room" };
        var command = new Command("remove-room", "Removes a room with all its events and members. The server must not be running.") { room };
        command.SetAction(given => context.Invoke(command, (data, cancel) => Remove(data, given.GetRequiredValue(room), context.Console, cancel)));
        return command;
    }

    private static int Remove(DataOptions data, string name, OperatorConsole console, CancellationToken cancel)
    {
        var database = ChatDatabases.Find(data);
        IReadOnlyList<string> names = [];
        var removed = Progress.RunWithProgress(console, progress =>
        {
            progress.Report(new WorkProgress($"removing {name}", 0, 0));
            return RoomRemoval.Run(database, name, out names, cancel);
        });
        if (removed is not { } found)
            throw OperatorException.CreateUnknown("room", name, names);
        console.WriteLine($"Removed {found.Room} and its {found.Events} {(found.Events == 1 ? "event" : "events")}");
        return ExitCode.Success;
    }
}
