namespace RawSocketChat.Server.Storage;

/// <summary>
/// The other servers ("nodes") that use the same database. They see what this server stores, and this server sees what they store. The servers
/// announce changes to each other, but an announcement may be lost or may arrive twice. So once a second, this server reads from the database what it
/// has missed. Events are raised on any thread, and a handler must not wait. Thread-safe.
/// </summary>
public interface INodes
{
    /// <summary>
    /// Whether there may be other servers (<see cref="DataOptions.Nodes"/>). If false, no event is raised, and every claim of a name succeeds.
    /// </summary>
    bool IsEnabled { get; }

    /// <summary>Whether this server does the work that only one of the servers may do. True on a single server.</summary>
    bool IsLeader { get; }

    /// <summary>
    /// Raised when another server may have stored events in the log of a room. The arguments are the name of the room, and the seq of the newest of
    /// these events. It is possible that the room is not open at this server.
    /// </summary>
    event Action<string, long>? EventsAvailable;

    /// <summary>
    /// Raised when another server has removed a followed room, or when the log of a followed room was reset. The arguments are the name of the room,
    /// and whether the room was removed. Raised again each second until <see cref="Unfollow"/> is called.
    /// </summary>
    event Action<string, bool>? RoomLost;

    /// <summary>Raised when another server has sent a notice.</summary>
    event Action<NodeNotice>? NoticeReceived;

    /// <summary>Raised when notices may have been lost, because the connection to the database was broken.</summary>
    event Action? NoticesMissed;

    /// <summary>
    /// Raised when the users who are in a followed room at the other servers may have changed. The arguments are the name of the room, and these users.
    /// </summary>
    event Action<string, RemotePresence>? PresenceChanged;

    /// <summary>Raised about once a second, after this server has looked for missed events.</summary>
    event Action? Swept;

    /// <summary>
    /// Reads the newest state of a room's log, and looks for new events of the room from now on. Call this before <see cref="IRoomLog.OpenAsync"/>.
    /// </summary>
    /// <exception cref="StorageException">The state cannot be read.</exception>
    ValueTask FollowAsync(string room, CancellationToken cancellationToken);

    /// <summary>Stops looking for events of a room.</summary>
    void Unfollow(string room);

    /// <summary>
    /// Reads the next events of a followed room from the database, as <see cref="IRoomLog.ReadAfterAsync"/> does. Any server may have stored them.
    /// </summary>
    /// <exception cref="StorageException">The events cannot be read, or there is no such room.</exception>
    ValueTask<NewEvents> ReadNewAsync(string room, long after, int max, int maxBytes, CancellationToken cancellationToken);

    /// <summary>Tells the other servers which users are in a room at this server. Only the last call for a room within a short time has an effect.</summary>
    void SetPresence(string room, LocalPresence presence);

    /// <summary>
    /// Claims a name for a user of this server. While the claim lasts, no user of another server can take a name that shares a skeleton
    /// with this name. A claim ends with <see cref="ReleaseNames"/>, or when the server dies.
    /// </summary>
    /// <returns>False if a user of another server has the name.</returns>
    /// <exception cref="StorageException">The storage failed, so the name is not claimed.</exception>
    ValueTask<bool> TryClaimNameAsync(UsedName name, CancellationToken cancellationToken);

    /// <summary>In the background, ends the claims to names that a user of this server no longer has.</summary>
    /// <param name="current">The name that the user has now; null if the user has no connection here.</param>
    void ReleaseNames(string user, string? current);

    /// <summary>Finds the user whose name has this skeleton, among the users who have a connection to any server. Returns null if there is none.</summary>
    /// <exception cref="StorageException">The storage cannot be read.</exception>
    ValueTask<UsedName?> FindBearerAsync(string skeleton, CancellationToken cancellationToken);

    /// <summary>Claims the names of all users of this server again, because a claim may be lost. Ends all other claims of this server.</summary>
    /// <exception cref="StorageException">The storage failed.</exception>
    ValueTask RenewNamesAsync(IReadOnlyList<UsedName> names, CancellationToken cancellationToken);

    /// <summary>Returns the hashes of those sessions that no longer exist.</summary>
    /// <param name="tokenHashes">The hashes of the sessions' tokens, as in <see cref="StoredSession"/>.</param>
    /// <exception cref="StorageException">The storage cannot be read.</exception>
    ValueTask<IReadOnlyList<string>> FindEndedSessionsAsync(IReadOnlyList<string> tokenHashes, CancellationToken cancellationToken);

    /// <summary>Marks sessions as connected, because another server may have marked them as away.</summary>
    /// <param name="tokenHashes">The hashes of the tokens of the sessions that have a connection to this server.</param>
    /// <exception cref="StorageException">The storage failed.</exception>
    ValueTask RenewSessionsAsync(IReadOnlyList<string> tokenHashes, CancellationToken cancellationToken);

    /// <summary>Whether another server is alive now.</summary>
    /// <exception cref="StorageException">The storage cannot be read.</exception>
    ValueTask<bool> HasOthersAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Returns which of these users have a connection to another server. May miss a user who has connected within the last seconds.
    /// </summary>
    /// <exception cref="StorageException">The storage cannot be read.</exception>
    ValueTask<IReadOnlySet<string>> FindConnectedAsync(IReadOnlyList<string> users, CancellationToken cancellationToken);

    /// <summary>Whether any user is in the room at another server.</summary>
    /// <exception cref="StorageException">The storage cannot be read.</exception>
    ValueTask<bool> HasMembersElsewhereAsync(string room, CancellationToken cancellationToken);

    /// <summary>Sends a notice to the other servers in the background. A notice may be lost.</summary>
    void Announce(NodeNotice notice);
}

/// <summary>Events that were read, and the newest state of the messages and the moderation that they have changed.</summary>
/// <param name="Events">The events, oldest first.</param>
/// <param name="Changed">The messages that these events have changed (edits, deletions and reactions), by seq.</param>
/// <param name="Moderation">The roles, mutes and bans; null if no event has changed them.</param>
/// <param name="LastSeq">The newest seq of the log when the read began. The page may have newer events, or may end before this seq.</param>
/// <param name="FirstSeq">The oldest seq that the log has.</param>
public sealed record NewEvents(
    IReadOnlyList<RoomEvent> Events, IReadOnlyDictionary<long, RoomEvent> Changed, RoomModeration? Moderation, long LastSeq, long FirstSeq);

/// <summary>A name that a connected user has.</summary>
/// <param name="Skeletons">The skeletons of the name; empty if the name was read from the database.</param>
public sealed record UsedName(string User, string Name, IReadOnlyList<string> Skeletons);

/// <summary>The users who are in a room at this server.</summary>
/// <param name="Count">The number of these users.</param>
/// <param name="People">The names of all these users, by user id; empty if there are too many.</param>
public sealed record LocalPresence(int Count, IReadOnlyDictionary<string, string> People);

/// <summary>The users who are in a room at the other servers.</summary>
/// <param name="People">
/// The names of the users at the servers that list their users, by user id. A user may be at several servers, and also at this server.
/// </param>
/// <param name="Unlisted">The number of the users at the servers that do not list their users, because there are too many.</param>
public sealed record RemotePresence(IReadOnlyDictionary<string, string> People, int Unlisted);

/// <summary>The implementation for a server that does not share its database with other servers.</summary>
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
