using RawSocketChat.Server.Transports.Origins;

namespace RawSocketChat.Server.Transports;

/// <summary>The addresses of this server as the client knows them, for hints.</summary>
internal static class PublicAddress
{
    /// <summary>An absolute address, such as <c>https://its.example/chat/session</c>.</summary>
    /// <param name="context">The request, after the headers of trusted proxies are read.</param>
    /// <param name="path">The path after the mount path.</param>
    /// <param name="isWebSocket">Whether the scheme is <c>ws</c> or <c>wss</c>.</param>
    public static string Create(HttpContext context, string path, bool isWebSocket = false)
    {
        // Even behind a proxy that is not trusted, the Origin of the server's own page has the public scheme and host.
        var host = OriginPolicy.GetOwnPage(context)?.Authority ?? context.Request.Host.Value;
        var isOverTls = OriginPolicy.IsOverTls(context);
        var scheme = isWebSocket ? (isOverTls ? "wss" : "ws") : isOverTls ? "https" : "http";
        return $"{scheme}://{host}{context.Request.PathBase}{path}";
    }

    /// <summary>Returns the mount path followed by a path, for texts that name an address without its host.</summary>
    public static string GetPath(this HttpContext context, string path) => context.Request.PathBase.Value + path;
}
