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

    /// <summary>
    /// The hosts whose Flash pages may connect, beyond this machine's own: a name or an address, <c>*.example.org</c>, or <c>*</c>
    /// for all. Default: none.
    /// </summary>
    [RegularExpression(@"(\*\.)?[A-Za-z0-9._:\-]+|\*", ErrorMessage = "is not a host; try: example.org, *.example.org or *")]
    public IList<string> PolicyDomains { get; } = [];
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

    /// <summary>The hosts whose Flash pages may connect, beyond this machine's own.</summary>
    public IReadOnlyCollection<string> PolicyDomains { get; init; } = [];

    /// <summary>Where the web page is, to tell who speaks HTTP here; null where nobody knows.</summary>
    public Func<Uri?> Web { get; init; } = () => null;

    /// <summary>Whether peers of other machines may connect, although this port has no TLS.</summary>
    public bool AllowRemote { get; init; }
}
