using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Transports.WebSockets;

/// <summary>What one WebSocket address speaks, and what stands behind it.</summary>
public sealed class WebSocketEndpoint
{
    /// <summary>Makes what stands behind each connection.</summary>
    public required IConnectionHandlerFactory Handlers { get; init; }

    /// <summary>
    /// Bytes that one message may have; a longer one is refused (1009) on its declared length, a compressed one as soon as more would come
    /// out of it.
    /// </summary>
    public int MaxMessageBytes { get; init; } = 64 * 1024;

    /// <summary>Bytes that may wait for a slow peer.</summary>
    public long OutboxBytes { get; init; } = 1024 * 1024;

    /// <summary>In the server's order of preference; the first is meant where a client offers none.</summary>
    public IReadOnlyList<string> Subprotocols { get; init; } = [];

    /// <summary>Whether and how messages are compressed where a client offers it.</summary>
    public DeflateOptions Deflate { get; init; } = new();

    /// <summary>What tells a client that asks with <c>wire=1</c> when what came before it was handed to its connection; null: nothing does.</summary>
    public Func<OutboundFrame>? Stamp { get; init; }

    /// <summary>The subprotocol whose frames are in the text format, or null.</summary>
    public string? TextSubprotocol { get; init; }
}
