using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using RawSocketChat.Server.Transports.Http;

namespace RawSocketChat.Server.Api;

/// <summary>
/// The answer at <c>/openapi.json</c>. The document is created only once, because its creation takes some milliseconds and every client may request
/// it. Thread-safe.
/// </summary>
internal sealed class OpenApiAnswer
{
    // A placeholder for the server's address, which depends on the request. The stored document is split at this placeholder.
    private const string Placeholder = "https://server.invalid";

    private readonly Lazy<Task<(byte[] Before, byte[] After)>> _document;

    public OpenApiAnswer(IOpenApiDocumentProvider provider) => _document = new(() => CreateAsync(provider));

    /// <summary>Answers a GET request.</summary>
    public async Task WriteAsync(HttpContext context)
    {
        var (before, after) = await _document.Value;
        var address = JsonEncodedText.Encode(UriHelper.BuildAbsolute(context.Request.Scheme, context.Request.Host, context.Request.PathBase));
        context.Response.ContentType = "application/json; charset=utf-8";
        await context.AnswerDocumentAsync(before, address.EncodedUtf8Bytes.ToArray(), after);
    }

    private static async Task<(byte[] Before, byte[] After)> CreateAsync(IOpenApiDocumentProvider provider)
    {
        var document = await provider.GetOpenApiDocumentAsync(CancellationToken.None);
        document.Servers = [new OpenApiServer { Url = Placeholder }];
        using var output = new MemoryStream();
        await document.SerializeAsJsonAsync(output, OpenApiSpecVersion.OpenApi3_1, CancellationToken.None);
        var json = output.ToArray();
        var start = json.AsSpan().IndexOf(Encoding.ASCII.GetBytes(Placeholder));
        return (json[..start], json[(start + Placeholder.Length)..]);
    }
}
