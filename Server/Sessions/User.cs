namespace RawSocketChat.Server.Sessions;

/// <summary>Somebody who speaks: a stable id, and the name of the moment.</summary>
public sealed class User(string id, string name, RateLimit says)
{
    private string _name = name;

    public string Id { get; } = id;

    /// <summary>Unique among those who are connected; changed by <see cref="SessionStore.Rename"/> alone.</summary>
    public string Name
    {
        get => Volatile.Read(ref _name);
        internal set => Volatile.Write(ref _name, value);
    }

    /// <summary>Everybody is a guest until there are accounts.</summary>
    public bool IsGuest => true;

    /// <summary>How fast this user may speak, by all of its connections together.</summary>
    public RateLimit Says { get; } = says;
}
