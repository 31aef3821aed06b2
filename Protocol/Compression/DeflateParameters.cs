namespace RawSocketChat.Protocol.Compression;

/// <summary>The parameters of permessage-deflate that both ends agreed on, or that a server prefers (RFC 7692, 7.1).</summary>
public sealed record DeflateParameters
{
    /// <summary>The minimum and the maximum window size, as a power of two: 256 bytes and 32 KiB.</summary>
    public const int MinWindowBits = 8, MaxWindowBits = 15;

    /// <summary>Whether the server compresses each message without references to earlier ones (7.1.1.1).</summary>
    public bool ServerNoContextTakeover { get; init; }

    /// <summary>Whether the client compresses each message without references to earlier ones (7.1.1.2).</summary>
    public bool ClientNoContextTakeover { get; init; }

    /// <summary>The server's window size: how far back the server's data may refer, as a power of two in bytes, 8 to 15 (7.1.2.1).</summary>
    public int ServerMaxWindowBits { get; init; } = MaxWindowBits;

    /// <summary>The client's window size: how far back the client's data may refer, as a power of two in bytes, 8 to 15 (7.1.2.2).</summary>
    public int ClientMaxWindowBits { get; init; } = MaxWindowBits;
}
