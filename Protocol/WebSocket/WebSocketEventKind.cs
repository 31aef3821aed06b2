namespace RawSocketChat.Protocol.WebSocket;

/// <summary>What came in.</summary>
public enum WebSocketEventKind
{
    /// <summary>A whole text message; its payload is valid UTF-8.</summary>
    Text,

    /// <summary>A whole binary message.</summary>
    Binary,

    /// <summary>A ping: answer it by a pong of the same payload (RFC 6455, 5.5.2).</summary>
    Ping,

    /// <summary>A pong, asked for or not (5.5.3).</summary>
    Pong,

    /// <summary>The peer's close frame: answer it by a close, then end the connection (5.5.1). Nothing follows it.</summary>
    Close,

    /// <summary>The peer broke a rule: send a close of that code, then end the connection (7.1.7). Nothing follows it.</summary>
    Fault,
}
