using System.Buffers;
using System.Globalization;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Protocol.Framing;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Transports.Origins;

namespace RawSocketChat.Server.Transports.Http;

/// <summary>
/// Serves the HTTP requests of sessions: authenticates a request, finds its session and begins to read the session's frames. This class
/// also answers polls. A stream writes its own response.
/// </summary>
internal sealed class SessionRequests(
    HttpSessionRegistry sessions, OriginPolicy origins, ISessionTokens tokens, ConnectionRegistry connections, TimeProvider time)
{
    private const int MaxDeviceLength = 32;

    private static readonly TimeSpan UsualOpeningTime = TimeSpan.FromSeconds(2);

    public HttpOptions Options => sessions.Options;

    public HttpEndpoint Endpoint => sessions.Endpoint;

    /// <summary>Answers a GET with the frames after its cursor: immediately, or when a frame comes within the wait time.</summary>
    public async Task PollAsync(HttpContext context, string transportName, TimeSpan wait)
    {
        if (await BeginReadAsync(context, transportName) is { } request)
            await AnswerPollAsync(context, request, wait, time);
    }

    /// <summary>
    /// Authenticates a GET, resolves its session and begins to read after its cursor. The caller must end the read with
    /// <see cref="HttpSession.EndRead"/>.
    /// </summary>
    /// <param name="context">The request.</param>
    /// <param name="transportName">The transport that the request uses.</param>
    /// <param name="isEventSource">
    /// Whether the client may be an EventSource or a script that replaces EventSource. An EventSource sends the cursor in the header
    /// <c>Last-Event-ID</c>. Such a script sends it as <c>lastEventId</c> in the query. For both, the server ignores a cursor that is not a
    /// number, because an EventSource never reconnects after an error status.
    /// </param>
    /// <param name="offersText">Whether the address offers the text format too.</param>
    /// <returns>Null if the request was rejected and answered, or if the peer is gone.</returns>
    public async Task<ActiveRequest?> BeginReadAsync(HttpContext context, string transportName, bool isEventSource = false, bool offersText = false)
    {
        if (!HttpMethods.IsGet(context.Request.Method))
        {
            await context.RejectMethodAsync(HttpMethods.Get, $"use GET to read frames here; POST {context.GetPath("/send")} sends frames");
            return null;
        }

        if (await ResolveSessionAsync(context, mayHaveEnded: true) is not { } session)
            return null;

        if (context.FindFormatError(offersText) is { } unknownFormat)
        {
            await context.RejectAsync(new ErrorFrame(default, unknownFormat));
            return null;
        }

        var after = context.GetParameter("after");
        var cursor = isEventSource
            ? ParseCursor(context.Request.Headers["Last-Event-ID"]) ?? ParseCursor(context.GetParameter("lastEventId")) ?? ParseCursor(after)
            : ParseCursor(after);
        if (cursor is null && after is not null && !isEventSource)
        {
            await context.RejectAsync(ErrorCode.BadField, "\"after\" must be the \"next\" of the last answer, which is a whole number; or omit it", "after=0");
            return null;
        }

        while (await WaitUntilOpenAsync(context, session))
        {
            if (session.BeginRead(cursor, transportName, context.RequestAborted) is { } request)
                return request;
            session = sessions.Replace(session, context.GetRemote());
            cursor = null;
        }

        return null;
    }

    /// <summary>Authenticates a request and resolves its session; starts the session if it does not run yet.</summary>
    /// <param name="context">The request.</param>
    /// <param name="mayHaveEnded">
    /// Whether to return a session that is ending, or that has ended and whose close message is not delivered yet.
    /// </param>
    /// <returns>Null if the request was rejected and answered.</returns>
    public async Task<HttpSession?> ResolveSessionAsync(HttpContext context, bool mayHaveEnded)
    {
        if (!origins.Allows(context) || OriginPolicy.IsCrossSite(context))
        {
            await context.RejectAsync(ErrorCode.NotAllowed, OriginPolicy.GetRejectionText(context));
            return null;
        }

        if (await SessionCredential.FindAsync(context) is not { } found)
        {
            await context.RejectMissingSessionAsync(CreateStartHint(context));
            return null;
        }

        // A session may use several devices, and each device gets its own copy of every frame. Most sessions have one device, which has no
        // name.
        var device = context.Request.Query["device"].ToString();
        if (device.Length > MaxDeviceLength || !device.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'))
        {
            await context.RejectAsync(ErrorCode.BadField, $"\"device\" must be the name of a device: at most {MaxDeviceLength} letters, digits, - and _", "device=tab-2");
            return null;
        }

        // Treat a request of the server's own page as if the token were in the cookie, so that no frame shows the token to the page.
        var isInCookie = found.IsInCookie || OriginPolicy.IsOwnPage(context);
        var key = (found.Token, device);
        switch (await tokens.LookUpAsync(found.Token))
        {
            // Return the session here. GetOrStart would start a new session if this session were removed in the meantime.
            case SessionStatus.Unknown when mayHaveEnded && sessions.TryFind(key, out var ended) && ended.IsEnding:
                ended.MarkActive(isInCookie);
                return ended;
            case SessionStatus.Unknown:
                await context.RejectUnknownSessionAsync(CreateStartHint(context));
                return null;
            case SessionStatus.Unavailable:
                await context.RejectAsync(ErrorCode.Unavailable, "sessions can't be looked up at the moment; try again in a moment", retryAfterMs: 1000);
                return null;
        }

        // While the server is stopping, no session can start. A GET still gets the close message of a session that has ended; a POST does
        // not.
        if (connections.Stopping.IsCancellationRequested && (!sessions.TryFind(key, out var known) || (!mayHaveEnded && !known.Connection.IsOpen)))
        {
            await context.RejectAsync(ErrorCode.Unavailable, Disconnect.Draining.Text, retryAfterMs: 1000);
            return null;
        }

        if (sessions.GetOrStart(key, isInCookie, context.GetRemote(), mayHaveEnded) is { } session)
            return session;
        var retryAfterMs = Options.GraceSeconds * 1000;
        await (sessions.Count >= Options.Sessions
            ? context.RejectAsync(ErrorCode.Unavailable, "the server has reached its limit of HTTP sessions; try again later", retryAfterMs: retryAfterMs)
            : context.RejectAsync(ErrorCode.RateLimited, $"a session can have at most {Options.DevicesPerSession} devices at a time", retryAfterMs: retryAfterMs));
        return null;
    }

    /// <summary>Answers a poll and ends its read.</summary>
    /// <remarks>
    /// The wait ends in one of these cases:
    /// 1. There is a frame: the answer contains all available frames.
    /// 2. The session's connection has ended: the answer contains the last frames.
    /// 3. Another request has taken over: the answer ends with <c>bye</c> 4009, which does not move the cursor.
    /// 4. The wait is over: the answer contains no frames, and the cursor does not move.
    /// 5. The peer is gone: the request is aborted.
    /// If a request is taken over while the server sends its answer, the peer must receive the rest within the linger timeout. Otherwise a slow
    /// peer could make the server hold many such answers in memory, each as big as a whole outbox.
    /// </remarks>
    internal static async Task AnswerPollAsync(HttpContext context, ActiveRequest request, TimeSpan wait, TimeProvider time)
    {
        var session = request.Session;
        var isEndDelivered = false;
        try
        {
            var began = time.GetTimestamp();
            var frames = new List<EncodedFrame>();
            var isOpen = true;
            while (!request.IsTakenOver)
            {
                var status = session.Read(request, frames, session.Outbox.LimitBytes, asStream: false);
                isOpen = status != ReadStatus.Ended;
                if (status == ReadStatus.Behind)
                    break;
                var left = wait - time.GetElapsedTime(began);
                if (frames.Count > 0 || !isOpen || left <= TimeSpan.Zero || request.Ended.IsCancellationRequested)
                    break;
                context.SetEndWanted(true);
                await session.WaitAsync(request, left);
                context.SetEndWanted(false);
            }

            if (frames.Count > 0 && isOpen && context.WantsWriteTimes())
                frames.Add(WireStamp.Create(time));
            // Add the bye even if the answer has frames. Without the bye, the client would poll again, and would take over from the newer
            // request.
            if (request.IsTakenOver)
                frames.Add(session.CreateCloseMessage(Disconnect.TakenOver));
            await context.AnswerAsync(StatusCodes.Status200OK, EncodeBody(request.Cursor, frames), request.Ended);
            isEndDelivered = !isOpen;
        }
        catch (OperationCanceledException)
        {
            // The peer is gone or too slow. The outbox keeps the frames that the peer did not confirm.
            context.Abort();
        }
        finally
        {
            session.EndRead(request, isEndDelivered);
        }
    }

    private static long? ParseCursor(string? text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static ReadOnlyMemory<byte> EncodeBody(long next, List<EncodedFrame> frames)
    {
        var body = new ArrayBufferWriter<byte>(64);
        PollBatch.Write(body, next, frames.ConvertAll(frame => frame.Payload));
        return body.WrittenMemory;
    }

    // Returns false if the peer is gone.
    private async Task<bool> WaitUntilOpenAsync(HttpContext context, HttpSession session)
    {
        using var _ = session.BeginRequest();
        // A peer that has shut down its sending side still gets an answer if the session opens within two seconds. Usually it opens within
        // milliseconds. If it takes longer (for example, because the storage is slow), such a peer counts as gone.
        if (!session.Opened.IsCompleted)
            await session.Opened.WaitAsync(UsualOpeningTime, time, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!session.Opened.IsCompleted)
        {
            context.SetEndWanted(true);
            await session.Opened.WaitAsync(context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            context.SetEndWanted(false);
        }

        return !context.RequestAborted.IsCancellationRequested;
    }

    private static string CreateStartHint(HttpContext context) =>
        $$"""curl -d '{"type":"hello","name":"ann"}' {{PublicAddress.Create(context, "/session")}}""";
}
