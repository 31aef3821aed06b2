using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Transports.Origins;

namespace RawSocketChat.Server.Transports.Http;

/// <summary>Writes answers to HTTP requests. A rejected request gets an <c>error</c> frame and the matching HTTP status.</summary>
internal static class HttpAnswers
{
    // Kestrel copies the bytes that are written. So the server writes a large answer in parts, and begins a part after the peer has read most of
    // the previous part.
    private const int MaxWriteBytes = 16 * 1024;

    /// <summary>Answers with an error. If the status is null, the code of the error decides the status.</summary>
    public static Task RejectAsync(this HttpContext context, ErrorFrame rejection, int? status = null)
    {
        status ??= GetStatus(rejection.Error.Code);
        if (rejection.Error.RetryAfterMs is { } wait)
            context.Response.Headers.RetryAfter = ((wait + 999) / 1000).ToString(CultureInfo.InvariantCulture);
        if (status == StatusCodes.Status401Unauthorized)
            context.Response.Headers.WWWAuthenticate = SessionCredential.Scheme;
        return context.AnswerAsync(status.Value, ChatCodec.Encode(rejection));
    }

    /// <summary>Answers with an error. If the status is null, the code of the error decides the status.</summary>
    public static Task RejectAsync(this HttpContext context, string code, string text, string? hint = null, int? status = null, int? retryAfterMs = null) =>
        context.RejectAsync(new ErrorFrame(default, new ChatError(code, text, hint, retryAfterMs)), status);

    /// <summary>Rejects a request without a session.</summary>
    public static Task RejectMissingSessionAsync(this HttpContext context, string hint) => context.RejectAsync(
        ErrorCode.NotAllowed,
        $"a session is required, as Authorization: Bearer TOKEN or as its cookie; POST {context.GetPath("/session")} creates one",
        hint,
        StatusCodes.Status401Unauthorized);

    /// <summary>Rejects a request whose session does not exist.</summary>
    public static Task RejectUnknownSessionAsync(this HttpContext context, string hint) => context.RejectAsync(
        ErrorCode.NotFound, $"there is no such session, or it has ended; POST {context.GetPath("/session")} creates another", hint, StatusCodes.Status401Unauthorized);

    /// <summary>Rejects a request because the client's address has too few points or too many connections.</summary>
    public static Task RejectAddressAsync(this HttpContext context) =>
        context.RejectAsync(ErrorCode.RateLimited, Disconnect.AddressLimit.Text, retryAfterMs: 10_000);

    /// <summary>Rejects a request with a method that this path does not support (405).</summary>
    public static Task RejectMethodAsync(this HttpContext context, string allowed, string text, string? hint = null)
    {
        context.Response.Headers.Allow = allowed;
        return context.RejectAsync(ErrorCode.BadFrame, text, hint, StatusCodes.Status405MethodNotAllowed);
    }

    /// <summary>Answers with JSON that no cache may store.</summary>
    public static Task AnswerAsync(this HttpContext context, int status, ReadOnlyMemory<byte> json) => context.AnswerAsync(status, json, context.RequestAborted);

    /// <summary>Answers with JSON that no cache may store.</summary>
    /// <param name="context">The request.</param>
    /// <param name="status">The HTTP status.</param>
    /// <param name="json">The body.</param>
    /// <param name="ended">Cancelled when the peer is gone or too slow.</param>
    public static Task AnswerAsync(this HttpContext context, int status, ReadOnlyMemory<byte> json, CancellationToken ended) =>
        context.AnswerAsync(status, [json], ended);

    /// <summary>Answers with JSON that no cache may store.</summary>
    /// <param name="context">The request.</param>
    /// <param name="status">The HTTP status.</param>
    /// <param name="parts">The body, in parts.</param>
    /// <param name="ended">Cancelled when the peer is gone or too slow.</param>
    public static async Task AnswerAsync(this HttpContext context, int status, IReadOnlyList<ReadOnlyMemory<byte>> parts, CancellationToken ended)
    {
        var response = context.Response;
        response.StatusCode = status;
        response.ContentType = "application/json";
        response.ContentLength = parts.Sum(part => (long)part.Length);
        response.Headers.CacheControl = "no-store";
        response.Headers.XContentTypeOptions = "nosniff";
        await context.WritePartsAsync(parts, ended);
    }

