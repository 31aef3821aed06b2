using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Transports.Http;

/// <summary>What the address that begins a session over HTTP takes, and what stands behind it.</summary>
public sealed class StartEndpoint
{
    /// <summary>Makes what stands behind each connection; one request is one connection.</summary>
    public required IConnectionHandlerFactory Handlers { get; init; }

    /// <summary>Bytes that the one frame may have; a longer one is refused (413).</summary>
    public int MaxFrameBytes { get; init; } = 64 * 1024;
}
