namespace RawSocketChat.Server.Transports;

/// <summary>Writes answers for people, as plain text, to HTTP requests.</summary>
internal static class TextAnswers
{
    /// <summary>Answers with a text that no cache may store.</summary>
    /// <param name="context">The request.</param>
    /// <param name="status">The HTTP status.</param>
    /// <param name="text">The body, without the newline at its end.</param>
    public static Task AnswerTextAsync(this HttpContext context, int status, string text)
    {
        var response = context.Response;
        response.StatusCode = status;
        response.ContentType = "text/plain; charset=utf-8";
        response.Headers.CacheControl = "no-store";
        response.Headers.XContentTypeOptions = "nosniff";
        return response.WriteAsync(text + "\n");
    }
}
