using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using Microsoft.Net.Http.Headers;
using RawSocketChat.Server.Transports.Http;

namespace RawSocketChat.Server.Web;

/// <summary>
/// The page at <c>/</c>: client.html without its comments, with a Content-Security-Policy that allows only the page's own script and style.
/// The policy contains the hashes of the script and of the style.
/// </summary>
public sealed class ClientPage
{
    // Browsers and proxies ask again at each visit, and the answer is usually 304. No proxy may change the page, because the policy contains
    // its hashes.
    private const string CacheControl = "no-cache, no-transform";

    private readonly PageBody _identity;
    private readonly Lazy<PageBody> _gzip;
    private readonly Lazy<PageBody> _brotli;

    private readonly bool _mayBeFramed;

    // The element of client.html that gets the facts. It is not a script, so the hashes of the policy do not depend on the settings.
    private const string FactsElement = "<meta name=\"server\" id=\"server\">";

    /// <param name="source">The text of client.html.</param>
    /// <param name="facts">What the page must know about the server before it connects; null for nothing.</param>
    /// <exception cref="InvalidDataException">The page does not have exactly one script and one style element.</exception>
    public ClientPage(string source, PageFacts? facts = null)
    {
        var frameAncestors = facts?.FrameAncestors ?? [];
        _mayBeFramed = frameAncestors.Count > 0;
        // A browser hashes the text without a byte order mark and with LF line ends.
        var page = PageComments.Remove(source.TrimStart('\uFEFF').ReplaceLineEndings("\n"));
        if (facts is not null)
            page = page.Replace(FactsElement, Describe(facts), StringComparison.Ordinal);
        var html = Encoding.UTF8.GetBytes(page);
        _identity = new PageBody("", html);
        // The best compression takes a few hundred milliseconds, so the first request for it compresses the page.
        _gzip = new(() => new PageBody("gzip", Compress(html, output => new GZipStream(output, CompressionLevel.SmallestSize))));
        _brotli = new(() => new PageBody("br", Compress(html, output => new BrotliStream(output, CompressionLevel.SmallestSize))));
        Policy = string.Join("; ",
            "default-src 'none'",
            $"script-src '{ComputeHash(page, "script")}'",
            $"style-src '{ComputeHash(page, "style")}'",
            "connect-src 'self'",
            "frame-src 'self'",     // the forever iframe
            "img-src 'self' data: blob:",   // the icon; pictures in messages; a page without a cookie and the list of uploads show them by blob addresses
            "media-src 'self' blob:",
            "base-uri 'none'",
            "form-action 'none'",
            $"frame-ancestors {(_mayBeFramed ? string.Join(' ', frameAncestors) : "'none'")}");
    }

    /// <summary>The Content-Security-Policy of the page.</summary>
    public string Policy { get; }

    /// <summary>Reads the page from a file.</summary>
    /// <exception cref="InvalidDataException">The page does not have exactly one script and one style element.</exception>
    public static ClientPage FromFile(string path, PageFacts facts) => new(File.ReadAllText(path), facts);

    /// <summary>Answers a GET or HEAD request with the page.</summary>
    public async Task WriteAsync(HttpContext context)
    {
        var (request, response) = (context.Request.GetTypedHeaders(), context.Response);
        var body = Choose(request.AcceptEncoding);
        response.Headers.ContentSecurityPolicy = Policy;
        // For browsers that do not know frame-ancestors. This header cannot name origins. So the server does not send it if pages of some origins may
        // show the page in a frame.
        if (!_mayBeFramed)
            response.Headers.XFrameOptions = "DENY";
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers["Referrer-Policy"] = "no-referrer";
        response.Headers.CacheControl = CacheControl;
        response.Headers.Vary = HeaderNames.AcceptEncoding;
        response.Headers.ETag = body.Tag.ToString();
        // RFC 9110, section 13.1.2: If-None-Match compares weakly.
        if (request.IfNoneMatch.Any(known => known.Equals(EntityTagHeaderValue.Any) || known.Compare(body.Tag, useStrongComparison: false)))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        response.ContentType = "text/html; charset=utf-8";
        if (body.Encoding.Length > 0)
            response.Headers.ContentEncoding = body.Encoding;
        await context.AnswerDocumentAsync(body.Bytes);
    }

    private static string Describe(PageFacts facts)
    {
        var html = HtmlEncoder.Default;
        return $"<meta name=\"server\" id=\"server\" data-features=\"{html.Encode(string.Join(' ', facts.Features))}\""
            + $" data-login=\"{html.Encode(facts.LoginText)}\" data-frame-ancestors=\"{html.Encode(string.Join(' ', facts.FrameAncestors))}\">";
    }

    // RFC 9110, section 12.5.3. Of equal qualities, the smaller body wins. A client that names no encoding gets none.
    private PageBody Choose(IList<StringWithQualityHeaderValue> accepted)
    {
        var (brotli, gzip) = (GetQuality(accepted, "br"), GetQuality(accepted, "gzip"));
        var identity = accepted.FirstOrDefault(one => one.Value == "identity")?.Quality ?? 0;
        return brotli > 0 && brotli >= gzip && brotli >= identity ? _brotli.Value
            : gzip > 0 && gzip >= identity ? _gzip.Value
            : _identity;
    }

    private static double GetQuality(IList<StringWithQualityHeaderValue> accepted, string encoding) =>
        (accepted.FirstOrDefault(one => one.Value.Equals(encoding, StringComparison.OrdinalIgnoreCase)) ?? accepted.FirstOrDefault(one => one.Value == "*")) is { } found
            ? found.Quality ?? 1
            : 0;

    private static byte[] Compress(byte[] html, Func<Stream, Stream> create)
    {
        var output = new MemoryStream();
        using (var compressor = create(output))
            compressor.Write(html);
        return output.ToArray();
    }

    private static string ComputeHash(string page, string element)
    {
        var (open, close) = ($"<{element}>", $"</{element}>");
        var start = page.IndexOf(open, StringComparison.Ordinal) + open.Length;
        var end = page.IndexOf(close, StringComparison.Ordinal);
        if (start < open.Length || end < start || page.IndexOf(open, start, StringComparison.Ordinal) >= 0)
            throw new InvalidDataException($"client.html must have exactly one {open} element without attributes");
        return "sha256-" + Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(page[start..end])));
    }

    /// <summary>The page in one encoding.</summary>
    /// <param name="Encoding">The value of Content-Encoding; empty for none.</param>
    /// <param name="Bytes">The encoded page.</param>
    private sealed record PageBody(string Encoding, byte[] Bytes)
    {
        /// <summary>A strong tag: two encodings of one page have different tags.</summary>
        public EntityTagHeaderValue Tag { get; } = new($"\"{Convert.ToHexStringLower(SHA256.HashData(Bytes))[..32]}\"");
    }
}
