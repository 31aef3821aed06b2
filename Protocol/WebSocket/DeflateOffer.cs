namespace RawSocketChat.Protocol.WebSocket;

/// <summary>One offer of permessage-deflate by a client (RFC 7692, 7.1).</summary>
public sealed record DeflateOffer
{
    /// <summary>Asks the server to compress each message by itself; an answer without it is refused (7.1.1.1).</summary>
    public bool ServerNoContextTakeover { get; init; }

    /// <summary>Tells that this client will compress each message by itself, whatever the answer says (7.1.1.2).</summary>
    public bool ClientNoContextTakeover { get; init; }

    /// <summary>Asks the server for a window of at most two to the power of this, 8 to 15; null: asks nothing (7.1.2.1).</summary>
    public int? ServerMaxWindowBits { get; init; }

    /// <summary>Lets the server limit this client's window; below 15 the client limits it so by itself; null: doesn't let it (7.1.2.2).</summary>
    public int? ClientMaxWindowBits { get; init; }
}
