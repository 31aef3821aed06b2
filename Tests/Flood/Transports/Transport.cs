namespace RawSocketChat.Tests.Flood.Transports;

/// <summary>The transports that the server offers.</summary>
internal enum Transport
{
    /// <summary>WebSocket over HTTP/1.1.</summary>
    WebSocket,

    /// <summary>WebSocket over HTTP/1.1 with permessage-deflate (RFC 7692).</summary>
    WebSocketDeflate,

    /// <summary>WebSocket over HTTP/2 and TLS (RFC 8441).</summary>
    WebSocketHttp2,

    /// <summary>Lines of JSON over raw TCP.</summary>
    RawTcp,

    /// <summary>Interval polling.</summary>
    Poll,

    /// <summary>Long-polling.</summary>
    LongPoll,

    /// <summary>Server-sent events.</summary>
    Sse,

    /// <summary>Lines of JSON in an HTTP response that stays open.</summary>
    Stream,

    /// <summary>The forever iframe: script elements in an HTTP response that stays open.</summary>
    IFrame,
}

internal static class TransportExtensions
{
    /// <summary>Whether frames arrive as HTTP responses. The other transports are sockets on which the server may send at any time.</summary>
    public static bool UsesHttpRequests(this Transport transport) =>
        transport is Transport.Poll or Transport.LongPoll or Transport.Sse or Transport.Stream or Transport.IFrame;
}
