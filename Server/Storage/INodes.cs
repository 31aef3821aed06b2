namespace RawSocketChat.Server.Storage;

/// <summary>
/// The other servers ("nodes") that use the same database. They see what this server stores, and this server sees what they store. An announcement
/// between servers is only a wake-up: it may be lost or doubled, and the truth is in the database. Once a second, this server looks there for what it
/// has missed. Events are raised on any thread, and a handler must not wait. Thread-safe.
/// </summary>
public interface INodes
{
    /// <summary>Whether there may be other servers (<see cref="DataOptions.Nodes"/>). If not, the other members of this interface do nothing.</summary>
    bool IsEnabled { get; }

    /// <summary>Whether this server does the work that only one of the servers may do. True on a single server.</summary>
    bool IsLeader { get; }

    /// <summary>
    /// Raised with the name of a room and a seq: the log of the room may have events up to this seq, which another server may have stored. The room
    /// need not be open here.
    /// </summary>
    event Action<string, long>? EventsAvailable;

    /// <summary>
    /// Raised with the name of a followed room that another server has removed (true), or whose log was reset (false). Raised again until
    /// <see cref="Unfollow"/> is called.
    /// </summary>
    event Action<string, bool>? RoomLost;

    /// <summary>Raised when another server has sent a notice.</summary>
    event Action<NodeNotice>? NoticeReceived;

    /// <summary>Raised when notices may have been lost, because the connection to the database was broken.</summary>
    event Action? NoticesMissed;

    /// <summary>Raised with the name of a followed room and the users who are in it at the other servers, when they may have changed.</summary>
    event Action<string, RemotePresence>? PresenceChanged;

    /// <summary>Raised about once a second, after this server has looked for missed events.</summary>
    event Action? Swept;

    /// <summary>Reads the newest state of a room's log, and looks for its events from now on. Call this before <see cref="IRoomLog.OpenAsync"/>.</summary>
    /// <exception cref="StorageException">The state cannot be read.</exception>
    ValueTask FollowAsync(string room, CancellationToken cancellationToken);

    /// <summary>Stops looking for events of a room.</summary>
    void Unfollow(string room);

    /// <summary>Reads the next events of a followed room, whichever server has stored them, as <see cref="IRoomLog.ReadAfterAsync"/> does.</summary>
    /// <exception cref="StorageException">The events cannot be read, or there is no such room.</exception>
    ValueTask<NewEvents> ReadNewAsync(string room, long after, int max, int maxBytes, CancellationToken cancellationToken);

    /// <summary>Shows the other servers who is in a room at this server. Only the last call for a room within a short time has an effect.</summary>
    void SetPresence(string room, LocalPresence presence);

    /// <summary>
    /// Claims a name for a user of this server, so that no user of another server can have a name with a common skeleton. A claim ends with
    /// <see cref="ReleaseName"/>, or when the server dies.
    /// </summary>
    /// <returns>False if a user of another server has the name.</returns>
    /// <exception cref="StorageException">The storage failed, so the name is not claimed.</exception>
    ValueTask<bool> TryClaimNameAsync(UsedName name, CancellationToken cancellationToken);

    /// <summary>Ends the claims of a user of this server to names that the user no longer has, in the background.</summary>
    /// <param name="current">The name that the user has now; null if the user has no connection here.</param>
    void ReleaseNames(string user, string? current);

    /// <summary>Finds a user with a name that has a skeleton, and who has a connection at any server. Returns null if there is none.</summary>
    /// <exception cref="StorageException">The storage cannot be read.</exception>
    ValueTask<UsedName?> FindBearerAsync(string skeleton, CancellationToken cancellationToken);

    /// <summary>Claims the names of all users of this server again, because a claim may be lost, and ends its other claims.</summary>
    /// <exception cref="StorageException">The storage failed.</exception>
    ValueTask RenewNamesAsync(IReadOnlyList<UsedName> names, CancellationToken cancellationToken);

    /// <summary>Finds the sessions among the given ones that do not exist any more.</summary>
    /// <param name="tokenHashes">As in <see cref="StoredSession"/>.</param>
    /// <exception cref="StorageException">The storage cannot be read.</exception>
    ValueTask<IReadOnlyList<string>> FindEndedSessionsAsync(IReadOnlyList<string> tokenHashes, CancellationToken cancellationToken);

    /// <summary>Marks sessions as connected, because another server may have marked them as away.</summary>
    /// <param name="tokenHashes">The sessions that have a connection to this server.</param>
    /// <exception cref="StorageException">The storage failed.</exception>
    ValueTask RenewSessionsAsync(IReadOnlyList<string> tokenHashes, CancellationToken cancellationToken);

