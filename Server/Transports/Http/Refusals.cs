using System.Globalization;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Transports.Http;

/// <summary>Requests that are not obeyed: each is answered by an <c>error</c> frame, under the status that HTTP has for it.</summary>
internal static class Refusals
{
    public static Task RefuseAsync(this HttpContext context, ErrorFrame refusal, int? status = null)
    {
        status ??= StatusOf(refusal.Error.Code);
        if (refusal.Error.RetryAfterMs is { } wait)
            context.Response.Headers.RetryAfter = ((wait + 999) / 1000).ToString(CultureInfo.InvariantCulture);
        if (status == StatusCodes.Status401Unauthorized)
            context.Response.Headers.WWWAuthenticate = "Bearer";
        return context.AnswerAsync(status.Value, ChatCodec.Encode(refusal));
    }

    public static Task RefuseAsync(this HttpContext context, string code, string text, string? hint = null, int? status = null, int? retryAfterMs = null) =>
        context.RefuseAsync(new ErrorFrame(default, new ChatError(code, text, hint, retryAfterMs)), status);

    public static Task RefuseMethodAsync(this HttpContext context, string allowed, string text, string? hint = null)
    {
        context.Response.Headers.Allow = allowed;
        return context.RefuseAsync(ErrorCode.BadFrame, text, hint, StatusCodes.Status405MethodNotAllowed);
    }

    /// <summary>Answers with JSON that is to be kept by nobody on its way.</summary>
    public static Task AnswerAsync(this HttpContext context, int status, ReadOnlyMemory<byte> json) => context.AnswerAsync(status, json, context.RequestAborted);

    /// <param name="context">The request.</param>
    /// <param name="status">HTTP's word for it.</param>
    /// <param name="json">The body.</param>
    /// <param name="ended">Cancelled once the peer is gone, or has had its time.</param>
    public static Task AnswerAsync(this HttpContext context, int status, ReadOnlyMemory<byte> json, CancellationToken ended)
    {
        var response = context.Response;
        response.StatusCode = status;
        response.ContentType = "application/json";
        response.ContentLength = json.Length;
        response.Headers.CacheControl = "no-store";
        response.Headers.XContentTypeOptions = "nosniff";
        return response.Body.WriteAsync(json, ended).AsTask();
    }

    private static int StatusOf(string code) => code switch
    {
        ErrorCode.BadPassword => StatusCodes.Status401Unauthorized,
        ErrorCode.NotAllowed or ErrorCode.Banned => StatusCodes.Status403Forbidden,
        ErrorCode.NameTaken => StatusCodes.Status409Conflict,
        ErrorCode.TooBig => StatusCodes.Status413PayloadTooLarge,
        ErrorCode.RateLimited => StatusCodes.Status429TooManyRequests,
        ErrorCode.Unavailable => StatusCodes.Status503ServiceUnavailable,
        ErrorCode.Internal => StatusCodes.Status500InternalServerError,
        _ => StatusCodes.Status400BadRequest,
    };
}
