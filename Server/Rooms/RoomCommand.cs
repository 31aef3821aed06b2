using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Rooms;

/// <summary>A command for a room's loop. The loop handles the commands of one sender in the order in which they were sent.</summary>
internal abstract record RoomCommand
{
    /// <summary>Called when the command failed. If the sender waits for a result, passes the error to the sender.</summary>
    public virtual void Fail(Exception fault)
    {
    }

    /// <summary>
    /// Called instead of handling the command if the room was unloaded or removed. Gives a result to the sender if the sender waits for
    /// one.
    /// </summary>
    public virtual void OnRoomClosed()
    {
    }
}

/// <summary>A command whose sender waits for a result.</summary>
internal abstract record RoomCommand<T> : RoomCommand
{
    private readonly TaskCompletionSource<T> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<T> Completion => _completion.Task;

    public void Complete(T result) => _completion.TrySetResult(result);

    public override void Fail(Exception fault) => _completion.TrySetException(fault);

    public override void OnRoomClosed() => Complete(default!);
}

/// <summary>Adds a connection to the room. The result is null if the room was unloaded or removed.</summary>
/// <param name="Visitor">The user who joins, with the data that decides whether a ban applies.</param>
internal sealed record JoinCommand(Connection Connection, RoomVisitor Visitor, IRoomListener? Listener) : RoomCommand<JoinResult?>;

/// <summary>A user who wants to be in a room.</summary>
/// <param name="Address">The key of the client's address (<see cref="ClientAddress.GetKey"/>).</param>
/// <param name="IsKnown">True if the user has an account or was in the room before. A ban of the address does not apply to such a user.</param>
/// <param name="IsOperator">Whether the user is an owner of every room.</param>
public sealed record RoomVisitor(Person Person, string Address = "", bool IsKnown = true, bool IsOperator = false);

/// <summary>Asks whether a connection is in the room.</summary>
internal sealed record ContainsCommand(Connection Connection) : RoomCommand<bool>;

/// <summary>Completes when the loop has handled all earlier commands, and has delivered all events whose acks it has sent.</summary>
internal sealed record BarrierCommand : RoomCommand<bool>;

internal sealed record LeaveCommand(Connection Connection) : RoomCommand<bool>;

/// <summary>Makes a connection live; see <see cref="RoomLoop.GoLiveAsync"/>.</summary>
internal sealed record GoLiveCommand(Connection Connection, long Cursor) : RoomCommand<bool?>;

internal sealed record ChangeUserCommand(Connection Connection, Person Person) : RoomCommand<bool>;

internal sealed record RenameCommand(Person Person, string PreviousName) : RoomCommand;

/// <summary>Sends a frame to the other connections of a user in the room.</summary>
internal sealed record SendToOthersCommand(Connection? Except, string User, EncodedFrame Frame) : RoomCommand;

/// <summary>Announces to the other members that a member is writing, or has stopped.</summary>
internal sealed record TypingCommand(Connection Connection, bool Off) : RoomCommand;

internal sealed record ListMembersCommand(int Max, bool WithAway) : RoomCommand<MemberList>
{
    // A room that was unloaded or removed has no members.
    public override void OnRoomClosed() => Complete(new MemberList([], 0, []));
}

/// <param name="Connection">The author's connection; null if the author is a program, because a program is not in the room.</param>
/// <param name="IsOperator">Whether the author is an owner of every room.</param>
internal sealed record PostCommand(Connection? Connection, IFrameSink Answers, ClientFrame Frame, NewEvent Event, bool IsOperator) : RoomCommand
{
    /// <summary>
    /// For a post that is accepted only if it is a duplicate (<see cref="NewEvent.OnlyIfDuplicate"/>): the answer if the post is not a duplicate.
    /// Null for other posts.
    /// </summary>
    public ChatError? ErrorUnlessDuplicate { get; init; }

    /// <summary>Whether this post starts the author's slow-mode interval.</summary>
    public bool StartsInterval { get; set; }

    public override void OnRoomClosed() => Reject(RequestErrors.CreateNotStored());

    public void Reject(ChatError error) => Answers.Send(new ErrorFrame(Frame.Id, error));
}

/// <summary>Unloads the room if it is unused; see <see cref="RoomLoop.TryUnloadAsync"/>.</summary>
internal sealed record UnloadCommand(TimeSpan UnusedFor, Action<RoomLoop> OnClosing) : RoomCommand<bool>;

/// <summary>
/// Stops a room that is being removed; see <see cref="RoomLoop.RemoveAsync"/>. Completes when the earlier posts are delivered.
/// </summary>
internal sealed record RemoveCommand(Action<RoomLoop> OnClosing) : RoomCommand<bool>;

/// <summary>Completes when the loop has delivered all events that any server had stored before the command.</summary>
internal sealed record RefreshCommand : RoomCommand<bool>;

/// <summary>Tells the loop that another server may have stored events up to a seq.</summary>
internal sealed record EventsAvailableCommand(long Seq) : RoomCommand;

/// <summary>Sets who is in the room at the other servers.</summary>
internal sealed record RemotePresenceCommand(RemotePresence Presence) : RoomCommand;

/// <summary>Announces that a user of another server is writing, or has stopped.</summary>
internal sealed record RemoteTypingCommand(Person Person, bool Off) : RoomCommand;

/// <summary>Wakes the loop. After each command, the loop delivers stored posts, gathered events and the number of members.</summary>
internal sealed record WakeCommand : RoomCommand
{
    public static readonly WakeCommand Instance = new();
}

/// <summary>The state of the room at the moment when a connection joined it.</summary>
/// <param name="Seq">The newest event's seq.</param>
/// <param name="Topic">The room's topic.</param>
/// <param name="Moderation">The roles, mutes, bans and the slow mode of the room.</param>
/// <param name="Members">At most <see cref="RoomOptions.NamedMembers"/> of the members, and the number of all members.</param>
/// <param name="Ban">The ban that keeps the connection out of the room; null if the connection is in the room.</param>
public sealed record JoinResult(long Seq, string Topic, RoomModeration Moderation, MemberList Members, RoomBan? Ban = null);

/// <param name="People">The members, or some of them if there are more than the caller asked for.</param>
/// <param name="Count">The number of all members.</param>
/// <param name="Away">
/// Owners and moderators who are not in the room now, as user ids with their roles. Owners come first. At most <see cref="MaxAway"/>. Empty unless
/// the caller asked for them.
/// </param>
public sealed record MemberList(IReadOnlyList<Person> People, int Count, IReadOnlyList<KeyValuePair<string, string>> Away)
{
    /// <summary>The number is limited, because the server reads the name of each user in <see cref="Away"/> from the storage.</summary>
    public const int MaxAway = 20;
}

/// <summary>The part of a room's state that other threads may read without a command.</summary>
public sealed record RoomSummary(string Topic, int MemberCount);
