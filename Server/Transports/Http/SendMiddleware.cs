using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;
using Microsoft.Net.Http.Headers;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Protocol.Framing;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Transports.Origins;

namespace RawSocketChat.Server.Transports.Http;

/// <summary>
/// Receives the frames that clients send over HTTP. A POST contains a frame or an array of frames. The response is the array of the
/// answers to these frames, in order. All other frames go to the request that reads the session's frames.
/// </summary>
internal sealed class SendMiddleware(SessionRequests requests)
{
    // A hint should be short.
    private const int MaxHintBytes = 200;

    private const string Hint = """[{"type":"join","room":"lobby"},{"type":"say","text":"hello"}]""";

    // The maximum size of a body, as a multiple of the maximum size of a frame.
    private const int BodySizeFactor = 16;

    public async Task InvokeAsync(HttpContext context)
    {
        if (!HttpMethods.IsPost(context.Request.Method))
        {
            await context.RejectMethodAsync(HttpMethods.Post, "use POST to send frames here", Hint);
            return;
        }

        // Authenticate before reading the body, so that a client without a session can't make the server buffer a megabyte.
        if (await requests.ResolveSessionAsync(context, mayHaveEnded: false) is not { } session)
            return;
        // While the server waits for the body and for the answers, the session does not count as abandoned.
        using var _ = session.BeginRequest();
        using var body = new RequestBody(context, requests.Endpoint.Bodies);
        if (await ReadFramesAsync(context, body) is not { } posted)
            return;

        using var pending = new PendingAnswerBytes(session, requests.Endpoint.Answers);
        var slots = posted.Select(frame => new AnswerSlot(frame, pending)).ToList();
        var token = session.Token;
        var hold = session.Outbox.Hold();
        try
        {
            if (slots.Count > 0 && !await session.ReceiveAsync(slots, context.RequestAborted))
            {
                if (session.Connection.Reason == Disconnect.AddressLimit)
                {
                    await context.RejectAddressAsync();
                    return;
                }

                await context.RejectAsync(ErrorCode.Unavailable, "the session's connection has just ended; send the request again", retryAfterMs: 100);
                return;
            }

            await AnswerAsync(context, session, slots, token);
        }
        finally
        {
            session.Outbox.Release(hold);
        }
    }

    // Waits for the answers of all frames, and writes them in order.
    private static async Task AnswerAsync(HttpContext context, HttpSession session, List<AnswerSlot> slots, string token)
    {
        var answers = new List<ReadOnlyMemory<byte>>();
        foreach (var slot in slots)
        {
            // If the connection has ended, the remaining slots never complete.
            await Task.WhenAny(slot.Answered, session.Ended).WaitAsync(context.RequestAborted);
            answers.AddRange(slot.Answers);
        }

        if (session.Token != token && session.Connection.SessionIsInCookie)
            SessionCredential.SetCookie(context, session.Token);
        await context.AnswerAsync(StatusCodes.Status200OK, PollBatch.GetArrayParts(answers), context.RequestAborted);
        await context.Response.CompleteAsync();
    }

    /// <summary>Reads the frames of a POST. If the frames are invalid, answers the request with an error and returns null.</summary>
    private async Task<IReadOnlyList<PostedFrame>?> ReadFramesAsync(HttpContext context, RequestBody posted)
    {
        var maxFrameBytes = requests.Endpoint.MaxFrameBytes;
        var maxBodyBytes = maxFrameBytes * BodySizeFactor;
        if (!HasAllowedContentType(context))
            await context.RejectAsync(ErrorCode.BadFrame, "the Content-Type must be application/json", Hint, StatusCodes.Status415UnsupportedMediaType);
        else if (await posted.ReadAsync(maxBodyBytes, $"a body has at most {maxBodyBytes} bytes") is not { } body)
            return null;
        else if (!body.Span.TrimStart(RequestBody.JsonWhiteSpace).StartsWith("["u8))
            return [PostedFrame.FromBody(body, maxFrameBytes)];
        else if (!PollBatch.TryReadArray(body, requests.Options.FramesPerPost, out var frames))
        {
            await context.RejectAsync(
                ErrorCode.BadJson,
                $"a body that begins with [ must be a JSON array of at most {requests.Options.FramesPerPost} frames; to send a line that begins with [, put it into an array, as a string; no frame of this body was handled",
                CreateArrayHint(body.Span));
        }
        else
            return [.. frames.Select(frame => PostedFrame.FromElement(frame, maxFrameBytes))];
        return null;
    }

    // A body that begins with "[" may be meant as a typed line, such as "[WARN] disk", and not as an array.
    private static string CreateArrayHint(ReadOnlySpan<byte> body)
    {
        var line = body.Trim(RequestBody.JsonWhiteSpace);
        if (line.Length > MaxHintBytes || line.ContainsAny("{}\"'\n"u8) || !Utf8.IsValid(line))
            return Hint;
        return $"[\"{JsonEncodedText.Encode(line, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"]";
    }

    /// <summary>
    /// Whether a request may have this Content-Type. A page of any site can post a form as text/plain, urlencoded or multipart to another origin
    /// without a preflight request, but not JSON. Programs may use any type (<c>curl -d</c> sends urlencoded).
    /// </summary>
    internal static bool HasAllowedContentType(HttpContext context) =>
        !OriginPolicy.IsFromPage(context)
        || (MediaTypeHeaderValue.TryParse(context.Request.ContentType, out var type) && type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase));
}