    /// <summary>Whether another server is alive now.</summary>
    /// <exception cref="StorageException">The storage cannot be read.</exception>
    ValueTask<bool> HasOthersAsync(CancellationToken cancellationToken);

    /// <summary>Finds the users among the given ones who have a connection to another server. May miss those of the last seconds.</summary>
    /// <exception cref="StorageException">The storage cannot be read.</exception>
    ValueTask<IReadOnlySet<string>> FindConnectedAsync(IReadOnlyList<string> users, CancellationToken cancellationToken);

    /// <summary>Whether a user is in a room at another server.</summary>
    /// <exception cref="StorageException">The storage cannot be read.</exception>
    ValueTask<bool> HasMembersElsewhereAsync(string room, CancellationToken cancellationToken);

    /// <summary>Sends a notice to the other servers, soon. A notice may be lost.</summary>
    void Announce(NodeNotice notice);
}

/// <summary>Events that were read, with the newest state of what they have changed.</summary>
/// <param name="Events">The events, oldest first.</param>
/// <param name="Changed">The messages that edits, deletions and reactions among the events have changed, by seq.</param>
/// <param name="Moderation">The roles, mutes and bans; null if no event has changed them.</param>
/// <param name="IsComplete">Whether these are all events that were stored when the read began.</param>
/// <param name="FirstSeq">The oldest seq that the log has.</param>
public sealed record NewEvents(
    IReadOnlyList<RoomEvent> Events, IReadOnlyDictionary<long, RoomEvent> Changed, RoomModeration? Moderation, bool IsComplete, long FirstSeq);

/// <summary>A name that a connected user has.</summary>
/// <param name="Skeletons">The skeletons of the name; empty in a name that was read.</param>
public sealed record UsedName(string User, string Name, IReadOnlyList<string> Skeletons);

/// <summary>The users who are in a room at this server.</summary>
/// <param name="Count">The number of all these users.</param>
/// <param name="People">All of them by id, with their names; empty if there are too many.</param>
public sealed record LocalPresence(int Count, IReadOnlyDictionary<string, string> People);

/// <summary>The users who are in a room at the other servers.</summary>
/// <param name="People">The users of the servers that list them, by id, with their names. A user may be at several servers, and at this one too.</param>
/// <param name="Unlisted">The number of the users of the servers that do not list them.</param>
public sealed record RemotePresence(IReadOnlyDictionary<string, string> People, int Unlisted);

/// <summary>A single server: there are no others.</summary>
public sealed class SingleNode : INodes
{
    public static readonly SingleNode Instance = new();

    private SingleNode()
    {
    }

    public event Action<string, long>? EventsAvailable
    {
        add { }
        remove { }
    }

    public event Action<string, bool>? RoomLost
    {
        add { }
        remove { }
    }

    public event Action<NodeNotice>? NoticeReceived
    {
        add { }
        remove { }
    }

    public event Action? NoticesMissed
    {
        add { }
        remove { }
    }

    public event Action<string, RemotePresence>? PresenceChanged
    {
        add { }
        remove { }
    }

    public event Action? Swept
    {
        add { }
        remove { }
    }

    public bool IsEnabled => false;

    public bool IsLeader => true;

    public ValueTask FollowAsync(string room, CancellationToken cancellationToken) => default;

    public void Unfollow(string room)
    {
    }

    public ValueTask<NewEvents> ReadNewAsync(string room, long after, int max, int maxBytes, CancellationToken cancellationToken) =>
        throw new StorageException("there are no other servers");

    public void SetPresence(string room, LocalPresence presence)
    {
    }

    public ValueTask<bool> TryClaimNameAsync(UsedName name, CancellationToken cancellationToken) => new(true);

    public void ReleaseNames(string user, string? current)
    {
    }

    public ValueTask<UsedName?> FindBearerAsync(string skeleton, CancellationToken cancellationToken) => default;

    public ValueTask RenewNamesAsync(IReadOnlyList<UsedName> names, CancellationToken cancellationToken) => default;

    public ValueTask<IReadOnlyList<string>> FindEndedSessionsAsync(IReadOnlyList<string> tokenHashes, CancellationToken cancellationToken) => new([]);

    public ValueTask RenewSessionsAsync(IReadOnlyList<string> tokenHashes, CancellationToken cancellationToken) => default;

    public ValueTask<bool> HasOthersAsync(CancellationToken cancellationToken) => new(false);

    public ValueTask<IReadOnlySet<string>> FindConnectedAsync(IReadOnlyList<string> users, CancellationToken cancellationToken) => new(new HashSet<string>());

    public ValueTask<bool> HasMembersElsewhereAsync(string room, CancellationToken cancellationToken) => new(false);

    public void Announce(NodeNotice notice)
    {
    }
}
