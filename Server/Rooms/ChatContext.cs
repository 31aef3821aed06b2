using System.Collections.Concurrent;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Sessions;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Rooms;

/// <summary>
/// The state of one connection that the request handlers share. <see cref="ChatSession"/> creates this object and passes it to the handler
/// of each request. The requests of a connection run one after another, so only one handler uses this state at a time.
/// </summary>
internal sealed class ChatContext(Connection connection, ChatServices services) : IRoomListener
{
    private readonly RateLimit _errors = new(services.ErrorRate);
    private readonly RateLimit _refusals = new(services.RefusalRate);
    private JoinedRooms _rooms = new();
    private Session? _session;
    private ConcurrentQueue<RoomLoop>? _removedRooms;

    public Connection Connection { get; } = connection;

    /// <summary>The connection's session; null before <see cref="Attach"/> and after <see cref="Detach"/>. Thread-safe.</summary>
    public Session? Session => Volatile.Read(ref _session);

    /// <summary>The user of the session. May be used only while there is a session.</summary>
    public User User => _session!.User;

    /// <summary>The user's id and name, as frames and rooms show them. May be used only while there is a session.</summary>
    public Person Person => new(User.Id, User.Name);

    /// <summary>Whether the user is an owner of every room (<see cref="OperatorOptions"/>). May be used only while there is a session.</summary>
    public bool IsOperator => User.RegisteredName is { } name && services.Operators.Contains(name);

    /// <summary>The user's role in a room. May be used only while there is a session.</summary>
    public string GetRole(RoomModeration moderation) => IsOperator ? RoomRole.Owner : moderation.GetRole(User.Id);

    /// <summary>The rooms that the connection has joined.</summary>
    public ref JoinedRooms Rooms => ref _rooms;

    /// <summary>
    /// The room that a request refers to if the request names no room: the last room that the client has joined or posted a message in.
    /// When the client leaves this room, another joined room becomes the current room. Null if the client is in no room.
    /// </summary>
    public RoomLoop? CurrentRoom { get; set; }

    /// <summary>Attaches the connection to a session, and detaches it from its previous session.</summary>
    public void Attach(Session session)
    {
        _session?.Detach(Connection);
        Volatile.Write(ref _session, session);
        session.Attach(Connection);

        // When a session ends, it is first marked as ended, and then its connections are closed. A connection that is attached after that would stay
        // open, so close it here.
        if (session.IsEnded)
            Connection.Close(Disconnect.SessionEnded);
    }

    /// <summary>Detaches the connection from its session and returns that session; null if there is none.</summary>
    public Session? Detach()
    {
        var session = _session;
        session?.Detach(Connection);
        Volatile.Write(ref _session, null);
        return session;
    }

    /// <summary>
    /// Closes the connection if a moderator has removed the user from the connection's only room. Otherwise the connection stays open, and
    /// <see cref="ForgetRemovedRoomsAsync"/> removes the room from <see cref="Rooms"/> before the next request.
    /// </summary>
    public void OnRemoved(RoomLoop room, bool isKicked)
    {
        LazyInitializer.EnsureInitialized(ref _removedRooms).Enqueue(room);
        if (isKicked && _rooms.Count <= 1)
            Connection.Close(Disconnect.Kicked);
    }

    /// <summary>
    /// Removes two kinds of rooms from <see cref="Rooms"/>: rooms from which a moderator has removed the connection, and rooms that were removed from
    /// the server. Call this before each request.
    /// </summary>
    public async ValueTask ForgetRemovedRoomsAsync()
    {
        while (Volatile.Read(ref _removedRooms) is { } removed && removed.TryDequeue(out var room))
        {
            // A join that was being handled during the removal may have taken effect after the removal. Then the connection is in the room
            // again.
            if (!await room.ContainsAsync(Connection))
                await RoomHandler.LeaveRoomAsync(this, room);
        }
    }

    /// <summary>Charges the client's address. Returns an error if the address has too few points.</summary>
    public ChatError? Charge(int points) =>
        Connection.Account.TryCharge(points, out var retryAfterMs) ? null
            : new ChatError(ErrorCode.RateLimited, $"too many requests from your address; wait {retryAfterMs / 1000.0:0.0} s", RetryAfterMs: retryAfterMs);

    /// <summary>
    /// Charges the client's address for a room that the user creates. If the room is not created, call
    /// <see cref="GiveBackRoom"/>.
    /// </summary>
    /// <returns>An error if the address may create no room now.</returns>
    public ChatError? ChargeRoom()
    {
        if (Charge(Cost.Room) is { } limited)
            return limited;
        return !User.IsGuest || Connection.Account.TryTakeGuestRoom(out var retryAfterMs) ? null
            : new ChatError(ErrorCode.TooMany, "the guests of your address have created the maximum number of rooms for today; a user with an account may create more", RetryAfterMs: retryAfterMs);
    }

    /// <summary>Undoes the part of <see cref="ChargeRoom"/> that counts the rooms of a day.</summary>
    public void GiveBackRoom()
    {
        if (User.IsGuest)
            Connection.Account.GiveBackGuestRoom();
    }

    /// <summary>
    /// Answers a request with an error. Closes the connection if it has caused too many errors, or very many rate-limited requests.
    /// </summary>
    public void Reject(IFrameSink answers, FrameId id, ChatError error)
    {
        answers.Send(new ErrorFrame(id, error));
        if (error.Code == ErrorCode.RateLimited)
            services.Metrics.CountRejection("rate");
        else
            Connection.Account.Charge(Cost.Error);
        var limit = error.Code == ErrorCode.RateLimited ? _refusals : _errors;
        if (services.Limits.Enabled && !limit.TryTake(out _))
            Connection.Close(Disconnect.TooManyErrors);
    }
}
