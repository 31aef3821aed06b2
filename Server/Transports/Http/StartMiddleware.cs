using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Transports.Origins;

namespace RawSocketChat.Server.Transports.Http;

/// <summary>
/// Begins a session over HTTP: one frame in, its <c>welcome</c> or <c>error</c> out. A page gets the token as a cookie alone,
/// so that no script ever holds it; a program gets both.
/// </summary>
public sealed class StartMiddleware(
    HttpSessions sessions, OriginPolicy origins, ConnectionRegistry connections, TimeProvider time, ILogger<StartMiddleware> logger)
{
    private const string HelloHint = """{"type":"hello","name":"ann"}""";

    public async Task InvokeAsync(HttpContext context)
    {
        DropPagesConnection(context);
        if (await TakeAsync(context) is not { } frame)
            return;

        var token = SessionCredential.Of(context, out _);
        if (frame is { Type: ClientFrameType.Hello, Session: null } && token is not null)
            frame = frame with { Session = token };

        var answers = await AskAsync(frame, token, RemoteOf(context));
        var error = answers.OfType<ErrorFrame>().FirstOrDefault();
        var welcome = answers.OfType<WelcomeFrame>().LastOrDefault();
        if (welcome is not null && (error is null || !IsRefused(frame, error)))
            await WelcomeAsync(context, welcome);
        else if (error is not null)
            await context.RefuseAsync(error);
        else
            await context.RefuseAsync(new ErrorFrame(frame.Id, Unanswered()));
    }

    /// <summary>The frame of a request that may be obeyed. Null: it may not, and was answered.</summary>
    private async Task<ClientFrame?> TakeAsync(HttpContext context)
    {
        if (!HttpMethods.IsPost(context.Request.Method))
        {
            context.Response.Headers.Allow = HttpMethods.Post;
            await context.RefuseAsync(BadFrame("a frame is to be posted here"), StatusCodes.Status405MethodNotAllowed);
        }
        else if (!origins.Allows(context))
            await context.RefuseAsync(new ErrorFrame(default, new ChatError(ErrorCode.NotAllowed, OriginPolicy.Refusal)));
        else if (!SendMiddleware.MayBePosted(context))
            await context.RefuseAsync(BadFrame("the frame is wanted as Content-Type: application/json"), StatusCodes.Status415UnsupportedMediaType);
        else if (await context.BodyAsync(sessions.Endpoint.MaxFrameBytes, $"a frame has at most {sessions.Endpoint.MaxFrameBytes} bytes") is not { } body)
            return null;
        else if (!TryRead(body.Span, out var frame, out var refusal))
            await context.RefuseAsync(refusal);
        else
            return frame;
        return null;
    }

    private static bool TryRead(ReadOnlySpan<byte> body, out ClientFrame frame, out ErrorFrame refusal)
    {
        var isFrame = ChatCodec.TryReadClient(body, out frame, out var id, out var error);
        refusal = !body.TrimStart(" \t\r\n"u8).StartsWith("{"u8) ? BadFrame("a frame in JSON is wanted here")
            : !isFrame ? new ErrorFrame(id, error with { Hint = error.Hint ?? HelloHint })
            : frame.Type is ClientFrameType.Hello or ClientFrameType.Login or ClientFrameType.Register ? null!
            : new ErrorFrame(frame.Id, new ChatError(ErrorCode.UnknownType, "hello, login or register is wanted here", HelloHint));
        return refusal is null;
    }

    /// <summary>
    /// What the handler answers, over a connection of its own that ends with it. The greeting that may come first, before
    /// <c>login</c> and <c>register</c>, goes to that connection and so to nobody.
    /// </summary>
    private async Task<IReadOnlyList<ServerFrame>> AskAsync(ClientFrame frame, string? token, string remote)
    {
        var answers = new GatheredAnswers();
        var question = new OneQuestion(frame, answers);
        var connection = new Connection("http", remote, new ConnectionRequest(Session: token, ServerSpeaksFirst: false), new NoOutbox(), time) { Transport = question };
        connection.Handler = sessions.Endpoint.Handlers.Create(connection);
        question.Connection = connection;
        await connection.RunAsync(connections, logger);
        return answers.Frames;
    }

    /// <summary>Receives one frame, and that is all.</summary>
    private sealed class OneQuestion(ClientFrame frame, IFrameSink answers) : IConnectionTransport
    {
        public Connection Connection { get; set; } = null!;

        public async Task ReceiveAsync()
        {
            await Connection.Handler.ReceivedAsync(ChatCodec.Encode(frame), MessageKind.Text, answers);
            Connection.Close(Disconnect.EndOfInput);
        }
    }

    private ChatError Unanswered() => connections.Leaving.IsCancellationRequested
        ? new ChatError(ErrorCode.Unavailable, "the server is going down; come back in a moment", RetryAfterMs: 1000)
        : new ChatError(ErrorCode.Internal, "something went wrong in the server");

    private Task WelcomeAsync(HttpContext context, WelcomeFrame welcome)
    {
        // A program's next request may take a while, and its name is held by a connection alone. A page dials at once.
        var isFromPage = OriginPolicy.IsFromPage(context);
        if (!isFromPage)
            sessions.Begin(welcome.Session, RemoteOf(context));
        if (!isFromPage || OriginPolicy.IsOwnPage(context))
            SessionCredential.Keep(context, welcome.Session);
        return context.AnswerAsync(StatusCodes.Status200OK, ChatCodec.Encode(isFromPage ? welcome with { Session = "" } : welcome));
    }

    // Browsers would keep the connection, and ask over it again when a page comes back from a line that died under it: this is the
    // first that such a page asks, and it would wait for as long as TCP does. A program goes on over the same one.
    private static void DropPagesConnection(HttpContext context)
    {
        if (OriginPolicy.IsFromPage(context) && HttpProtocol.IsHttp11(context.Request.Protocol))
            context.Response.Headers.Connection = "close";
    }

    // That an old session has ended, or lost its name meanwhile, is no refusal: one goes on. But who asks for a name wants that
    // one or an answer, and who cannot be looked up at the moment must not lose the cookie to a new guest.
    private static bool IsRefused(ClientFrame frame, ErrorFrame error) => error.Error.Code switch
    {
        ErrorCode.NotFound => false,
        ErrorCode.NameTaken or ErrorCode.BadName => frame.Name is not null,
        _ => true,
    };

    private static ErrorFrame BadFrame(string text) => new(default, new ChatError(ErrorCode.BadFrame, text, HelloHint));

    private static string RemoteOf(HttpContext context) => $"{context.Connection.RemoteIpAddress}:{context.Connection.RemotePort}";
}
