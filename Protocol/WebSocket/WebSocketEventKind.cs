namespace RawSocketChat.Protocol.WebSocket;

/// <summary>The kind of a <see cref="WebSocketEvent"/>.</summary>
public enum WebSocketEventKind
{
    /// <summary>A complete text message. Its payload is valid UTF-8.</summary>
    Text,

    /// <summary>A complete binary message.</summary>
    Binary,

    /// <summary>A ping. The caller answers with a pong of the same payload (RFC 6455, 5.5.2).</summary>
    Ping,

    /// <summary>A pong, solicited or not (5.5.3).</summary>
    Pong,

    /// <summary>The peer's close frame. The caller answers with a close frame and ends the connection (5.5.1). No event follows.</summary>
    Close,

    /// <summary>The peer violated the protocol. The caller sends a close frame with the code and ends the connection (7.1.7). No event follows.</summary>
    Fault,
}
