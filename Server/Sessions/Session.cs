namespace RawSocketChat.Server.Sessions;

/// <summary>Who is speaking, beyond any one connection. A second connection with the same token is another device.</summary>
public sealed class Session(string token, User user)
{
    private volatile byte[] _token = Convert.FromHexString(token);
    private volatile User _user = user;
    private volatile bool _isEnded;
    private volatile bool _isStored;

    /// <summary>Secret. Known to its bearer, and kept here, since every welcome bears it. <c>register</c> gives another one.</summary>
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

    /// <summary>True once it was logged out: its token is worth nothing any more.</summary>
    public bool IsEnded
    {
        get => _isEnded;
        internal set => _isEnded = value;
    }

    /// <summary>Whether the storage knows the session by its token, in whatever state; asked before each post.</summary>
    internal bool IsStored
    {
        get => _isStored;
        set => _isStored = value;
    }

    internal string TokenHash => SessionToken.HashOf(Token);

    /// <summary>Guarded by the store, as is all below.</summary>
    internal int Connections { get; set; }

    /// <summary>When its last connection ended; null while there is one.</summary>
    internal DateTimeOffset? AwaySince { get; set; }

    /// <summary>Its place among those without a connection, or null.</summary>
    internal LinkedListNode<Session>? Away { get; set; }

    /// <summary>Counts what was to be stored of it; behind <see cref="Changes"/>, <see cref="StoredChange"/> lacks something.</summary>
    internal long Changes { get; set; }

    /// <summary>The newest change that is known to be stored.</summary>
    internal long StoredChange { get; set; }
}
