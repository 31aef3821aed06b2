namespace RawSocketChat.Protocol.WebSocket;

/// <summary>What the two ends have agreed on for permessage-deflate (RFC 7692, 7.1), or what a server would like best.</summary>
public sealed record DeflateParameters
{
    /// <summary>The least and the most that a window may have, as a power of two: 256 bytes to 32 KiB.</summary>
    public const int MinWindowBits = 8, MaxWindowBits = 15;

    /// <summary>Whether each message of the server is compressed without regard to earlier ones (7.1.1.1).</summary>
    public bool ServerNoContextTakeover { get; init; }

    /// <summary>The same for the client's (7.1.1.2).</summary>
    public bool ClientNoContextTakeover { get; init; }

    /// <summary>How far back the server's data may refer, as a power of two in bytes: 8 to 15 (7.1.2.1).</summary>
    public int ServerMaxWindowBits { get; init; } = MaxWindowBits;

    /// <summary>The same for the client's (7.1.2.2).</summary>
    public int ClientMaxWindowBits { get; init; } = MaxWindowBits;

    internal bool TakesOver(WebSocketRole sender) => sender == WebSocketRole.Server ? !ServerNoContextTakeover : !ClientNoContextTakeover;

    internal int WindowBits(WebSocketRole sender) => sender == WebSocketRole.Server ? ServerMaxWindowBits : ClientMaxWindowBits;
}
