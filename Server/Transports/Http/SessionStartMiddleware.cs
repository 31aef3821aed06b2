using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Transports.Origins;

namespace RawSocketChat.Server.Transports.Http;

/// <summary>
/// Starts a session over HTTP. A POST contains one frame (<c>hello</c>, <c>login</c> or <c>register</c>) and gets <c>welcome</c> or
/// <c>error</c>. The server's own page gets the token only as a cookie, so that no script can read the token. A page of another origin gets
/// no token. A program gets the token both as a cookie and in the <c>welcome</c>.
/// </summary>
public sealed class SessionStartMiddleware(
    HttpSessionRegistry sessions, OriginPolicy origins, ConnectionRegistry connections, TimeProvider time, ILogger<SessionStartMiddleware> logger)
{
    public async Task InvokeAsync(HttpContext context)
    {
        CloseConnectionOfPage(context);
        using var posted = new RequestBody(context, sessions.Endpoint.Bodies);
        if (await ReadFrameAsync(context, posted) is not var (body, frame))
            return;

        var (answers, reason) = await HandleAsync(body, (await SessionCredential.FindAsync(context))?.Token, context.GetRemote());
        var error = answers.OfType<ErrorFrame>().FirstOrDefault();
        var welcome = answers.OfType<WelcomeFrame>().LastOrDefault();
        if (welcome is not null && (error is null || !IsRejection(frame, error)))
            await AnswerWelcomeAsync(context, welcome);
        else if (error is not null)
            await context.RejectAsync(error with { Error = StartHint.Correct(error.Error, body.Span) });
        else if (reason == Disconnect.AddressLimit)
            await context.RejectAddressAsync();
        else
            await context.RejectAsync(new ErrorFrame(frame.Id, CreateNoAnswerError()));
    }

    /// <summary>
    /// Reads the frame of the request. If the request is not allowed or the frame is invalid, answers the request with an error and returns
    /// null.
    /// </summary>
    private async Task<(ReadOnlyMemory<byte> Body, ClientFrame Frame)?> ReadFrameAsync(HttpContext context, RequestBody posted)
    {
        if (!HttpMethods.IsPost(context.Request.Method))
            await context.RejectMethodAsync(HttpMethods.Post, "use POST to send a frame here", StartHint.Hello);
        else if (!origins.Allows(context))
            await context.RejectAsync(ErrorCode.NotAllowed, OriginPolicy.GetRejectionText(context));
        else if (!SendMiddleware.HasAllowedContentType(context))
            await context.RejectAsync(ErrorCode.BadFrame, "the Content-Type must be application/json", StartHint.Hello, StatusCodes.Status415UnsupportedMediaType);
        else if (await posted.ReadAsync(sessions.Endpoint.MaxFrameBytes, $"a frame has at most {sessions.Endpoint.MaxFrameBytes} bytes") is not { } body)
            return null;
        else if (!TryRead(body.Span, out var frame, out var rejection))
            await context.RejectAsync(rejection);
        else
            return (body, frame);
        return null;
    }

    // Reads a frame that may start a session. Otherwise returns false and the error.
    private static bool TryRead(ReadOnlySpan<byte> body, out ClientFrame frame, out ErrorFrame rejection)
    {
        var isFrame = ChatCodec.TryReadClient(body, out frame, out var id, out var error);
        rejection = !body.TrimStart(RequestBody.JsonWhiteSpace).StartsWith("{"u8) ? CreateBadFrame("the body must be one frame in JSON")
            : !isFrame ? new ErrorFrame(id, StartHint.Correct(error with { Hint = error.Hint ?? StartHint.Hello }, body))
            : StartHint.IsStart(frame) ? null!
            : new ErrorFrame(frame.Id, StartHint.Correct(new ChatError(ErrorCode.UnknownType, "the frame must be hello, login or register", StartHint.Hello), body));
        return rejection is null;
    }

    /// <summary>
    /// Handles the frame on a temporary connection, and returns the answers. The connection gets the token of the HTTP request. So a
    /// <c>hello</c> that names no session resumes the session of this token. Before <c>login</c> and <c>register</c>, the handler sends a
    /// first welcome to the outbox of the connection. This outbox discards all frames.
    /// </summary>
    private async Task<(IReadOnlyList<ServerFrame> Answers, Disconnect? Reason)> HandleAsync(ReadOnlyMemory<byte> body, string? token, string remote)
    {
        var answers = new AnswerCollector();
        var transport = new SingleFrameTransport(body, answers);
        var connection = new Connection(
            HttpSession.InitialTransportName, remote, new ConnectionRequest(Session: token, ServerSpeaksFirst: false), new DiscardingOutbox(), time)
        { Transport = transport };
        connection.Handler = sessions.Endpoint.Handlers.Create(connection);
        transport.Connection = connection;
        await connection.RunAsync(connections, logger);
        return (answers.Frames, connection.Reason);
    }

    /// <summary>The transport of a connection that receives exactly one frame.</summary>
    private sealed class SingleFrameTransport(ReadOnlyMemory<byte> frame, IFrameSink answers) : IConnectionTransport
    {
        public Connection Connection { get; set; } = null!;

        public async Task ReceiveAsync()
        {
            await Connection.Handler.OnMessageAsync(frame, MessageKind.Text, answers);
            Connection.Close(Disconnect.EndOfInput);
        }
    }

    private ChatError CreateNoAnswerError() => connections.Stopping.IsCancellationRequested
        ? new ChatError(ErrorCode.Unavailable, Disconnect.Draining.Text, RetryAfterMs: 1000)
        : new ChatError(ErrorCode.Internal, Disconnect.Internal.Text);

    private Task AnswerWelcomeAsync(HttpContext context, WelcomeFrame welcome)
    {
        // A guest keeps a name only while the guest is connected. A program may send its next request much later, so start the program's
        // session now. A page connects immediately, so the server does not start a session here.
        var isFromPage = OriginPolicy.IsFromPage(context);
        if (!isFromPage)
            sessions.Start(welcome.Session, context.GetRemote());
        if (!isFromPage || OriginPolicy.IsOwnPage(context))
            SessionCredential.SetCookie(context, welcome.Session);
        return context.AnswerAsync(StatusCodes.Status200OK, ChatCodec.Encode(isFromPage ? welcome with { Session = "" } : welcome));
    }

    // A browser would keep this TCP connection open and use it for the next POST /session. If the network has changed in the meantime, the
    // TCP connection may be dead, and that request would wait until TCP gives up. So the server closes the TCP connection of a page. The
    // TCP connection of a program stays open.
    private static void CloseConnectionOfPage(HttpContext context)
    {
        if (OriginPolicy.IsFromPage(context) && HttpProtocol.IsHttp11(context.Request.Protocol))
            context.Response.Headers.Connection = "close";
    }

    // Whether the client gets the error instead of the welcome. Returns false if the old session has ended, or if the user has lost the old
    // name: the client then continues with the welcome. Returns true for all other errors. This includes two cases: the client asked for a
    // name and did not get the name, or the old session can't be looked up at the moment. In the second case, a welcome would replace the
    // client's cookie by the cookie of a new guest.
    private static bool IsRejection(ClientFrame frame, ErrorFrame error) => error.Error.Code switch
    {
        ErrorCode.NotFound => false,
        ErrorCode.NameTaken or ErrorCode.BadName => frame.Name is not null,
        _ => true,
    };

    private static ErrorFrame CreateBadFrame(string text) => new(default, new ChatError(ErrorCode.BadFrame, text, StartHint.Hello));
}
