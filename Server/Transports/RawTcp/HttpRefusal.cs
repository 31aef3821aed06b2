using System.Text;

namespace RawSocketChat.Server.Transports.RawTcp;

/// <summary>
/// What a browser gets that was sent to the raw port: by a person's mistake, or by a page that would have it say what the
/// page has put into a request's body.
/// </summary>
internal static class HttpRefusal
{
    /// <param name="web">Where HTTP is spoken; null where nobody knows.</param>
    public static byte[] Of(Uri? web)
    {
        var text = $"This port takes lines of chat over raw TCP, not HTTP.{(web is null ? "" : $" The web page is on port {web.Port} ({web.Scheme}).")}\n";
        return Encoding.UTF8.GetBytes(
            $"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {Encoding.UTF8.GetByteCount(text)}\r\n"
            + $"X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n{text}");
    }
}
