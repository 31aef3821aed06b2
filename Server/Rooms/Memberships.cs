using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Sessions;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Rooms;

/// <summary>
/// The rooms of which each user is a member: the rooms that the user has joined and has not left. A user who disconnects stays a member. The list of
/// a user's rooms is in memory while the user is connected. Joins and leaves are stored in the background, because no answer depends on them. An
/// invitation is stored before its request is answered. Thread-safe.
/// </summary>
public sealed class Memberships(IRoomCatalog catalog, SessionStore sessions, INodes nodes, ILogger<Memberships> logger)
{
    /// <summary>The maximum number of rooms of a user. Each welcome lists these rooms, so it must stay short.</summary>
    public const int MaxRooms = 500;

    // Incremented when a room is removed. LoadAsync uses it to detect that a room was removed while the catalog was being read.
    private int _removals;

    /// <summary>Records that a new user is a member of no room yet.</summary>
    public static void InitializeEmpty(User user)
    {
        lock (user)
            user.Rooms ??= [];
    }

    /// <summary>
    /// Loads the memberships of a user who was not connected. If the storage fails, the memberships stay unknown. Until they are loaded, the user
    /// finds no private rooms except owned ones.
    /// </summary>
    public async ValueTask LoadAsync(User user)
    {
        lock (user)
        {
            if (user.Rooms is not null)
                return;
        }

        try
        {
            while (true)
            {
                var removals = Volatile.Read(ref _removals);
                var stored = await catalog.GetRoomsAsync(user.Id, CancellationToken.None);
                lock (user)
                {
                    if (removals != Volatile.Read(ref _removals))
                        continue;
                    user.Rooms ??= stored;
                    return;
                }
            }
        }
        catch (StorageException fault)
        {
            Log.MembershipsNotRead(logger, fault);
        }
    }

    /// <summary>Reads the memberships of a connected user again, because another server has changed them.</summary>
    /// <exception cref="StorageException">The memberships cannot be read.</exception>
    public async ValueTask ReloadAsync(User user)
    {
        var stored = await catalog.GetRoomsAsync(user.Id, CancellationToken.None);
        lock (user)
            user.Rooms = stored;
    }

    /// <summary>Whether a connected user is a member of a room; false if the memberships are not known.</summary>
    public bool IsMember(User user, string room)
    {
        lock (user)
            return user.Rooms?.Contains(room, StringComparer.OrdinalIgnoreCase) == true;
    }

    /// <summary>Whether a user is a member of at least one of the rooms. The user need not be connected.</summary>
    /// <exception cref="StorageException">The memberships cannot be read.</exception>
    public async ValueTask<bool> IsMemberOfAnyAsync(string user, IReadOnlyList<string> rooms)
    {
        if (rooms.Count == 0)
            return false;
        IReadOnlyList<string>? own = null;
        if (sessions.FindConnectedUser(user) is { } connected)
        {
            lock (connected)
                own = connected.Rooms;
        }

        own ??= await catalog.GetRoomsAsync(user, CancellationToken.None);
        return own.Intersect(rooms, StringComparer.OrdinalIgnoreCase).Any();
    }

    /// <summary>The rooms of a user; empty if they are not known.</summary>
    public static IReadOnlyList<string> GetRooms(User user)
    {
        lock (user)
            return user.Rooms ?? [];
    }

    /// <summary>
    /// Adds a room to the user's rooms, and stores the change in the background. Does nothing if the user is a member of this room or of
    /// <see cref="MaxRooms"/> rooms already.
    /// </summary>
    /// <param name="readSeq">The read mark of a user who is new in the room.</param>
    public void Add(User user, string room, long readSeq)
    {
        lock (user)
        {
            if (IsMember(user, room) || user.Rooms?.Count >= MaxRooms)
                return;
            if (user.Rooms is not null)
                user.Rooms = [.. user.Rooms, room];
            _ = StoreAsync(room, user.Id, isMember: true, readSeq);
        }
    }

    /// <summary>Removes a room from the user's rooms, and stores the change in the background.</summary>
    public void Remove(User user, string room)
    {
        lock (user)
        {
            if (user.Rooms is not null)
                user.Rooms = RemoveFrom(user.Rooms, room);
            _ = StoreAsync(room, user.Id, isMember: false, readSeq: 0);
        }
    }

    /// <summary>Adds a room to the rooms of a user, who may be disconnected, and stores the change. The user has read nothing of the room.</summary>
    /// <returns>False if the user is a member of <see cref="MaxRooms"/> other rooms already. Then nothing has changed.</returns>
    /// <exception cref="StorageException">The change cannot be stored.</exception>
    /// <param name="inviter">The user who sends the invitation; null if a request opens a direct room.</param>
    public async ValueTask<bool> TryInviteAsync(string user, string room, Person? inviter = null)
    {
        var rooms = sessions.FindConnectedUser(user)?.Rooms ?? await catalog.GetRoomsAsync(user, CancellationToken.None);
        if (rooms.Count >= MaxRooms && !rooms.Contains(room, StringComparer.OrdinalIgnoreCase))
            return false;
        await catalog.SetMemberAsync(room, user, isMember: true, readSeq: 0, CancellationToken.None);
        nodes.Announce(new MembershipNotice(user, room, inviter?.User, inviter?.Name));
        if (sessions.FindConnectedUser(user) is not { } connected)
            return true;
        lock (connected)
        {
            if (connected.Rooms is not null && !IsMember(connected, room))
                connected.Rooms = [.. connected.Rooms, room];
        }

        return true;
    }

    /// <summary>After a kick or a ban, removes the room from the user's rooms in memory. The log has already stored this change.</summary>
    public void RemoveKickedUser(string room, ModerationDetails done)
    {
        if (!RoomModeration.RemovesUser(done))
            return;
        nodes.Announce(new MembershipNotice(done.User!, room));
        if (sessions.FindConnectedUser(done.User!) is not { } user)
            return;
        lock (user)
        {
            if (user.Rooms is { } rooms)
                user.Rooms = RemoveFrom(rooms, room);
        }
    }

    /// <summary>
    /// Removes a room from the lists of all connected users, because the catalog has removed the room. Otherwise these users could enter a private
    /// room that another user creates with the same name. For the same reason, a running <see cref="LoadAsync"/> starts again.
    /// </summary>
    public void RemoveRoom(string room)
    {
        Interlocked.Increment(ref _removals);
        foreach (var user in sessions.ConnectedUsers)
        {
            lock (user)
            {
                if (IsMember(user, room))
                    user.Rooms = RemoveFrom(user.Rooms!, room);
            }
        }
    }

    private static IReadOnlyList<string> RemoveFrom(IReadOnlyList<string> rooms, string room) =>
        [.. rooms.Where(known => !known.Equals(room, StringComparison.OrdinalIgnoreCase))];

    private async Task StoreAsync(string room, string user, bool isMember, long readSeq)
    {
        try
        {
            await catalog.SetMemberAsync(room, user, isMember, readSeq, CancellationToken.None);
            nodes.Announce(new MembershipNotice(user, room));
        }
        catch (StorageException fault)
        {
            Log.MembershipNotStored(logger, fault, room);
        }
    }
}
