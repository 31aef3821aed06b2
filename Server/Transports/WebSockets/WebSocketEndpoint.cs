using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Transports.WebSockets;

/// <summary>The handlers, limits and formats of one WebSocket address.</summary>
public sealed class WebSocketEndpoint
{
    /// <summary>Creates the handler of each connection.</summary>
    public required IConnectionHandlerFactory Handlers { get; init; }

    /// <summary>
    /// Maximum bytes of one message. The server closes the connection (1009) as soon as the declared length of a message exceeds the limit.
    /// For a compressed message, the server closes the connection as soon as the decompressed bytes would exceed the limit.
    /// </summary>
    public int MaxMessageBytes { get; init; } = EndpointDefaults.MaxFrameBytes;

    /// <summary>Maximum bytes that the server queues for a slow consumer.</summary>
    public long OutboxBytes { get; init; } = EndpointDefaults.OutboxBytes;

    /// <summary>
    /// The maximum rate at which the server reads the frames of one connection; null for no limit. See <see cref="ReceivePace"/>.
    /// </summary>
    public Rate? FrameRate { get; init; }

    /// <summary>The subprotocols in the server's order of preference. The first one applies to a client that offers none.</summary>
    public IReadOnlyList<string> Subprotocols { get; init; } = [];

    /// <summary>The compression settings, for clients that offer compression.</summary>
    public DeflateOptions Deflate { get; init; } = new();

    /// <summary>
    /// Creates the <c>wire</c> frame, which contains the time of a write. Only clients that request it with <c>wire=1</c> get the frame. If
    /// null, no client gets it.
    /// </summary>
    public Func<EncodedFrame>? Stamp { get; init; }

    /// <summary>The subprotocol whose frames are in the text format, or null.</summary>
    public string? TextSubprotocol { get; init; }
}
