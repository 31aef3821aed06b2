using System.Buffers;
using Microsoft.Net.Http.Headers;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Protocol.Framing;
using RawSocketChat.Server.Transports.Origins;

namespace RawSocketChat.Server.Transports.Http;

/// <summary>
/// Sends over HTTP: a frame or an array of frames in, the array of their answers out, in order. What is not an answer comes to
/// whichever request gets the session's frames.
/// </summary>
internal sealed class SendMiddleware(HttpSessions sessions)
{
    private const string Hint = """[{"type":"join","room":"lobby"},{"type":"say","text":"hello"}]""";
    private const int BodyFrames = 16;

    public async Task InvokeAsync(HttpContext context)
    {
        if (!HttpMethods.IsPost(context.Request.Method))
        {
            await context.RefuseMethodAsync(HttpMethods.Post, "frames are to be posted here", Hint);
            return;
        }

        // The body after the bearer: nobody without a session has the server keep a megabyte.
        if (await sessions.OfAsync(context, mayHaveEnded: false) is not { } session)
            return;
        // However slowly the body comes, as far as it may, and however long its answers take: nobody is away meanwhile.
        using var asking = session.BeginAsking();
        if (await ReadAsync(context) is not { } posted)
            return;

        var slots = posted.Select(frame => new AnswerSlot(frame, session.Learn)).ToList();
        var token = session.Token;
        var hold = session.Outbox.Hold();
        try
        {
            if (slots.Count > 0 && !await session.ReceiveAsync(slots, context.RequestAborted))
            {
                await context.RefuseAsync(ErrorCode.Unavailable, "the session's connection has just ended; send it again", retryAfterMs: 100);
                return;
            }

            await AnswerAsync(context, session, slots, token);
        }
        finally
        {
            session.Outbox.Release(hold);
        }
    }

    private static async Task AnswerAsync(HttpContext context, HttpSession session, List<AnswerSlot> slots, string token)
    {
        var answers = new List<ReadOnlyMemory<byte>>();
        foreach (var slot in slots)
        {
            // Those after the end of the connection are never filled.
            await Task.WhenAny(slot.Answered, session.Ended).WaitAsync(context.RequestAborted);
            answers.AddRange(slot.Answers);
        }

        if (session.Token != token && session.IsInCookie)
            SessionCredential.Keep(context, session.Token);
        var body = new ArrayBufferWriter<byte>();
        PollBatch.WriteArray(body, answers);
        await context.AnswerAsync(StatusCodes.Status200OK, body.WrittenMemory);
        await context.Response.CompleteAsync();
    }

    /// <summary>The frames of a request. Null: there are none to be had, and it was answered.</summary>
    private async Task<IReadOnlyList<PostedFrame>?> ReadAsync(HttpContext context)
    {
        var mostOfOne = sessions.Endpoint.MaxFrameBytes;
        var most = mostOfOne * BodyFrames;
        if (!MayBePosted(context))
            await context.RefuseAsync(ErrorCode.BadFrame, "frames are wanted as Content-Type: application/json", Hint, StatusCodes.Status415UnsupportedMediaType);
        else if (await context.BodyAsync(most, $"a body has at most {most} bytes") is not { } body)
            return null;
        else if (!body.Span.TrimStart(" \t\r\n"u8).StartsWith("["u8))
            return [PostedFrame.Single(body, mostOfOne)];
        else if (!PollBatch.TryReadArray(body, sessions.Options.FramesPerPost, out var frames))
            await context.RefuseAsync(ErrorCode.BadJson, $"an array of at most {sessions.Options.FramesPerPost} frames is wanted here; nothing of that one was done", Hint);
        else
            return [.. frames.Select(frame => PostedFrame.Element(frame, mostOfOne))];
        return null;
    }

    // A form of any page can post text/plain, urlencoded or multipart across origins without a word; JSON it cannot. Programs
    // (curl -d calls everything urlencoded) may call it what they like.
    internal static bool MayBePosted(HttpContext context) =>
        !OriginPolicy.IsFromPage(context)
        || (MediaTypeHeaderValue.TryParse(context.Request.ContentType, out var type) && type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase));
}
