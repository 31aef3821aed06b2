using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Transports.Http;

/// <summary>
/// One session as it asks over HTTP, from its first request until it stops asking: a connection that outlives its requests.
/// What is sent to it waits in a <see cref="CursorOutbox"/> for the request that comes for it.
/// </summary>
#pragma warning disable CA1001 // the semaphore has no wait handle, which alone would have to be disposed of
internal sealed class HttpSession : IConnectionTransport
#pragma warning restore CA1001
{
    private readonly ConnectionOptions _connectionOptions;
    private readonly TimeSpan _grace;
    private readonly TimeProvider _time;
    private readonly Lock _turn = new();      // held before the outbox's own lock and _gate, never within them
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _receiving = new(0);
    private readonly TaskCompletionSource _closing = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _served = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _greeted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Attendance? _attendance;
    private volatile string _token;
    private volatile bool _isInCookie;
    private bool _isGreeted;
    private int _requests;
    private long _lastRequest;

    public HttpSession(string token, string remote, HttpEndpoint endpoint, HttpOptions options, ConnectionOptions connectionOptions, TimeProvider time)
    {
        _token = token;
        _connectionOptions = connectionOptions;
        _grace = TimeSpan.FromSeconds(options.GraceSeconds);
        _time = time;
        _lastRequest = time.GetTimestamp();
        Outbox = new CursorOutbox(endpoint.OutboxBytes, FirstCursor(time)) { Passing = Learn, Stuck = StuckFor };
        Connection = new Connection("http", remote, new ConnectionRequest(Session: token), Outbox, time)
        {
            Transport = this,
        };
        Connection.Handler = endpoint.Handlers.Create(Connection);
    }

    public Connection Connection { get; }

    public CursorOutbox Outbox { get; }

    /// <summary>What its requests must bear; <c>register</c> and <c>login</c> change it.</summary>
    public string Token => _token;

    /// <summary>Which of the session's devices this is; empty for the one that most have.</summary>
    public string Device { get; init; } = "";

    /// <summary>Told of each change of <see cref="Token"/>, with the earlier one. Set by the registry.</summary>
    public Action<HttpSession, string>? TokenChanged { get; init; }

    /// <summary>Whether the token came in a page's cookie, where no script may read it; so no frame may tell it.</summary>
    public bool IsInCookie => _isInCookie;

    /// <summary>Whether a request takes its frames, or waits for some.</summary>
    public bool IsAttended
    {
        get
        {
            lock (_gate)
                return _attendance is not null;
        }
    }

    /// <summary>Completes when the greeting is among its frames, or there will be none.</summary>
    public Task Greeted => _greeted.Task;

    /// <summary>Completes when nothing more is received or answered.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Completes when its end was told to a request.</summary>
    public Task Served => _served.Task;

    /// <summary>Runs from the greeting to the farewell, however many requests there are meanwhile.</summary>
    public async Task RunAsync(ConnectionRegistry connections, ILogger logger)
    {
        await Connection.RunAsync(connections, logger);
        _greeted.TrySetResult();
        _ended.TrySetResult();
        // Whoever comes, or waits, to have something received finds out that it is over, also where it never began.
        _receiving.Release();
    }

    /// <summary>A request bears the session; one that has it in a cookie must not be told the token by any frame.</summary>
    public void Touch(bool isInCookie)
    {
        _isInCookie |= isInCookie;
        Volatile.Write(ref _lastRequest, _time.GetTimestamp());
    }

    /// <summary>From now until it is disposed of a request is under way, and the session is not taken for one that nobody asks for.</summary>
    public Asking BeginAsking()
    {
        Interlocked.Increment(ref _requests);
        return new Asking(this);
    }

    /// <summary>
    /// A request comes for the frames after its cursor, which confirms those before; one that waits for them already ends. Both at
    /// once, so that of two which come together the newer one goes on, and the other is told. One that is behind another is taken
    /// over from its beginning.
    /// </summary>
    /// <param name="cursor">What it confirms; null or 0: nothing.</param>
    /// <param name="way">What it comes by.</param>
    /// <param name="aborted">Cancelled when its peer is gone.</param>
    /// <param name="from">The cursor to read with.</param>
    /// <returns>Null: what follows the cursor is not known here. Nobody was taken over.</returns>
    public Attendance? Attend(long? cursor, string way, CancellationToken aborted, out long from)
    {
        Attendance attendance;
        lock (_turn)
        {
            var standing = Outbox.Confirm(cursor, out from);
            if (standing == CursorStanding.Unknown)
                return null;
            attendance = new Attendance(_time, aborted);
            if (standing == CursorStanding.Outrun)
            {
                attendance.TakeOver(TimeSpan.FromSeconds(_connectionOptions.LingerSeconds));
                return attendance;
            }

            lock (_gate)
            {
                _attendance?.TakeOver(TimeSpan.FromSeconds(_connectionOptions.LingerSeconds));
                _attendance = attendance;
                Connection.Way = way;
            }
        }

        Outbox.Wake();
        if (!Connection.IsOpen)
            attendance.EndWithin(_connectionOptions.LingerFor(Connection.Reason));
        return attendance;
    }

    /// <summary>Hands out what follows a request's cursor. One that was taken over gets nothing: what it would take is the newer one's to confirm.</summary>
    /// <inheritdoc cref="CursorOutbox.Read"/>
    public ReadStanding Read(Attendance attendance, ref long cursor, List<OutboundFrame> frames, long mostBytes, bool asStream)
    {
        lock (_turn)
            return attendance.IsTakenOver ? ReadStanding.Behind : Outbox.Read(ref cursor, frames, mostBytes, asStream);
    }

    /// <summary>The request has ended.</summary>
    /// <param name="attendance">What it got.</param>
    /// <param name="isServed">It has told all that there was to tell, the end included.</param>
    public void Leave(Attendance attendance, bool isServed)
    {
        lock (_gate)
        {
            if (_attendance == attendance)
                _attendance = null;
        }

        Volatile.Write(ref _lastRequest, _time.GetTimestamp());
        attendance.Dispose();
        if (isServed)
            _served.TrySetResult();
    }

    /// <summary>Waits until there may be something after the cursor, another request takes over, or the time is up.</summary>
    /// <returns>False: the time is up, or the peer is gone.</returns>
    public async Task<bool> WaitAsync(Attendance attendance, long cursor, TimeSpan atMost)
    {
        var changed = Outbox.ChangedAsync(cursor);
        if (!changed.IsCompleted && !attendance.IsTakenOver)
            await changed.WaitAsync(atMost, _time, attendance.Ended).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return changed.IsCompleted || attendance.IsTakenOver;
    }

    /// <summary>Has the posted frames answered, one after the other. False: the session ended before the first of them.</summary>
    public async Task<bool> ReceiveAsync(IReadOnlyList<AnswerSlot> slots, CancellationToken aborted)
    {
        await _receiving.WaitAsync(aborted);
        try
        {
            foreach (var slot in slots)
            {
                if (!Connection.IsOpen)
                    return slot != slots[0];
                await slot.FillAsync(Connection.Handler);
            }
        }
#pragma warning disable CA1031 // what the handler throws ends the session's connection, as by any way in; the request has its answer
        catch (Exception fault)
#pragma warning restore CA1031
        {
            _closing.TrySetException(fault);
        }
        finally
        {
            _receiving.Release();
        }

        return true;
    }

    /// <summary>Looks at what is told to this session; of another token that it gets, its bearer alone is told.</summary>
    public OutboundFrame Learn(OutboundFrame frame)
    {
        if (!frame.Payload.Span.StartsWith("{\"type\":\"welcome\""u8) || !ChatCodec.TryReadServer(frame.Payload.Span, out var read) || read is not WelcomeFrame welcome)
            return frame;

        var before = _token;
        if (!_isGreeted && welcome.Session != before)
        {
            // It ended between the look at its token and now: what the handler made instead is nobody's.
            Connection.Close(Disconnect.SessionEnded);
            return frame;
        }

        _isGreeted = true;
        if (welcome.Session != before)
        {
            _token = welcome.Session;
            TokenChanged?.Invoke(this, before);
        }

        return _isInCookie ? new OutboundFrame(ChatCodec.Encode(welcome with { Session = "" })) : frame;
    }

    // Of the request that gets the frames now: one that it took over from may be stuck for its own last bytes, which is nobody's concern.
    private TimeSpan StuckFor()
    {
        lock (_gate)
            return _attendance?.StuckFor ?? TimeSpan.Zero;
    }

    // Beyond what any outbox of this session has counted to in an earlier life, before a restart as well, so that a client which keeps
    // the greatest is right; small enough for JavaScript to count one by one. The chance parts lives that begin in one millisecond.
    private static long FirstCursor(TimeProvider time) => (time.GetUtcNow().ToUnixTimeMilliseconds() * 1024) + Random.Shared.Next(1024);

    /// <summary>A request that is under way. To be disposed of once, at its end.</summary>
    public readonly struct Asking(HttpSession session) : IDisposable
    {
        public void Dispose()
        {
            // The time first: else the session would look abandoned in between.
            session.Touch(isInCookie: false);
            Interlocked.Decrement(ref session._requests);
        }
    }

    async Task IConnectionTransport.ReceiveAsync()
    {
        _greeted.TrySetResult();
        _receiving.Release();
        try
        {
            await _closing.Task;
        }
        finally
        {
            // The handler is never told of the end in the middle of a message.
            await _receiving.WaitAsync();
        }
    }

    void IConnectionTransport.Closing()
    {
        _closing.TrySetResult();
        lock (_gate)
            _attendance?.EndWithin(_connectionOptions.LingerFor(Connection.Reason));
    }

    bool IConnectionTransport.IsAbandoned
    {
        get
        {
            lock (_gate)
                return _attendance is null && Volatile.Read(ref _requests) == 0 && _time.GetElapsedTime(Volatile.Read(ref _lastRequest)) >= _grace;
        }
    }
}
