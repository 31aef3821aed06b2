using Microsoft.Net.Http.Headers;
using RawSocketChat.Server.Transports.Http;

namespace RawSocketChat.Server.Web;

/// <summary>A small file that the server sends beside the page, such as the manifest. Thread-safe.</summary>
/// <param name="contentType">The value of Content-Type.</param>
/// <param name="bytes">The content.</param>
/// <param name="policy">The Content-Security-Policy of the file.</param>
internal sealed class PageFile(string contentType, byte[] bytes, string policy)
{
    private readonly EntityTagHeaderValue _tag = HttpAnswers.CreateTag(bytes);

    /// <summary>Answers a GET or HEAD request with the file.</summary>
    public async Task WriteAsync(HttpContext context)
    {
        var response = context.Response;
        response.Headers.ContentSecurityPolicy = policy;
        response.Headers.XContentTypeOptions = "nosniff";
        // Browsers ask again at each visit, as for the page itself. So an update of the server takes effect immediately.
        response.Headers.CacheControl = "no-cache";
        if (context.TryAnswerNotModified(_tag))
            return;
        response.ContentType = contentType;
        await context.AnswerDocumentAsync(bytes);
    }
}
