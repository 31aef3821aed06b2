namespace RawSocketChat.Server.Sessions;

/// <summary>Who is speaking, beyond any one connection. A second connection with the same token is another device.</summary>
public sealed class Session(string token, User user)
{
    /// <summary>Secret. Known to its bearer, and kept here, since every welcome bears it.</summary>
    public string Token { get; } = token;

    public User User { get; } = user;

    /// <summary>Guarded by the store.</summary>
    internal int Connections { get; set; }

    /// <summary>Its place among those without a connection, or null; guarded by the store.</summary>
    internal LinkedListNode<(string Hash, DateTimeOffset Since)>? Away { get; set; }
}
