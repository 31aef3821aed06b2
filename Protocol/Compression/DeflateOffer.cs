namespace RawSocketChat.Protocol.Compression;

/// <summary>One offer of permessage-deflate from a client (RFC 7692, 7.1).</summary>
public sealed record DeflateOffer
{
    /// <summary>
    /// Whether the server must compress each message without references to earlier ones. If so, the client refuses an answer without this
    /// parameter (7.1.1.1).
    /// </summary>
    public bool ServerNoContextTakeover { get; init; }

    /// <summary>
    /// Whether this client compresses each message without references to earlier ones, whatever the answer says (7.1.1.2).
    /// </summary>
    public bool ClientNoContextTakeover { get; init; }

    /// <summary>The maximum window size of the server, as a power of two, 8 to 15; null sets no maximum (7.1.2.1).</summary>
    public int? ServerMaxWindowBits { get; init; }

    /// <summary>
    /// The maximum window size of this client, as a power of two, 8 to 15; the server may answer with a smaller one. Null if the
    /// server may not limit the client's window (7.1.2.2).
    /// </summary>
    public int? ClientMaxWindowBits { get; init; }
}
