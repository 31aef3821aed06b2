using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Options;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Transports.Http;

/// <summary>
/// Starts, keeps and removes the sessions that use the HTTP transports. The key of a session is its token and the device name.
/// </summary>
public sealed class HttpSessionRegistry(
    HttpEndpoint endpoint,
    ConnectionRegistry connections,
    IOptions<HttpOptions> options,
    IOptions<ConnectionOptions> connectionOptions,
    TimeProvider time,
    ILogger<HttpSessionRegistry> logger)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(string Token, string Device), HttpSession> _sessions = [];

    public HttpOptions Options { get; } = options.Value;

    public HttpEndpoint Endpoint { get; } = endpoint;

    /// <summary>The number of sessions.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
                return _sessions.Count;
        }
    }

    /// <summary>The number of sessions with a request that is waiting for frames.</summary>
    public int WaitingReadCount
    {
        get
        {
            lock (_gate)
                return _sessions.Values.Count(session => session.HasWaitingRead);
        }
    }

    /// <summary>
    /// Finds a session. The session may have ended: the registry keeps an ended session until a request has delivered the close message, at
    /// most for the grace period. A session that was closed as idle is removed immediately.
    /// </summary>
    internal bool TryFind((string Token, string Device) key, [NotNullWhen(true)] out HttpSession? session)
    {
        lock (_gate)
            return _sessions.TryGetValue(key, out session);
    }

    /// <summary>
    /// Starts a session for a program that has just received the token. If no request comes, the session ends after the grace period.
    /// </summary>
    internal void Start(string token, string remote) => GetOrStart((token, ""), isInCookie: false, remote, mayHaveEnded: false);

    /// <summary>
    /// Replaces a session whose outbox no longer has all frames after the request's cursor. Starts a new session and closes the old one.
    /// </summary>
    internal HttpSession Replace(HttpSession outdated, string remote)
    {
        // Store the new session before the old one is closed. Otherwise another request could start a session for the same key between
        // these two steps.
        var session = GetOrStart((outdated.Token, outdated.Device), outdated.Connection.SessionIsInCookie, remote, mayHaveEnded: false, outdated) ?? outdated;
        outdated.Connection.Close(Disconnect.TakenOver);
        return session;
    }

    /// <summary>Finds a session, or starts one.</summary>
    /// <param name="key">The token and the device name.</param>
    /// <param name="isInCookie">Whether the request carries the token in a cookie, or comes from the server's own page.</param>
    /// <param name="remote">The peer's address and port, for logs.</param>
    /// <param name="mayHaveEnded">Whether to return a session that has ended and whose close message is not delivered yet.</param>
    /// <param name="outdated">A session to replace; null to keep the existing one.</param>
    /// <returns>Null if a limit does not allow one more session or device.</returns>
    internal HttpSession? GetOrStart((string Token, string Device) key, bool isInCookie, string remote, bool mayHaveEnded, HttpSession? outdated = null)
    {
        HttpSession? session;
        lock (_gate)
        {
            if (_sessions.TryGetValue(key, out session) && session != outdated && (session.Connection.IsOpen || mayHaveEnded))
            {
                session.MarkActive(isInCookie);
                return session;
            }

            // The limits do not apply if an existing session has ended or is outdated, because the new session replaces the existing one.
            if (session is null && _sessions.Count >= Options.Sessions)
                return null;
            if (key.Device.Length > 0 && session is null && _sessions.Keys.Count(other => other.Token == key.Token) >= Options.DevicesPerSession)
                return null;
            session = new HttpSession(key.Token, remote, Endpoint, Options, connectionOptions.Value, time) { Device = key.Device, TokenChanged = OnTokenChanged };
            session.MarkActive(isInCookie);
            _sessions[key] = session;
        }

        _ = RunAsync(session);
        return session;
    }

    private async Task RunAsync(HttpSession session)
    {
        await session.RunAsync(connections, logger);
        // Keep the session until a request has delivered its close message. If the session was closed as idle, do not wait: no request is
        // expected.
        if (session.Connection.Reason != Disconnect.Idle)
            await session.EndDelivered.WaitAsync(TimeSpan.FromSeconds(Options.GraceSeconds), time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_gate)
            RemoveIfCurrent((session.Token, session.Device), session);
    }

    // Moves a session to the key of its new token.
    private void OnTokenChanged(HttpSession session, string previousToken)
    {
        HttpSession? other;
        lock (_gate)
        {
            _sessions.TryGetValue((session.Token, session.Device), out other);
            RemoveIfCurrent((previousToken, session.Device), session);
            _sessions[(session.Token, session.Device)] = session;
        }

        // The new token may belong to another session in the registry: the client has sent a hello with that token. This session replaces
        // the other one.
        if (other is not null && other != session)
            other.Connection.Close(Disconnect.TakenOver);
    }

    // Called while _gate is held. Does nothing if another session has the key by now.
    private void RemoveIfCurrent((string Token, string Device) key, HttpSession session)
    {
        if (_sessions.TryGetValue(key, out var known) && known == session)
            _sessions.Remove(key);
    }
}
