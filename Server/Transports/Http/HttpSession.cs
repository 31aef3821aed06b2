using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Transports.Http;

/// <summary>
/// One session that uses the HTTP transports: a connection that outlives its requests. The connection lasts from the first request until no
/// request has come for the grace period. Frames wait in a <see cref="CursorOutbox"/> for the request that reads them.
/// </summary>
/// <remarks>
/// Locks are taken in this order: <c>_readLock</c>, then the outbox's own lock or <c>_gate</c>. The outbox's lock and <c>_gate</c> may be
/// taken alone, but no code may take <c>_readLock</c> while it holds one of these two locks. The registry takes <c>_gate</c> inside its own
/// lock, and no code takes the registry's lock while it holds a lock of a session or an outbox.
/// </remarks>
#pragma warning disable CA1001 // a semaphore must be disposed of only if it has a wait handle, and this one has none
internal sealed class HttpSession : IConnectionTransport
#pragma warning restore CA1001
{
    /// <summary>The transport name of a connection before the first request for frames.</summary>
    public const string InitialTransportName = "http";

    private readonly ConnectionOptions _connectionOptions;
    private readonly TimeSpan _grace;
    private readonly TimeProvider _time;
    private readonly ReceivePace _pace;
    private readonly Lock _readLock = new();    // makes confirm, takeover and read atomic; see the remarks for the lock order
    private readonly Lock _gate = new();        // guards _activeRequest
    private readonly SemaphoreSlim _receiveLock = new(0);   // one POST at a time; first released when the handler is open
    private readonly TaskCompletionSource _closing = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _endDelivered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ActiveRequest? _activeRequest;
    private volatile string _token;
    private bool _isWelcomed;       // used by the handler's calls only, which never overlap
    private int _runningRequests;
    private long _lastRequest;
    private long _answerBytes;

    public HttpSession(string token, string remote, HttpEndpoint endpoint, HttpOptions options, ConnectionOptions connectionOptions, TimeProvider time)
    {
        _token = token;
        _connectionOptions = connectionOptions;
        _grace = TimeSpan.FromSeconds(options.GraceSeconds);
        _time = time;
        _pace = new ReceivePace(endpoint.FrameRate, time);
        _lastRequest = time.GetTimestamp();
        Outbox = new CursorOutbox(endpoint.OutboxBytes, CreateFirstCursor(time)) { GetBlockedFor = GetBlockedFor };
        Connection = new Connection(InitialTransportName, remote, new ConnectionRequest(Session: token), Outbox, time)
        {
            Transport = this,
        };
        Connection.Handler = endpoint.Handlers.Create(Connection);
    }

    public Connection Connection { get; }

    public CursorOutbox Outbox { get; }

    /// <summary>
    /// The token that the session's requests must carry. It changes when the connection gets another session (<c>login</c>, or <c>hello</c> with a
    /// token), and when <c>register</c> gives the session a new token.
    /// </summary>
    public string Token => _token;

    /// <summary>The name of the device: each device of a session has its own connection. Empty for the default device.</summary>
    public string Device { get; init; } = "";

    /// <summary>
    /// Called after each change of <see cref="Token"/>, with the previous token. The caller holds no lock. The registry sets this property.
    /// </summary>
    public Action<HttpSession, string>? TokenChanged { get; init; }

    /// <summary>The bytes of the answers to the session's POSTs that are not written yet.</summary>
    public long AnswerBytes => Volatile.Read(ref _answerBytes);

    /// <summary>Whether a request is waiting for frames.</summary>
    public bool HasWaitingRead
    {
        get
        {
            lock (_gate)
                return _activeRequest is { IsWaiting: true };
        }
    }

    /// <summary>
    /// Whether the connection is closed, or has no session (before the welcome, or after the session has ended). If another connection of
    /// the session has registered an account, the old token is invalid, but this value stays false.
    /// </summary>
    public bool IsEnding => !Connection.IsOpen || !Connection.Handler.HasSession;

    /// <summary>Completes when the handler is open (the welcome is in the outbox), or when the session ends before that.</summary>
    public Task Opened => _opened.Task;

    /// <summary>Completes when the session has ended: it receives no more frames and sends no more answers.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Completes when a request has delivered the last frame.</summary>
    public Task EndDelivered => _endDelivered.Task;

    /// <summary>Runs the session from the welcome to the close message, across all its requests.</summary>
    public async Task RunAsync(ConnectionRegistry connections, ILogger logger)
    {
        await Connection.RunAsync(connections, logger);
        _opened.TrySetResult();
        _ended.TrySetResult();
        // Release the lock for the POSTs that wait now or come later: they find the connection closed. Without this release, they would
        // wait forever.
        _receiveLock.Release();
    }

    /// <summary>Marks that a request of the session has come.</summary>
    /// <param name="isInCookie">
    /// Whether the request carries the token in a cookie, or comes from the server's own page. After such a request, no frame contains the
    /// token.
    /// </param>
    public void MarkActive(bool isInCookie)
    {
        if (isInCookie)
            Connection.SessionIsInCookie = true;
        Volatile.Write(ref _lastRequest, _time.GetTimestamp());
    }

    /// <summary>
    /// Marks that a request is running, until the result is disposed of. While a request is running, the session does not count as
    /// abandoned.
    /// </summary>
    public RequestScope BeginRequest()
    {
        Interlocked.Increment(ref _runningRequests);
        return new RequestScope(this);
    }

    /// <summary>
    /// Begins to read the frames after a cursor for a new request. In one atomic step, it confirms the frames up to the cursor and takes
    /// over from the older request. So if two requests come at the same time, only the newer one continues. A new request with a stale cursor is
    /// itself marked as taken over.
    /// </summary>
    /// <param name="cursor">The cursor of the request; null or 0 confirms nothing.</param>
    /// <param name="transportName">The transport that the request uses.</param>
    /// <param name="aborted">Cancelled when the peer is gone.</param>
    /// <returns>Null if the frames after the cursor are not available. In that case no request was taken over.</returns>
    public ActiveRequest? BeginRead(long? cursor, string transportName, CancellationToken aborted)
    {
        ActiveRequest request;
        lock (_readLock)
        {
            var status = Outbox.Confirm(cursor, out var from);
            if (status == CursorStatus.Unknown)
                return null;
            request = new ActiveRequest(this, from, _time, aborted);
            if (status == CursorStatus.Stale)
            {
                request.MarkTakenOver(TimeSpan.FromSeconds(_connectionOptions.LingerSeconds));
                return request;
            }

            lock (_gate)
            {
                _activeRequest?.MarkTakenOver(TimeSpan.FromSeconds(_connectionOptions.LingerSeconds));
                _activeRequest = request;
                Connection.TransportName = transportName;
            }
        }

        Outbox.Wake();
        if (!Connection.IsOpen)
            request.AbortAfter(_connectionOptions.LingerFor(Connection.Reason));
        return request;
    }

    /// <summary>
    /// Reads the frames after the request's cursor, and moves the cursor. A request that was taken over reads nothing, because the newer
    /// request may confirm these frames.
    /// </summary>
    /// <inheritdoc cref="CursorOutbox.Read"/>
    public ReadStatus Read(ActiveRequest request, List<EncodedFrame> frames, long maxBytes, bool asStream)
    {
        lock (_readLock)
        {
            if (request.IsTakenOver)
                return ReadStatus.Behind;
            var cursor = request.Cursor;
            var status = Outbox.Read(ref cursor, frames, maxBytes, asStream);
            request.Cursor = cursor;
            HideToken(frames);
            return status;
        }
    }

    /// <summary>Waits until there may be a frame after the request's cursor, or another request takes over.</summary>
    /// <returns>False if the timeout is over or the peer is gone.</returns>
    public async Task<bool> WaitAsync(ActiveRequest request, TimeSpan timeout)
    {
        var changed = Outbox.ChangedAsync(request.Cursor);
        if (!changed.IsCompleted && !request.IsTakenOver)
        {
            request.IsWaiting = true;
            await changed.WaitAsync(timeout, _time, request.Ended).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            request.IsWaiting = false;
        }

        return changed.IsCompleted || request.IsTakenOver;
    }

    /// <summary>Ends the read of a request and disposes of the request.</summary>
    /// <param name="request">The request that <see cref="BeginRead"/> returned.</param>
    /// <param name="isEndDelivered">The request has delivered the session's last frame.</param>
    public void EndRead(ActiveRequest request, bool isEndDelivered)
    {
        // Set the time first: otherwise a session whose stream has lasted for hours would look abandoned between the two steps.
        Volatile.Write(ref _lastRequest, _time.GetTimestamp());
        lock (_gate)
        {
            if (_activeRequest == request)
                _activeRequest = null;
        }

        request.Dispose();
        if (isEndDelivered)
            _endDelivered.TrySetResult();
    }

    /// <summary>
    /// Passes posted frames to the handler, one after the other. Returns false if the connection was closed before the first frame was
    /// handled.
    /// </summary>
    public async Task<bool> ReceiveAsync(IReadOnlyList<AnswerSlot> slots, CancellationToken aborted)
    {
        await _receiveLock.WaitAsync(aborted);
        try
        {
            foreach (var slot in slots)
            {
                if (!Connection.IsOpen)
                    return slot != slots[0];
                await slot.HandleAsync(Connection.Handler);
                await _pace.AfterFrameAsync(slot.FrameBytes);
            }
        }
#pragma warning disable CA1031 // an exception of the handler ends the connection, as on every transport; AnswerSlot has added an error for the client
        catch (Exception fault)
#pragma warning restore CA1031
        {
            _closing.TrySetException(fault);
        }
        finally
        {
            _receiveLock.Release();
        }

        return true;
    }

    /// <summary>Adds to the number of answer bytes that wait for the session. <paramref name="bytes"/> may be negative. Thread-safe.</summary>
    public void AddAnswerBytes(long bytes) => Interlocked.Add(ref _answerBytes, bytes);

    /// <summary>Creates the message that tells a request why it or its session ends.</summary>
    public EncodedFrame CreateCloseMessage(Disconnect reason) => Connection.Handler.CreateCloseMessage(reason)!;

    // A welcome in the outbox may still contain the token: if a program has started the session and a page continues it, the welcome is
    // older than the first request with the cookie.
    private void HideToken(List<EncodedFrame> frames)
    {
        if (!Connection.SessionIsInCookie)
            return;
        for (var i = 0; i < frames.Count; i++)
            frames[i] = frames[i].WithoutToken?.Value ?? frames[i];
    }

    // Only the current request counts: a request that was taken over may still wait until its peer receives the last bytes.
    private TimeSpan GetBlockedFor()
    {
        lock (_gate)
            return _activeRequest?.BlockedFor ?? TimeSpan.Zero;
    }

    // A client may keep the greatest cursor that it has seen. So the first cursor must be greater than every cursor of an earlier
    // connection of this session, even after a restart of the server. All cursors must stay below 2^53, because JavaScript counts exactly
    // only up to this number. The random part separates two connections that begin in the same millisecond.
    private static long CreateFirstCursor(TimeProvider time) => (time.GetUtcNow().ToUnixTimeMilliseconds() * 1024) + Random.Shared.Next(1024);

    /// <summary>The scope of a running request. The caller must dispose of the scope exactly once, when the request ends.</summary>
    public readonly struct RequestScope(HttpSession session) : IDisposable
    {
        public void Dispose()
        {
            // Set the time before the count. Otherwise the session would count as abandoned between the two steps.
            session.MarkActive(isInCookie: false);
            Interlocked.Decrement(ref session._runningRequests);
        }
    }

    async Task IConnectionTransport.ReceiveAsync()
    {
        _opened.TrySetResult();
        _receiveLock.Release();
        try
        {
            await _closing.Task;
        }
        finally
        {
            // Wait for the running POST, because OnClosedAsync must not run while the handler handles a message.
            await _receiveLock.WaitAsync();
        }
    }

    void IConnectionTransport.OnSessionChanged(string token)
    {
        var previous = _token;
        if (!_isWelcomed && token != previous)
        {
            // The session ended after its token was looked up, and the handler has started a new session. No client knows the token of the
            // new session.
            Connection.Close(Disconnect.SessionEnded);
            return;
        }

        _isWelcomed = true;
        if (token == previous)
            return;
        _token = token;
        TokenChanged?.Invoke(this, previous);
    }

    void IConnectionTransport.OnClosing()
    {
        _closing.TrySetResult();
        lock (_gate)
            _activeRequest?.AbortAfter(_connectionOptions.LingerFor(Connection.Reason));
    }

    bool IConnectionTransport.IsAbandoned
    {
        get
        {
            lock (_gate)
                return _activeRequest is null && Volatile.Read(ref _runningRequests) == 0 && _time.GetElapsedTime(Volatile.Read(ref _lastRequest)) >= _grace;
        }
    }
}
