using System.Net;
using Microsoft.Extensions.Options;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Logging;

namespace RawSocketChat.Server.Transports.Origins;

/// <summary>The pages that may connect. Section <c>Origins</c>.</summary>
public sealed class OriginOptions
{
    public const string Section = "Origins";

    /// <summary>
    /// Origins whose pages may connect, in addition to the server's own page, such as <c>https://example.org</c>; <c>*</c> allows all.
    /// Default: none.
    /// </summary>
    public IList<string> Allowed { get; } = [];

    /// <summary>
    /// Whether client.html may be opened from disk, on the machine that the server runs on. A browser sends the origin <c>null</c> for such
    /// a page, but also for a sandboxed frame of any page. Therefore this setting applies only to loopback peers and loopback host names,
    /// and the server ignores the cookies of such a request. Default false.
    /// </summary>
    public bool FromDisk { get; set; }
}

/// <summary>
/// Decides whether the page that sends a request may use this server. A browser lets any page open a WebSocket or post to any server, and
/// names the page in the Origin header (RFC 6455, section 10.2). Programs send no Origin, and are always allowed.
/// </summary>
public sealed class OriginPolicy(IOptions<OriginOptions> options, TimeProvider time, ILogger<OriginPolicy> logger)
{
    private const string RejectionText = "pages of another origin may not connect; the operator can allow one with --Origins:Allowed:0 https://example.org";

    private const string FromDiskText = "pages from disk may not connect; the operator can allow them, on this machine only, with --Origins:FromDisk true";

    // A host name has at most 253 characters (RFC 1035, section 2.3.4), plus the scheme and the port.
    private const int MaxLoggedLength = 270;

    // A browser sets this header and no script can write it (W3C Fetch Metadata).
    private const string FetchSiteHeader = "Sec-Fetch-Site";

    private static readonly string[] OwnNames = ["localhost", Environment.MachineName];

    private readonly OriginOptions _options = options.Value;
    private readonly LogLimit _logLimit = LogLimit.CreateUsual(time);

    /// <summary>
    /// Whether the request has an Origin header. A browser sends this header for a page: this server's own page or any other page.
    /// </summary>
    public static bool IsFromPage(HttpContext context) => context.Request.Headers.Origin.Count > 0;

    /// <summary>Whether a page of another origin caused a request that has no Origin header. A browser sends no Origin with a simple GET.</summary>
    public static bool IsCrossSite(HttpContext context) =>
        context.Request.Headers[FetchSiteHeader].ToString() is "cross-site" or "same-site" && !IsFromPage(context);

    /// <summary>The error text for a page that is not allowed.</summary>
    public static string GetRejectionText(HttpContext context) => IsFromDisk(context.Request.Headers.Origin) ? FromDiskText : RejectionText;

    /// <summary>Whether the request is allowed: it comes from a program, from this server's own page, or from a page that the settings allow.</summary>
    public bool Allows(HttpContext context)
    {
        if (!IsFromPage(context) || (IsOwnPage(context) && !MayBeRebound(context)) || IsAllowed(context))
            return true;
        if (_logLimit.TryTake(out var dropped))
            Log.ForeignOriginRejected(logger, ToPrintable(context.Request.Headers.Origin.ToString()), context.Request.Path, dropped);
        return false;
    }

    /// <summary>
    /// Whether the request comes from the page that this server serves. The server accepts the cookie from no other page, because a browser
    /// adds the cookie to the requests of every page of the same site. Never true for a page from disk or for another page that is allowed.
    /// </summary>
    // Behind a proxy that terminates TLS, the page's scheme differs from the server's. So only host and port must be equal.
    public static bool IsOwnPage(HttpContext context) => GetOwnPage(context) is not null;

    /// <summary>
    /// Whether the client uses TLS, to this server or to a proxy in front of it that terminates TLS. The server detects such a proxy only
    /// by the scheme of the Origin, which only browsers send. That is enough for a cookie that the answer to a POST sets, because a browser
    /// sends an Origin with every POST. The login with a provider sets the cookie in the answer to a GET, so it checks for such a proxy
    /// itself.
    /// </summary>
    public static bool IsOverTls(HttpContext context) => context.Request.IsHttps || GetOwnPage(context)?.Scheme == Uri.UriSchemeHttps;

    /// <summary>The server's own page that sends the request; null if another page or a program sends it.</summary>
    internal static Uri? GetOwnPage(HttpContext context) =>
        context.Request.Headers.Origin is [var origin]
        && Uri.TryCreate(origin, UriKind.Absolute, out var page)
        && page.Scheme is "http" or "https"
        && (IsAddressedTo(context.Request.Host, page) || IsDeclaredSameOrigin(context, page))
            ? page
            : null;

    // Any program can send any text as its Origin. The text must not fill the log, and must not send control characters to a terminal that
    // shows the log. Browsers send only ASCII.
    private static string ToPrintable(string origin) =>
        string.Concat(origin.Take(MaxLoggedLength).Select(c => c is >= ' ' and <= '~' ? c : '?')) + (origin.Length > MaxLoggedLength ? "…" : "");

    private static bool IsAddressedTo(HostString host, Uri page) =>
        page.Host.Equals(host.Host, StringComparison.OrdinalIgnoreCase) && (host.Port is { } port ? page.Port == port : page.IsDefaultPort);

    // A proxy that does not forward Host (nginx by default) hides the address that the browser used. The browser reports whether the page
    // has the same origin. But an attacker can make the attacker's own host name point at this machine, and then the browser also reports
    // the same origin. So the page's host must be one that an attacker can't have: a name of this machine, or a name with a certificate.
    private static bool IsDeclaredSameOrigin(HttpContext context, Uri page) =>
        context.Request.Headers[FetchSiteHeader] is ["same-origin"]
        && (page.Scheme == Uri.UriSchemeHttps || IsThisMachinesName(page.Host));

    private static bool IsThisMachinesName(string host) =>
        IPAddress.TryParse(host.Trim('[', ']'), out _) || OwnNames.Contains(host, StringComparer.OrdinalIgnoreCase);

    // DNS rebinding: after a page is loaded, the owner of its host name can point that name at this machine. The browser then treats the
    // page and this server as one origin. The attack needs a host name that does not belong to this machine. The attack also needs plain
    // HTTP: with TLS, this server would need a certificate for that host name.
    private static bool MayBeRebound(HttpContext context) =>
        !IsOverTls(context)
        && context.Connection.RemoteIpAddress is { } remote && IPAddress.IsLoopback(remote)
        && !IsThisMachinesName(context.Request.Host.Host);

    private bool IsAllowed(HttpContext context) =>
        context.Request.Headers.Origin is [var origin]
        && (_options.Allowed.Any(allowed => allowed == "*" || string.Equals(allowed.TrimEnd('/'), origin, StringComparison.OrdinalIgnoreCase))
            || (IsFromDisk(origin) && _options.FromDisk && IsFromThisMachine(context)));

    private static bool IsFromDisk(string? origin) => origin is "null" or "file://";

    private static bool IsFromThisMachine(HttpContext context) =>
        context.Connection.RemoteIpAddress is { } remote && IPAddress.IsLoopback(remote)
        && (context.Request.Host.Host is "localhost" || (IPAddress.TryParse(context.Request.Host.Host.Trim('[', ']'), out var host) && IPAddress.IsLoopback(host)));
}
