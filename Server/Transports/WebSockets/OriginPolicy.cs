using System.Net;
using Microsoft.Extensions.Options;

namespace RawSocketChat.Server.Transports.WebSockets;

/// <summary>Which pages may connect. Section <c>Origins</c>.</summary>
public sealed class OriginOptions
{
    public const string Section = "Origins";

    /// <summary>Origins beyond the page's own, such as <c>https://example.org</c>; <c>*</c> allows all. Default: none.</summary>
    public IList<string> Allowed { get; } = [];

    /// <summary>
    /// Whether client.html may be opened from disk, on the machine that the server runs on. Browsers then send the origin
    /// <c>null</c>, as they do for the sandboxed frames of any page; so this holds for loopback peers and names alone, and
    /// such a page is never known by a cookie. Default true.
    /// </summary>
    public bool FromDisk { get; set; } = true;
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

        if (origin is "null" or "file://")
            return _options.FromDisk && IsThisMachine(context);

        // Behind a proxy that ends TLS the page's scheme differs from ours: host and port are what must agree.
        return Uri.TryCreate(origin, UriKind.Absolute, out var page)
            && page.Scheme is "http" or "https"
            && page.Host.Equals(context.Request.Host.Host, StringComparison.OrdinalIgnoreCase)
            && (context.Request.Host.Port is { } port ? page.Port == port : page.IsDefaultPort);
    }

    private static bool IsThisMachine(HttpContext context) =>
        context.Connection.RemoteIpAddress is { } remote && IPAddress.IsLoopback(remote)
        && (context.Request.Host.Host is "localhost" || (IPAddress.TryParse(context.Request.Host.Host.Trim('[', ']'), out var host) && IPAddress.IsLoopback(host)));
}
