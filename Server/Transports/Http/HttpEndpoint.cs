using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Transports.Http;

/// <summary>What the ways in over plain requests take, and what stands behind them.</summary>
public sealed class HttpEndpoint
{
    /// <summary>Makes what stands behind each session that asks over HTTP.</summary>
    public required IConnectionHandlerFactory Handlers { get; init; }

    /// <summary>Bytes that one frame may have; a longer one is answered by an error. A body with several may have sixteen times as many.</summary>
    public int MaxFrameBytes { get; init; } = 64 * 1024;

    /// <summary>Bytes that may wait for a session that asks too slowly.</summary>
    public long OutboxBytes { get; init; } = 1024 * 1024;
}
