namespace RawSocketChat.Server.Transports.Origins;

/// <summary>
/// The secret token of a session as requests bear it: <c>Authorization: Bearer</c>, or a cookie, which no script can read.
/// Whether the session still stands is not known here.
/// </summary>
public static class SessionCredential
{
    /// <summary>The cookie's name over plain HTTP.</summary>
    public const string CookieName = "rsc_session";

    /// <summary>Its name over TLS: browsers take this prefix from the host itself alone, never from a sibling or over plain HTTP.</summary>
    public const string SecureCookieName = "__Host-" + CookieName;

    private const string Scheme = "Bearer ";

    // Guests and accounts are forgotten by the server's own rules: a cookie that outlives its session only begins a new one.
    private static readonly TimeSpan KeptFor = TimeSpan.FromDays(30);

    /// <summary>The request's token, or null. A cookie counts for programs and for the page's own origin.</summary>
    /// <param name="context">The request.</param>
    /// <param name="isInCookie">True where the cookie had it.</param>
    public static string? Of(HttpContext context, out bool isInCookie)
    {
        var request = context.Request;
        isInCookie = false;
        if (request.Headers.Authorization is [{ } credentials] && credentials.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
            return credentials[Scheme.Length..].Trim() is { Length: > 0 } token ? token : null;
        if (OriginPolicy.IsFromPage(context) && !OriginPolicy.IsOwnPage(context))
            return null;

        // Behind a proxy that ends TLS a GET does not tell so: it has no Origin. The prefix itself tells that the cookie was set over TLS.
        var found = request.Cookies[SecureCookieName] is { Length: > 0 } secure ? secure
            : OriginPolicy.IsOverTls(context) ? null
            : request.Cookies[CookieName] is { Length: > 0 } plain ? plain
            : null;
        isInCookie = found is not null;
        return found;
    }

    /// <summary>Gives the browser, or the program, the token to keep.</summary>
    public static void Keep(HttpContext context, string token) =>
        context.Response.Cookies.Append(NameFor(context), token, new CookieOptions
        {
            HttpOnly = true,
            SameSite = SameSiteMode.Strict,
            Secure = OriginPolicy.IsOverTls(context),
            Path = "/",
            MaxAge = KeptFor,
        });

    private static string NameFor(HttpContext context) => OriginPolicy.IsOverTls(context) ? SecureCookieName : CookieName;
}
