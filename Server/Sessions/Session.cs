using System.Collections.Immutable;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Sessions;

/// <summary>
/// A session of a user, identified by a secret token. A session can have several connections: each client that connects with the token
/// joins the session.
/// </summary>
public sealed class Session(string token, User user)
{
    private volatile byte[] _token = Convert.FromHexString(token);
    private volatile User _user = user;
    private volatile bool _isEnded;
    private volatile bool _isStored;
    private ImmutableArray<Connection> _attachedConnections = [];

    /// <summary>
    /// The secret token. The token is kept in memory, because every welcome can contain the token. <c>register</c> replaces the token by a
    /// new one.
    /// </summary>
    public string Token
    {
        get => Convert.ToHexStringLower(_token);
        internal set => _token = Convert.FromHexString(value);
    }

    public User User
    {
        get => _user;
        internal set => _user = value;
    }

    /// <summary>True after the session has ended, for example by a logout. The token of an ended session is not valid.</summary>
    public bool IsEnded
    {
        get => _isEnded;
        internal set => _isEnded = value;
    }

    /// <summary>A snapshot of the attached connections. Thread-safe.</summary>
    public ImmutableArray<Connection> AttachedConnections => _attachedConnections;

    /// <summary>Attaches a connection. Thread-safe.</summary>
    public void Attach(Connection connection) =>
        ImmutableInterlocked.Update(ref _attachedConnections, static (attached, added) => attached.Add(added), connection);

    /// <summary>Detaches a connection. Thread-safe.</summary>
    public void Detach(Connection connection) =>
        ImmutableInterlocked.Update(ref _attachedConnections, static (attached, removed) => attached.Remove(removed), connection);

    /// <summary>
    /// True if the identity store has the session with its current token. The stored version may be older. Read without the lock,
    /// before each post.
    /// </summary>
    internal bool IsStored
    {
        get => _isStored;
        set => _isStored = value;
    }

    internal string TokenHash => SessionToken.ComputeHash(Token);

    // The lock of SessionStore guards the properties below.

    internal int ConnectionCount { get; set; }

    /// <summary>When the last connection ended; null while the session has a connection.</summary>
    internal DateTimeOffset? AwaySince { get; set; }

    /// <summary>The node in the store's list of sessions without a connection, or null.</summary>
    internal LinkedListNode<Session>? AwayNode { get; set; }

    /// <summary>
    /// Incremented with each save. If <see cref="StoredVersion"/> is lower, the identity store does not have the newest version yet.
    /// </summary>
    internal long Version { get; set; }

    /// <summary>The newest version that is known to be stored.</summary>
    internal long StoredVersion { get; set; }
}
