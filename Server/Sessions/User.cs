namespace RawSocketChat.Server.Sessions;

/// <summary>Somebody who speaks: a stable id, and the name of the moment. One object as long as any session of it is connected.</summary>
public sealed class User(string id, string name, bool isGuest, RateLimit says)
{
    private string _name = name;
    private volatile bool _isGuest = isGuest;

    public string Id { get; } = id;

    /// <summary>Unique among those who are connected; changed by <see cref="SessionStore"/> alone.</summary>
    public string Name
    {
        get => Volatile.Read(ref _name);
        internal set => Volatile.Write(ref _name, value);
    }

    /// <summary>True until the user keeps a name by <c>register</c>.</summary>
    public bool IsGuest
    {
        get => _isGuest;
        internal set => _isGuest = value;
    }

    /// <summary>How fast this user may speak, by all of its connections together.</summary>
    public RateLimit Says { get; } = says;

    /// <summary>The names of the rooms that it belongs to, in the order of joining; null while that is not known. Changed as a whole, by the rooms' side alone.</summary>
    internal IReadOnlyList<string>? Rooms { get; set; }

    /// <summary>Its sessions that have a connection; guarded by the store.</summary>
    internal Session[] Present { get; set; } = [];
}
