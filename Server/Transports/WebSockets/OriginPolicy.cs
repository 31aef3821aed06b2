using System.Net;
using Microsoft.Extensions.Options;

namespace RawSocketChat.Server.Transports.WebSockets;

/// <summary>Which pages may connect. Section <c>Origins</c>.</summary>
public sealed class OriginOptions
{
    public const string Section = "Origins";

    /// <summary>Origins beyond the page's own, such as <c>https://example.org</c>; <c>*</c> allows all. Default: none.</summary>
    public IList<string> Allowed { get; } = [];
}

/// <summary>
/// Browsers let any page open a WebSocket to any server and name the page in Origin (RFC 6455, section 10.2); so the
/// server decides. Programs send no Origin and are not asked for one.
/// </summary>
public sealed class OriginPolicy(IOptions<OriginOptions> options)
{
    private readonly OriginOptions _options = options.Value;

    public bool Allows(HttpContext context)
    {
        var given = context.Request.Headers.Origin;
        if (given.Count == 0)
            return true;
        if (given.Count > 1)
            return false;

        var origin = given.ToString();
        if (_options.Allowed.Any(allowed => allowed == "*" || string.Equals(allowed.TrimEnd('/'), origin, StringComparison.OrdinalIgnoreCase)))
            return true;

        // client.html opened from disk has no origin of its own; it may talk to a server on the same machine.
        if (origin == "file://" && context.Connection.RemoteIpAddress is { } remote)
            return IPAddress.IsLoopback(remote);

        // Behind a proxy that ends TLS the page's scheme differs from ours: host and port are what must agree.
        return Uri.TryCreate(origin, UriKind.Absolute, out var page)
            && page.Scheme is "http" or "https"
            && page.Host.Equals(context.Request.Host.Host, StringComparison.OrdinalIgnoreCase)
            && (context.Request.Host.Port is { } port ? page.Port == port : page.IsDefaultPort);
    }
}
