using System.ComponentModel.DataAnnotations;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Transports.RawTcp;

/// <summary>The raw port. Section <c>RawTcp</c>.</summary>
public sealed class RawTcpOptions
{
    public const string Section = "RawTcp";

    /// <summary>The port, bound where the HTTP address is; 0 is off. Default 5081.</summary>
    [Range(0, 65535)]
    public int Port { get; set; } = 5081;
}

/// <summary>What the raw port speaks, and what stands behind it.</summary>
public sealed class RawTcpEndpoint
{
    /// <summary>Makes what stands behind each connection.</summary>
    public required IConnectionHandlerFactory Handlers { get; init; }

    /// <summary>Bytes that one line may have; a longer one is dropped and answered by an error.</summary>
    public int MaxLineBytes { get; init; } = 64 * 1024;

    /// <summary>Bytes that may wait for a slow peer.</summary>
    public long OutboxBytes { get; init; } = 1024 * 1024;

    /// <summary>Whether peers of other machines may connect, although this port has no TLS.</summary>
    public bool AllowRemote { get; init; }
}
