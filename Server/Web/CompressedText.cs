using System.Collections.Concurrent;
using System.IO.Compression;
using System.Text;
using Microsoft.Net.Http.Headers;
using RawSocketChat.Server.Transports.Http;

namespace RawSocketChat.Server.Web;

/// <summary>
/// A text that stays the same while the server runs. Each encoding of the text is created once, and has a strong entity tag. Thread-safe.
/// </summary>
/// <param name="text">The text.</param>
/// <param name="contentType">The value of Content-Type.</param>
public sealed class CompressedText(string text, string contentType)
{
    // Browsers and proxies ask again at each visit, and the answer is usually 304. No proxy may change the page, because the page's policy contains hashes.
    private const string CacheControl = "no-cache, no-transform";

    // The best compression of the page takes a second of CPU time. So the page is compressed at the first request for an encoding, and all servers
    // of one process share the result. A test run starts hundreds of servers in one process.
    private static readonly ConcurrentDictionary<(string Encoding, string Text), Lazy<TextBody>> Compressed = [];

    private readonly TextBody _identity = new("", Encoding.UTF8.GetBytes(text));
    private readonly Lazy<TextBody> _gzip = new(() => GetShared("gzip", text, output => new GZipStream(output, CompressionLevel.SmallestSize)));
    private readonly Lazy<TextBody> _brotli = new(() => GetShared("br", text, output => new BrotliStream(output, CompressionLevel.SmallestSize)));

    /// <summary>Answers a GET or HEAD request with the text, or with 304 if the client has it.</summary>
    public async Task WriteAsync(HttpContext context)
    {
        var response = context.Response;
        var body = Choose(context.Request.GetTypedHeaders().AcceptEncoding);
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers.CacheControl = CacheControl;
        response.Headers.Vary = HeaderNames.AcceptEncoding;
        if (context.TryAnswerNotModified(body.Tag))
            return;
        response.ContentType = contentType;
        if (body.Encoding.Length > 0)
            response.Headers.ContentEncoding = body.Encoding;
        await context.AnswerDocumentAsync(body.Bytes);
    }

    // RFC 9110, section 12.5.3. If several encodings have the highest quality, the server sends the smallest body. If the client names no encoding,
    // the server sends the uncompressed text.
    private TextBody Choose(IList<StringWithQualityHeaderValue> accepted)
    {
        var (brotli, gzip, identity) = (GetQuality(accepted, "br"), GetQuality(accepted, "gzip"), GetQuality(accepted, "identity"));
        return brotli > 0 && brotli >= gzip && brotli >= identity ? _brotli.Value
            : gzip > 0 && gzip >= identity ? _gzip.Value
            : _identity;
    }

    private static double GetQuality(IList<StringWithQualityHeaderValue> accepted, string encoding) =>
        (accepted.FirstOrDefault(one => one.Value.Equals(encoding, StringComparison.OrdinalIgnoreCase)) ?? accepted.FirstOrDefault(one => one.Value == "*")) is { } found
            ? found.Quality ?? 1
            : 0;

    private static TextBody GetShared(string encoding, string text, Func<Stream, Stream> create) =>
        Compressed.GetOrAdd((encoding, text), _ => new(() => new TextBody(encoding, Compress(text, create)))).Value;

    private static byte[] Compress(string text, Func<Stream, Stream> create)
    {
        var output = new MemoryStream();
        using (var compressor = create(output))
            compressor.Write(Encoding.UTF8.GetBytes(text));
        return output.ToArray();
    }

    /// <summary>The text in one encoding.</summary>
    /// <param name="Encoding">The value of Content-Encoding; empty for none.</param>
    /// <param name="Bytes">The encoded text.</param>
    private sealed record TextBody(string Encoding, byte[] Bytes)
    {
        public EntityTagHeaderValue Tag { get; } = HttpAnswers.CreateTag(Bytes);
    }
}
