using System.ComponentModel.DataAnnotations;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Transports.RawTcp;

/// <summary>The raw TCP port. Section <c>RawTcp</c>.</summary>
public sealed class RawTcpOptions
{
    public const string Section = "RawTcp";

    /// <summary>The port. The server listens on this port at the same hosts as for HTTP. 0 turns raw TCP off. Default 5081.</summary>
    [Range(0, 65535)]
    public int Port { get; set; } = 5081;

    /// <summary>Path of a Unix domain socket that accepts the same lines as the port. Default: none.</summary>
    public string? Socket { get; set; }

    /// <summary>
    /// Hosts whose Flash pages may connect: a name or an address, <c>*.example.org</c>, or <c>*</c> for all. Flash pages of this machine
    /// may always connect. Default: none.
    /// </summary>
    [RegularExpression(@"(\*\.)?[A-Za-z0-9._:\-]+|\*", ErrorMessage = "is not a host; try: example.org, *.example.org or *")]
    public IList<string> PolicyDomains { get; } = [];

    /// <summary>The full path of <see cref="Socket"/>; null for none.</summary>
    internal string? GetSocketPath() => string.IsNullOrEmpty(Socket) ? null : Path.GetFullPath(Socket);
}

/// <summary>The handlers and limits of the raw TCP port.</summary>
public sealed class RawTcpEndpoint
{
    /// <summary>Creates the handler of each connection.</summary>
    public required IConnectionHandlerFactory Handlers { get; init; }

    /// <summary>Maximum bytes of one line; a longer line is dropped and answered with an error.</summary>
    public int MaxLineBytes { get; init; } = EndpointDefaults.MaxFrameBytes;

    /// <summary>Maximum bytes that wait for a slow consumer.</summary>
    public long OutboxBytes { get; init; } = EndpointDefaults.OutboxBytes;

    /// <summary>The rate at which the frames of one connection are read; null for no limit. See <see cref="ReceivePace"/>.</summary>
    public Rate? FrameRate { get; init; }

    /// <summary>Hosts whose pages may connect with Flash. The pages of this machine may always connect.</summary>
    public IReadOnlyCollection<string> PolicyDomains { get; init; } = [];

    /// <summary>Returns the address of the web page, for clients that speak HTTP to this port; null if it is unknown.</summary>
    public Func<Uri?> Web { get; init; } = () => null;

    /// <summary>Whether peers on other machines may connect, although this port has no TLS.</summary>
    public bool AllowRemote { get; init; }
}
