using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Transports.Origins;

/// <summary>A session token of a request.</summary>
/// <param name="Token">The secret token.</param>
/// <param name="IsInCookie">True if the token came in the cookie.</param>
public readonly record struct FoundToken(string Token, bool IsInCookie);

/// <summary>
/// The secret session token that a request carries: in <c>Authorization: Bearer</c>, or in a cookie that no script can read. This class
/// looks the tokens up only if a request carries two different tokens.
/// </summary>
public static class SessionCredential
{
    /// <summary>The name of the cookie over plain HTTP, if the server is not mounted under a path.</summary>
    public const string CookieName = "rsc_session";

    // A browser accepts a cookie with this prefix only from the host itself over TLS, not from a sibling domain, and only with the path "/".
    private const string HostPrefix = "__Host-";

    // A browser accepts a cookie with this prefix only over TLS.
    private const string SecurePrefix = "__Secure-";

    /// <summary>The authentication scheme of the Authorization header (RFC 6750).</summary>
    public const string Scheme = "Bearer";

    private const string SchemePrefix = Scheme + " ";

    // The lifetime of a session does not depend on this value. If the cookie outlives the session, the page starts a new session.
    private static readonly TimeSpan CookieLifetime = TimeSpan.FromDays(30);

    /// <summary>
    /// Finds the request's token; null if the request has no token. The server accepts the cookie only from programs and from its own page.
    /// A Bearer token takes precedence over the cookie, with one exception: if only the cookie belongs to a session of this server, the cookie
    /// counts. The reason: a proxy may add its own Authorization header to every request.
    /// </summary>
    /// <param name="context">The request.</param>
    public static ValueTask<FoundToken?> FindAsync(HttpContext context)
    {
        var (bearer, cookie) = (FindBearer(context.Request), FindCookie(context));
        if (bearer is not null && cookie is not null && bearer != cookie && context.RequestServices.GetService<ISessionTokens>() is { } tokens)
            return ChooseAsync(tokens, bearer, cookie);
        return new(bearer is not null ? new FoundToken(bearer, IsInCookie: false)
            : cookie is not null ? new FoundToken(cookie, IsInCookie: true)
            : null);
    }

    /// <summary>Sets the cookie with the token in the response.</summary>
    public static void SetCookie(HttpContext context, string token)
    {
        var isOverTls = OriginPolicy.IsOverTls(context);
        context.Response.Cookies.Append(GetCookieName(context, isOverTls), token, new CookieOptions
        {
            HttpOnly = true,
            SameSite = SameSiteMode.Strict,
            Secure = isOverTls,
            Path = context.Request.PathBase.HasValue ? context.Request.PathBase.Value : "/",
            MaxAge = CookieLifetime,
        });
    }

    // If neither token has a session, the Bearer token counts: it may belong to a session that has ended and whose close message the server
    // still keeps.
    private static async ValueTask<FoundToken?> ChooseAsync(ISessionTokens tokens, string bearer, string cookie) =>
        await tokens.LookUpAsync(bearer) == SessionStatus.Unknown && await tokens.LookUpAsync(cookie) != SessionStatus.Unknown
            ? new FoundToken(cookie, IsInCookie: true)
            : new FoundToken(bearer, IsInCookie: false);

    /// <summary>The token of the Authorization header; null if the header has no Bearer token.</summary>
    internal static string? FindBearer(HttpRequest request) =>
        request.Headers.Authorization is [{ } credentials]
        && credentials.StartsWith(SchemePrefix, StringComparison.OrdinalIgnoreCase)
        && credentials[SchemePrefix.Length..].Trim() is { Length: > 0 } token
            ? token
            : null;

    private static string? FindCookie(HttpContext context)
    {
        if (OriginPolicy.IsFromPage(context) && !OriginPolicy.IsOwnPage(context))
            return null;

        // A page's GET to its own origin has no Origin header. So behind a proxy that terminates TLS, the server cannot see from a GET that
        // the client uses TLS. But the cookie's prefix shows that the cookie was set over TLS.
        var cookies = context.Request.Cookies;
        return cookies[GetCookieName(context, isOverTls: true)] is { Length: > 0 } secure ? secure
            : OriginPolicy.IsOverTls(context) ? null
            : cookies[GetCookieName(context, isOverTls: false)] is { Length: > 0 } plain ? plain
            : null;
    }

    // Several servers may be mounted under paths of one host. A browser also sends the cookie of /a to /a/b, so each path has its own name.
    private static string GetCookieName(HttpContext context, bool isOverTls)
    {
        if (context.Request.PathBase.Value is not { Length: > 0 } mount)
            return isOverTls ? HostPrefix + CookieName : CookieName;
        return (isOverTls ? SecurePrefix : "") + CookieName + mount.Replace('/', '_').Replace('~', '-');
    }
}
