namespace RawSocketChat.Tests.Flood.Ways;

/// <summary>The ways into the server.</summary>
internal enum WayIn
{
    /// <summary>WebSocket over HTTP/1.1.</summary>
    WebSocket,

    /// <summary>The same with permessage-deflate.</summary>
    Deflate,

    /// <summary>WebSocket over HTTP/2, by TLS.</summary>
    Http2,

    /// <summary>Lines over plain TCP.</summary>
    RawTcp,

    /// <summary>Interval polling.</summary>
    Poll,

    LongPoll,

    /// <summary>Server-sent events.</summary>
    Sse,

    /// <summary>Lines over HTTP.</summary>
    Stream,

    /// <summary>The forever iframe.</summary>
    IFrame,
}