    /// <summary>Creates the strong entity tag of a body. Two encodings of one text have different tags.</summary>
    public static EntityTagHeaderValue CreateTag(ReadOnlySpan<byte> body) => new($"\"{Convert.ToHexStringLower(SHA256.HashData(body))[..32]}\"");

    /// <summary>
    /// Sends the entity tag of a body. If the client already has this body, sets the status 304; the caller then sends nothing more.
    /// </summary>
    /// <returns>Whether the client has the body.</returns>
    public static bool TryAnswerNotModified(this HttpContext context, EntityTagHeaderValue tag)
    {
        context.Response.Headers.ETag = tag.ToString();
        // RFC 9110, section 13.1.2: If-None-Match compares weakly.
        if (!context.Request.GetTypedHeaders().IfNoneMatch.Any(known => known.Equals(EntityTagHeaderValue.Any) || known.Compare(tag, useStrongComparison: false)))
            return false;
        context.Response.StatusCode = StatusCodes.Status304NotModified;
        return true;
    }

    /// <summary>
    /// Answers with a document that everybody may read, such as the page. The caller has set the headers, except the length. While the client reads
    /// the document, the server keeps a part of the document in memory. So the request counts as a connection of the client's address during this
    /// time.
    /// </summary>
    /// <param name="context">The request, GET or HEAD.</param>
    /// <param name="parts">The document, in parts.</param>
    public static async Task AnswerDocumentAsync(this HttpContext context, params IReadOnlyList<ReadOnlyMemory<byte>> parts)
    {
        var length = parts.Sum(part => (long)part.Length);
        if (!HttpMethods.IsGet(context.Request.Method))
        {
            context.Response.ContentLength = length;
            return;
        }

        var connections = context.RequestServices.GetRequiredService<ConnectionRegistry>();
        if (connections.TryOpenAccount(context.GetRemote()) is not { } account)
        {
            context.Response.Clear();
            await context.RejectAddressAsync();
            return;
        }

        try
        {
            context.Response.ContentLength = length;
            await context.WritePartsAsync(parts, context.RequestAborted);
        }
        finally
        {
            connections.CloseAccount(account);
        }
    }

    /// <summary>Writes a body, or the next part of it, as fast as the client reads. A client that reads nothing for too long is disconnected.</summary>
    /// <exception cref="OperationCanceledException">The client is gone or too slow.</exception>
    public static async Task WritePartsAsync(this HttpContext context, IReadOnlyList<ReadOnlyMemory<byte>> parts, CancellationToken ended)
    {
        var response = context.Response;
        var unflushed = 0;
        foreach (var part in parts)
        {
            for (var rest = part; !rest.IsEmpty;)
            {
                var piece = rest[..Math.Min(rest.Length, MaxWriteBytes - unflushed)];
                response.BodyWriter.Write(piece.Span);
                rest = rest[piece.Length..];
                unflushed += piece.Length;
                if (unflushed == MaxWriteBytes)
                {
                    await FlushAsync(context, ended);
                    unflushed = 0;
                }
            }
        }

        await FlushAsync(context, ended);
    }

    // A peer that reads nothing for Connections:StallSeconds is too slow, as with every other transport.
    private static async Task FlushAsync(HttpContext context, CancellationToken ended)
    {
        var flush = context.Response.BodyWriter.FlushAsync(ended);
        if (flush.IsCompletedSuccessfully)
            return;
        var options = context.RequestServices.GetRequiredService<IOptions<ConnectionOptions>>().Value;
        try
        {
            await flush.AsTask().WaitAsync(TimeSpan.FromSeconds(options.StallSeconds), context.RequestServices.GetRequiredService<TimeProvider>(), ended);
        }
        catch (TimeoutException)
        {
            context.Abort();
            throw new OperationCanceledException("the peer does not read the response");
        }
    }

    private static int GetStatus(string code) => code switch
    {
        ErrorCode.BadPassword => StatusCodes.Status401Unauthorized,
        ErrorCode.NotAllowed or ErrorCode.Banned => StatusCodes.Status403Forbidden,
        ErrorCode.NameTaken or ErrorCode.RoomExists => StatusCodes.Status409Conflict,
        ErrorCode.TooBig => StatusCodes.Status413PayloadTooLarge,
        ErrorCode.RateLimited => StatusCodes.Status429TooManyRequests,
        ErrorCode.Unavailable => StatusCodes.Status503ServiceUnavailable,
        ErrorCode.Internal => StatusCodes.Status500InternalServerError,
        _ => StatusCodes.Status400BadRequest,
    };
}
