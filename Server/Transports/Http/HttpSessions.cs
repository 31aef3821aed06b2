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
    private const int MostDeviceLength = 32;

    private readonly Lock _gate = new();
    private readonly Dictionary<(string Token, string Device), HttpSession> _asking = [];

    public HttpOptions Options { get; } = options.Value;

    public HttpEndpoint Endpoint { get; } = endpoint;

    /// <summary>How many there are.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
                return _asking.Count;
        }
    }

    /// <summary>How many of them have a request that takes their frames, or waits for some.</summary>
    public int AttendedCount
    {
        get
        {
            lock (_gate)
                return _asking.Values.Count(session => session.IsAttended);
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

        // One session may ask by several devices, each of which gets its own copy of everything; most have one, without a name.
        var device = context.Request.Query["device"].ToString();
        if (device.Length > MostDeviceLength || !device.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'))
        {
            await context.RefuseAsync(ErrorCode.BadField, $"\"device\" names one of a session's readers: at most {MostDeviceLength} letters, digits, - and _", "device=tab-2");
            return null;
        }

        switch (await tokens.LookUpAsync(token))
        {
            case SessionStanding.Unknown when !mayHaveEnded || !TryFind((token, device), out var ended) || ended.Connection.IsOpen:
                await context.RefuseAsync(ErrorCode.NotFound, "there is no such session, or it has ended; POST /session begins another", StartHint(context), StatusCodes.Status401Unauthorized);
                return null;
            case SessionStanding.CannotTell:
                await context.RefuseAsync(ErrorCode.Unavailable, "sessions cannot be looked up at the moment; try again in a moment", retryAfterMs: 1000);
                return null;
        }

        // Who comes for frames is told the end of a session that has ended; who sends finds none, and a new one could not begin.
        if (connections.Leaving.IsCancellationRequested && (!TryFind((token, device), out var known) || (!mayHaveEnded && !known.Connection.IsOpen)))
        {
            await context.RefuseAsync(ErrorCode.Unavailable, "the server is going down; come back in a moment", retryAfterMs: 1000);
            return null;
        }

        if (FindOrBegin((token, device), isInCookie, $"{context.Connection.RemoteIpAddress}:{context.Connection.RemotePort}", mayHaveEnded) is { } session)
            return session;
        await (Count >= Options.Sessions
            ? context.RefuseAsync(ErrorCode.Unavailable, "the server has as many sessions over plain requests as it may; come back in a moment", retryAfterMs: Options.GraceSeconds * 1000)
            : context.RefuseAsync(ErrorCode.RateLimited, $"a session may ask by {Options.DevicesPerSession} devices at once", retryAfterMs: Options.GraceSeconds * 1000));
        return null;
    }

    /// <summary>Keeps a session connected until its first request comes, or for as long as it would be kept after one.</summary>
    internal void Begin(string token, string remote) => FindOrBegin((token, ""), isInCookie: false, remote, mayHaveEnded: false);

    /// <summary>One that begins at the present, for a request whose cursor this one does not know.</summary>
    internal HttpSession BeginAnew(HttpSession outdated, string remote)
    {
        // Not before another stands in its place: else that could be given to somebody else.
        var session = FindOrBegin((outdated.Token, outdated.Device), outdated.IsInCookie, remote, mayHaveEnded: false, outdated) ?? outdated;
        outdated.Connection.Close(Disconnect.TakenOver);
        return session;
    }

    private static string StartHint(HttpContext context) =>
        $$"""curl -d '{"type":"hello","name":"ann"}' {{context.Request.Scheme}}://{{context.Request.Host}}/session""";

    // Browsers tell, for whose page they ask, where they send no Origin.
    private static bool IsOtherSite(HttpContext context) =>
        context.Request.Headers["Sec-Fetch-Site"].ToString() is "cross-site" or "same-site" && !OriginPolicy.IsFromPage(context);

    private bool TryFind((string Token, string Device) key, [NotNullWhen(true)] out HttpSession? session)
    {
        lock (_gate)
            return _asking.TryGetValue(key, out session);
    }

    // Under the gate.
    private void Forget(HttpSession session)
    {
        if (_asking.TryGetValue((session.Token, session.Device), out var known) && known == session)
            _asking.Remove((session.Token, session.Device));
    }

    // Null: that would be one too many.
    private HttpSession? FindOrBegin((string Token, string Device) key, bool isInCookie, string remote, bool mayHaveEnded, HttpSession? outdated = null)
    {
        HttpSession? session;
        lock (_gate)
        {
            if (_asking.TryGetValue(key, out session) && session != outdated && (session.Connection.IsOpen || mayHaveEnded))
            {
                session.Touch(isInCookie);
                return session;
            }

            // One that has ended, or is outdated, gives its place to the next of the same key.
            if (session is null && _asking.Count >= Options.Sessions)
                return null;
            if (key.Device.Length > 0 && session is null && _asking.Keys.Count(other => other.Token == key.Token) >= Options.DevicesPerSession)
                return null;
            session = new HttpSession(key.Token, remote, Endpoint, Options, connectionOptions.Value, time) { Device = key.Device, TokenChanged = Rename };
            session.Touch(isInCookie);
            _asking[key] = session;
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
            Forget(session);
        }
    }

    private void Rename(HttpSession session, string before)
    {
        HttpSession? other;
        lock (_gate)
        {
            _asking.TryGetValue((session.Token, session.Device), out other);
            if (_asking.TryGetValue((before, session.Device), out var known) && known == session)
                _asking.Remove((before, session.Device));
            _asking[(session.Token, session.Device)] = session;
        }

        // A hello with the token of a session that asks already: its requests make way. Not here, where this session's outbox is
        // locked: two may become each other.
        if (other is not null && other != session)
            _ = Task.Run(() => other.Connection.Close(Disconnect.TakenOver));
    }
}
