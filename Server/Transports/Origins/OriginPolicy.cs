using System.Net;
using Microsoft.Extensions.Options;

namespace RawSocketChat.Server.Transports.Origins;

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
/// Browsers let any page open a WebSocket to any server and name the page in Origin (RFC 6455, section 10.2), as they do
/// where a page posts; so the server decides. Programs send no Origin and are not asked for one.
/// </summary>
public sealed class OriginPolicy(IOptions<OriginOptions> options, ILogger<OriginPolicy> logger)
{
    /// <summary>What a refused page's author, or the operator, is told.</summary>
    public const string Refusal = "pages of another origin may not connect; the operator can allow one with --Origins:Allowed:0 https://example.org";

    // A name has at most 253 characters (RFC 1035, section 2.3.4); scheme and port come on top.
    private const int MostLoggedLength = 270;

    private static readonly string[] OwnNames = ["localhost", Environment.MachineName];

    private readonly OriginOptions _options = options.Value;

    /// <summary>True where a browser sent the request for a page, whichever page that is.</summary>
    public static bool IsFromPage(HttpContext context) => context.Request.Headers.Origin.Count > 0;

    /// <summary>Whether the request may be served: it comes from a program, from the page itself, or from a page that is allowed.</summary>
    public bool Allows(HttpContext context)
    {
        if (!IsFromPage(context) || (IsOwnPage(context) && !MayBeRebound(context)) || IsAllowed(context))
            return true;
        Log.ForeignOrigin(logger, Printable(context.Request.Headers.Origin.ToString()), context.Request.Path);
        return false;
    }

    /// <summary>
    /// Whether the request comes from the page that this server serves, whom alone a cookie may speak for: browsers add it to
    /// what any page of the same site asks for. Never true for pages from disk and for others that are allowed.
    /// </summary>
    // Behind a proxy that ends TLS the page's scheme differs from ours: host and port are what must agree.
    public static bool IsOwnPage(HttpContext context) => OwnPageOf(context) is not null;

    /// <summary>
    /// Whether the browser, or the program, speaks TLS: to this server, or to a proxy that ends it in front. Only a browser tells
    /// of the latter, by the scheme of its own page's origin, and it does so wherever a cookie is set or read for one.
    /// </summary>
    public static bool IsOverTls(HttpContext context) => context.Request.IsHttps || OwnPageOf(context)?.Scheme == Uri.UriSchemeHttps;

    private static Uri? OwnPageOf(HttpContext context) =>
        context.Request.Headers.Origin is [var origin]
        && Uri.TryCreate(origin, UriKind.Absolute, out var page)
        && page.Scheme is "http" or "https"
        && (IsAddressedTo(context.Request.Host, page) || IsSaidToBeOwn(context, page))
            ? page
            : null;

    // Anybody may send one: it shall not fill the log, nor move the cursor of a terminal that shows it. Those of browsers are ASCII.
    private static string Printable(string origin) =>
        string.Concat(origin.Take(MostLoggedLength).Select(c => c is >= ' ' and <= '~' ? c : '?')) + (origin.Length > MostLoggedLength ? "…" : "");

    private static bool IsAddressedTo(HostString host, Uri page) =>
        page.Host.Equals(host.Host, StringComparison.OrdinalIgnoreCase) && (host.Port is { } port ? page.Port == port : page.IsDefaultPort);

    // A proxy that does not pass Host on (nginx, unless it is told to) hides which address the browser asked. The browser
    // itself knows, and no script can write this header. A name that was pointed here is the same origin to it, so the page's
    // name must be one that nobody else can have: this machine's, or one with a certificate.
    private static bool IsSaidToBeOwn(HttpContext context, Uri page) =>
        context.Request.Headers["Sec-Fetch-Site"] is ["same-origin"]
        && (page.Scheme == Uri.UriSchemeHttps || IsThisMachinesName(page.Host));

    private static bool IsThisMachinesName(string host) =>
        IPAddress.TryParse(host.Trim('[', ']'), out _) || OwnNames.Contains(host, StringComparer.OrdinalIgnoreCase);

    // Whoever owns a name can point it at this machine once their page is loaded (DNS rebinding): to the browser that page and
    // this server are then one origin. It takes a name that is not this machine's own, and plain HTTP, since for TLS there
    // would have to be a certificate of that name here.
    private static bool MayBeRebound(HttpContext context) =>
        !IsOverTls(context)
        && context.Connection.RemoteIpAddress is { } remote && IPAddress.IsLoopback(remote)
        && !IsThisMachinesName(context.Request.Host.Host);

    private bool IsAllowed(HttpContext context) =>
        context.Request.Headers.Origin is [var origin]
        && (_options.Allowed.Any(allowed => allowed == "*" || string.Equals(allowed.TrimEnd('/'), origin, StringComparison.OrdinalIgnoreCase))
            || (origin is "null" or "file://" && _options.FromDisk && IsThisMachine(context)));

    private static bool IsThisMachine(HttpContext context) =>
        context.Connection.RemoteIpAddress is { } remote && IPAddress.IsLoopback(remote)
        && (context.Request.Host.Host is "localhost" || (IPAddress.TryParse(context.Request.Host.Host.Trim('[', ']'), out var host) && IPAddress.IsLoopback(host)));
}
