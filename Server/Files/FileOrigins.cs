using Microsoft.Net.Http.Headers;
using RawSocketChat.Server.Transports.Origins;

namespace RawSocketChat.Server.Files;

/// <summary>
/// Lets pages of other origins, such as client.html on disk, upload and read files if <see cref="OriginOptions"/> allows their origin. A browser
/// permits this only with the headers of the CORS protocol (WHATWG Fetch Standard, section 3.3). These pages must send their session's token in the
/// header <c>Authorization</c>. The server accepts no cookies from these pages, and the CORS headers allow none.
/// </summary>
internal sealed class FileOrigins(OriginPolicy origins)
{
    private const string RequestHeaders = "Authorization, Content-Type, If-None-Match, Range, X-File-Name";
    private const string ResponseHeaders = "Content-Disposition, Content-Range, ETag, Retry-After";
    private const string MaxAgeSeconds = "600";

    private static readonly string Methods = $"{HttpMethods.Get}, {HttpMethods.Head}, {HttpMethods.Post}";

    /// <summary>
    /// Adds the headers for a page of another origin. Returns true if the request is a preflight. In that case this method has answered the request.
    /// </summary>
    public bool Answer(HttpContext context)
    {
        if (!OriginPolicy.IsFromPage(context) || OriginPolicy.IsOwnPage(context) || !origins.Allows(context))
            return false;
        var headers = context.Response.Headers;
        headers.AccessControlAllowOrigin = context.Request.Headers.Origin;
        headers.Append(HeaderNames.Vary, HeaderNames.Origin);
        headers.AccessControlExposeHeaders = ResponseHeaders;
        if (!HttpMethods.IsOptions(context.Request.Method) || context.Request.Headers.AccessControlRequestMethod.Count == 0)
            return false;
        headers.AccessControlAllowMethods = Methods;
        headers.AccessControlAllowHeaders = RequestHeaders;
        headers.AccessControlMaxAge = MaxAgeSeconds;
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return true;
    }
}
