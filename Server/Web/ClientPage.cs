using System.Security.Cryptography;
using System.Text;

namespace RawSocketChat.Server.Web;

/// <summary>
/// The page at <c>/</c>: client.html as it is on disk, under a policy that lets its own script and style run, by their
/// hashes, and nothing else.
/// </summary>
public sealed class ClientPage
{
    private readonly byte[] _html;

    /// <exception cref="InvalidDataException">The page has not exactly one script and one style element.</exception>
    public ClientPage(string html)
    {
        // A byte order mark or CR LF line ends would change what the browser hashes.
        var page = html.TrimStart('\uFEFF').ReplaceLineEndings("\n");
        _html = Encoding.UTF8.GetBytes(page);
        Policy = string.Join("; ",
            "default-src 'none'",
            $"script-src '{HashOf(page, "script")}'",
            $"style-src '{HashOf(page, "style")}'",
            "connect-src 'self'",
            "frame-src 'self'",     // the forever iframe
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'");
    }

    /// <summary>The Content-Security-Policy of the page.</summary>
    public string Policy { get; }

    public static ClientPage FromFile(string path) => new(File.ReadAllText(path));

    public async Task WriteAsync(HttpContext context)
    {
        var response = context.Response;
        response.ContentType = "text/html; charset=utf-8";
        response.ContentLength = _html.Length;
        response.Headers.ContentSecurityPolicy = Policy;
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers["Referrer-Policy"] = "no-referrer";
        response.Headers.CacheControl = "no-cache";
        if (HttpMethods.IsGet(context.Request.Method))
            await response.Body.WriteAsync(_html, context.RequestAborted);
    }

    private static string HashOf(string page, string element)
    {
        var (open, close) = ($"<{element}>", $"</{element}>");
        var start = page.IndexOf(open, StringComparison.Ordinal) + open.Length;
        var end = page.IndexOf(close, StringComparison.Ordinal);
        if (start < open.Length || end < start || page.IndexOf(open, start, StringComparison.Ordinal) >= 0)
            throw new InvalidDataException($"client.html must have exactly one {open} element without attributes");
        return "sha256-" + Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(page[start..end])));
    }
}
