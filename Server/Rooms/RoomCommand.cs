using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Rooms;

/// <summary>What a room's loop is asked to do. Commands of one sender are done in the order in which they were given.</summary>
internal abstract record RoomCommand
{
    /// <summary>Tells who waits that it could not be done.</summary>
    public virtual void Fail(Exception fault)
    {
    }
}

/// <summary>A command that somebody waits for.</summary>
internal abstract record RoomCommand<T> : RoomCommand
{
    private readonly TaskCompletionSource<T> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<T> Done => _done.Task;

    public void Complete(T result) => _done.TrySetResult(result);

    public override void Fail(Exception fault) => _done.TrySetException(fault);
}

internal sealed record Enter(Connection Connection, Person Person) : RoomCommand<Entered>;

internal sealed record Leave(Connection Connection) : RoomCommand<bool>;

/// <summary>True: from here on the connection gets events as they come. False: more than a little is still missing.</summary>
internal sealed record GoLive(Connection Connection, long Cursor) : RoomCommand<bool>;

internal sealed record Become(Connection Connection, Person Person) : RoomCommand<bool>;

internal sealed record Rename(Person Person, string Was) : RoomCommand;

/// <summary>Tells the others how far somebody has read.</summary>
internal sealed record HasRead(Person Person, long Seq) : RoomCommand;

internal sealed record Who(int Most) : RoomCommand<WhoIsHere>;

internal sealed record Post(Connection Connection, IFrameSink Answers, ClientFrame Frame, NewEvent Event) : RoomCommand;

/// <summary>Wakes the loop to look at what is due.</summary>
internal sealed record Tick : RoomCommand
{
    public static readonly Tick Instance = new();
}

/// <summary>What a connection finds as it enters: the log's end at that moment, and who is there.</summary>
public sealed record Entered(long Seq, string Topic, string Role, WhoIsHere Who);

/// <param name="People">The first of them.</param>
/// <param name="Count">How many there are in all.</param>
public sealed record WhoIsHere(IReadOnlyList<Person> People, int Count);

/// <summary>What others see of a room without asking its loop.</summary>
public sealed record RoomSummary(string Topic, int MemberCount);
