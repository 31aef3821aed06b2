using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Options;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Transports.Origins;

namespace RawSocketChat.Server.Transports.Http;

/// <summary>All sessions that ask over HTTP at the moment, by their tokens; and what each request has to show first.</summary>
public sealed class HttpSessions(
    HttpEndpoint endpoint,
    OriginPolicy origins,
    ISessionTokens tokens,
    ConnectionRegistry connections,
    IOptions<HttpOptions> options,
    IOptions<ConnectionOptions> connectionOptions,
    TimeProvider time,
    ILogger<HttpSessions> logger)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, HttpSession> _byToken = [];

    public HttpOptions Options { get; } = options.Value;

    public HttpEndpoint Endpoint { get; } = endpoint;

    /// <summary>How many there are.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
                return _byToken.Count;
        }
    }

    /// <summary>How many of them have a request that takes their frames, or waits for some.</summary>
    public int AttendedCount
    {
        get
        {
            lock (_gate)
                return _byToken.Values.Count(session => session.IsAttended);
        }
    }

    /// <summary>The session that a request for frames bears. Null: it may not have any, and was answered.</summary>
    internal async Task<HttpSession?> OfReaderAsync(HttpContext context)
    {
        if (!HttpMethods.IsGet(context.Request.Method))
        {
            await context.RefuseMethodAsync(HttpMethods.Get, "frames are got here, with GET; POST /send sends some");
            return null;
        }

        return await OfAsync(context, mayHaveEnded: true);
    }

    /// <summary>The session that a request bears. Null: it has none that stands, and was answered.</summary>
    /// <param name="context">The request.</param>
    /// <param name="mayHaveEnded">Whether one is wanted whose end nobody was told of yet.</param>
    internal async Task<HttpSession?> OfAsync(HttpContext context, bool mayHaveEnded)
    {
        if (!origins.Allows(context) || IsOtherSite(context))
        {
            await context.RefuseAsync(ErrorCode.NotAllowed, OriginPolicy.Refusal);
            return null;
        }

        if (SessionCredential.Of(context, out var isInCookie) is not { } token)
        {
            await context.RefuseAsync(ErrorCode.NotAllowed, "this needs a session, as Authorization: Bearer TOKEN or its cookie; POST /session gives one", StartHint(context), StatusCodes.Status401Unauthorized);
            return null;
        }

        switch (await tokens.LookUpAsync(token))
        {
            case SessionStanding.Unknown when !mayHaveEnded || !TryFind(token, out var ended) || ended.Connection.IsOpen:
                await context.RefuseAsync(ErrorCode.NotFound, "there is no such session, or it has ended; POST /session begins another", StartHint(context), StatusCodes.Status401Unauthorized);
                return null;
            case SessionStanding.CannotTell:
                await context.RefuseAsync(ErrorCode.Unavailable, "sessions cannot be looked up at the moment; try again in a moment", retryAfterMs: 1000);
                return null;
        }

        if (connections.Leaving.IsCancellationRequested && !TryFind(token, out _))
        {
            await context.RefuseAsync(ErrorCode.Unavailable, "the server is going down; come back in a moment", retryAfterMs: 1000);
            return null;
        }

        return FindOrBegin(token, isInCookie, $"{context.Connection.RemoteIpAddress}:{context.Connection.RemotePort}", mayHaveEnded);
    }

    /// <summary>Keeps a session connected until its first request comes, or for as long as it would be kept after one.</summary>
    internal void Begin(string token, string remote) => FindOrBegin(token, isInCookie: false, remote, mayHaveEnded: false);

    /// <summary>One that begins at the present, for a request whose cursor this one does not know.</summary>
    internal HttpSession BeginAnew(HttpSession outdated, string remote)
    {
        lock (_gate)
        {
            if (_byToken.TryGetValue(outdated.Token, out var known) && known == outdated)
                _byToken.Remove(outdated.Token);
        }

        outdated.Connection.Close(Disconnect.TakenOver);
        return FindOrBegin(outdated.Token, outdated.IsInCookie, remote, mayHaveEnded: false);
    }

    private static string StartHint(HttpContext context) =>
        $$"""curl -d '{"type":"hello","name":"ann"}' {{context.Request.Scheme}}://{{context.Request.Host}}/session""";

    // Browsers tell, for whose page they ask, where they send no Origin.
    private static bool IsOtherSite(HttpContext context) =>
        context.Request.Headers["Sec-Fetch-Site"].ToString() is "cross-site" or "same-site" && !OriginPolicy.IsFromPage(context);

    private bool TryFind(string token, [NotNullWhen(true)] out HttpSession? session)
    {
        lock (_gate)
            return _byToken.TryGetValue(token, out session);
    }

    private HttpSession FindOrBegin(string token, bool isInCookie, string remote, bool mayHaveEnded)
    {
        HttpSession? session;
        lock (_gate)
        {
            if (_byToken.TryGetValue(token, out session) && (session.Connection.IsOpen || mayHaveEnded))
            {
                session.Touch(isInCookie);
                return session;
            }

            session = new HttpSession(token, remote, Endpoint, Options, connectionOptions.Value, time) { TokenChanged = Rename };
            session.Touch(isInCookie);
            _byToken[token] = session;
        }

        _ = RunAsync(session);
        return session;
    }

    private async Task RunAsync(HttpSession session)
    {
        await session.RunAsync(connections, logger);
        // Whoever comes for its frames is told the end; nobody does for one that was let go because nobody came.
        if (session.Connection.Reason != Disconnect.Idle)
            await session.Served.WaitAsync(TimeSpan.FromSeconds(Options.GraceSeconds), time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_gate)
        {
            if (_byToken.TryGetValue(session.Token, out var known) && known == session)
                _byToken.Remove(session.Token);
        }
    }

    private void Rename(HttpSession session, string before)
    {
        lock (_gate)
        {
            if (_byToken.TryGetValue(before, out var known) && known == session)
                _byToken.Remove(before);
            _byToken[session.Token] = session;
        }
    }
}
