namespace RawSocketChat.Server.Sessions;

/// <summary>Who is speaking, beyond any one connection. A second connection with the same token is another device.</summary>
public sealed class Session(string token, User user)
{
    /// <summary>Secret. Known to its bearer, kept while the session is connected, since every welcome bears it.</summary>
    public string Token { get; } = token;

    public User User { get; } = user;

    /// <summary>Guarded by the store.</summary>
    internal int Connections { get; set; }

    /// <summary>When its last connection ended; guarded by the store.</summary>
    internal DateTimeOffset AwaySince { get; set; }
}
