using System.Text.RegularExpressions;
using RawSocketChat.Server.Transports;

namespace RawSocketChat.Server.Hosting;

/// <summary>
/// The path under which a proxy or a host offers this server, such as <c>/chat</c>. It comes from the setting <c>PathBase</c> or, for one
/// request, from the header <c>X-Forwarded-Prefix</c> of a trusted proxy. The request's <c>PathBase</c> then has this path, and the request's
/// <c>Path</c> has the rest. So all other code uses the same addresses with and without a mount path.
/// </summary>
public static partial class MountPath
{
    /// <summary>The key of the setting.</summary>
    public const string Setting = "PathBase";

    /// <summary>Reads the setting. Returns an empty text if the server is not mounted under a path.</summary>
    /// <exception cref="SettingException">The setting is not a path.</exception>
    public static string Read(IConfiguration configuration)
    {
        var given = (configuration[Setting] ?? "").TrimEnd('/');
        return given.Length == 0 || IsPath(given)
            ? given
            : throw new SettingException($"--{Setting}: \"{given}\" is not a path; try: --{Setting} /chat");
    }

    /// <summary>
    /// Moves the mount path from the path of each request to its path base. A proxy may have removed the mount path already. Redirects
    /// <c>/chat</c> to <c>/chat/</c>, because the page's relative addresses need the slash. Call this method after the headers of proxies
    /// are read.
    /// </summary>
    /// <param name="app">The request pipeline.</param>
    /// <param name="mount">The value of the setting.</param>
    /// <param name="alsoOutside">Paths that also work without the mount path.</param>
    public static IApplicationBuilder UseMountPath(this IApplicationBuilder app, string mount, params string[] alsoOutside) => app.Use(next => context =>
    {
        var request = context.Request;
        if (mount.Length == 0 && !request.PathBase.HasValue)
            return next(context);
        var forwarded = (request.PathBase.Value ?? "").TrimEnd('/');
        if (!IsPath(forwarded))
            forwarded = "";
        var path = request.Path.Value ?? "";
        var isInside = TryRemove(path, forwarded, out var rest) || TryRemove(path, mount, out rest);
        if (!isInside && forwarded.Length == 0 && mount.Length > 0 && path.Length > 0 && !alsoOutside.Contains(path))
            return RejectOutsideAsync(context, mount);
        request.PathBase = forwarded.Length > 0 ? forwarded : mount;
        var isMountItself = isInside && rest.Length == 0;
        if (isMountItself && IsForPage(request))
            return RedirectAsync(context);
        request.Path = isMountItself ? "/" : rest;
        return next(context);
    });

    private static bool TryRemove(string path, string mount, out string rest)
    {
        var isInside = mount.Length > 0 && path.StartsWith(mount, StringComparison.Ordinal) && (path.Length == mount.Length || path[mount.Length] == '/');
        rest = isInside ? path[mount.Length..] : path;
        return isInside;
    }

    // A WebSocket is not redirected: it needs no slash, and its client does not follow a redirect.
    private static bool IsForPage(HttpRequest request) =>
        (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method)) && request.Headers.Upgrade.Count == 0;

    // The redirect is temporary, because a browser may keep a permanent one after the setting has changed.
    private static Task RedirectAsync(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status307TemporaryRedirect;
        context.Response.Headers.Location = $"{context.Request.PathBase}/{context.Request.QueryString}";
        context.Response.Headers.CacheControl = "no-store";
        return Task.CompletedTask;
    }

    // Answers 404. A redirect to the mount path would never end behind a proxy that removes this path.
    private static Task RejectOutsideAsync(HttpContext context, string mount) => context.AnswerTextAsync(
        StatusCodes.Status404NotFound,
        $"Not found. The chat page is at {mount}/. A proxy that removes this path must send it in X-Forwarded-Prefix, and must be in Proxies:Trusted.");

    // The path becomes a part of cookies, hints and redirects, so it must not contain a character that could end one of them.
    private static bool IsPath(string text) => PathPattern().IsMatch(text);

    [GeneratedRegex(@"\A(/[A-Za-z0-9._~-]+)+\z")]
    private static partial Regex PathPattern();
}
