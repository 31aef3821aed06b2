using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Sessions;

/// <summary>An identity: a stable id and the current name. All connected sessions of a user share one object.</summary>
public sealed class User(string id, string name, string? registeredName, RateLimit messageLimit, RateLimit requestLimit)
{
    private string _name = name;
    private volatile string? _registeredName = registeredName;

    public string Id { get; } = id;

    /// <summary>The current name, unique among connected users. Only <see cref="SessionStore"/> changes the name.</summary>
    public string Name
    {
        get => Volatile.Read(ref _name);
        internal set => Volatile.Write(ref _name, value);
    }

    /// <summary>True until the user registers an account.</summary>
    public bool IsGuest => RegisteredName is null;

    /// <summary>
    /// The name of the user's account. Null if the user is a guest. A registration sets this name. After that, only a login through the operator's
    /// site or provider changes it, if the user has another name there.
    /// </summary>
    internal string? RegisteredName
    {
        get => _registeredName;
        set => _registeredName = value;
    }

    /// <summary>The rate limit of the user's messages, over all connections of the user.</summary>
    public RateLimit MessageLimit { get; } = messageLimit;

    /// <summary>The rate limit of the user's other requests, over all connections of the user.</summary>
    public RateLimit RequestLimit { get; } = requestLimit;

    /// <summary>
    /// The names of the user's rooms, in the order of joining; null if they are not loaded. <c>Memberships</c> sets this property, and
    /// <see cref="SessionStore"/> resets it to null when the user connects again. The list is immutable: each change replaces it.
    /// </summary>
    internal IReadOnlyList<string>? Rooms { get; set; }

    /// <summary>The user's sessions that have a connection. The lock of <see cref="SessionStore"/> guards this property.</summary>
    internal Session[] ConnectedSessions { get; set; } = [];
}
