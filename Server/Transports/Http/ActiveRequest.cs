namespace RawSocketChat.Server.Transports.Http;

/// <summary>
/// One HTTP request that reads a session's frames. A session has one such request at a time. When a newer request takes over, the older
/// request ends. <see cref="HttpSession.BeginRead"/> creates the object, and <see cref="HttpSession.EndRead"/> disposes of the object.
/// </summary>
internal sealed class ActiveRequest : IDisposable
{
    private readonly CancellationTokenSource _timeout;
    private readonly CancellationTokenRegistration _aborted;
    private readonly TimeProvider _time;
    private volatile bool _isTakenOver;
    private long _flushingSince;

    /// <param name="session">The session whose frames the request reads.</param>
    /// <param name="cursor">The request reads the frames after this number.</param>
    /// <param name="time">The clock.</param>
    /// <param name="aborted">Cancelled when the peer is gone.</param>
    public ActiveRequest(HttpSession session, long cursor, TimeProvider time, CancellationToken aborted)
    {
        Session = session;
        Cursor = cursor;
        _time = time;
        _timeout = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        _aborted = aborted.Register(_timeout.Cancel);
    }

    public HttpSession Session { get; }

    /// <summary>
    /// The number of the last frame that the request has read. Before the first read, it is the cursor at which the request starts. Only
    /// the reads of this request change the number.
    /// </summary>
    public long Cursor { get; set; }

    /// <summary>Cancelled when the peer is gone, or when the peer has not received the last bytes in time.</summary>
    public CancellationToken Ended => _timeout.Token;

    /// <summary>Whether the request has read all frames and waits for the next one.</summary>
    public bool IsWaiting { get; set; }

    /// <summary>Whether a newer request reads the session's frames now.</summary>
    public bool IsTakenOver => _isTakenOver;

    /// <summary>How long this request has been waiting for the peer to receive bytes; zero while no bytes wait.</summary>
    public TimeSpan BlockedFor => Volatile.Read(ref _flushingSince) is not 0 and var since ? _time.GetElapsedTime(since) : TimeSpan.Zero;

    /// <summary>Marks the beginning (true) or the end (false) of a wait for the peer to receive bytes.</summary>
    public void SetFlushing(bool flushing) => Volatile.Write(ref _flushingSince, flushing ? _time.GetTimestamp() : 0);

    /// <summary>Marks that a newer request has taken over.</summary>
    /// <param name="lingerTimeout">The time within which the peer of this request must receive the last bytes.</param>
    public void MarkTakenOver(TimeSpan lingerTimeout)
    {
        _isTakenOver = true;
        AbortAfter(lingerTimeout);
    }

    /// <summary>Aborts the request after a time. The peer must receive the last bytes within this time.</summary>
    public void AbortAfter(TimeSpan timeout)
    {
        try
        {
            _timeout.CancelAfter(timeout);
        }
        catch (ObjectDisposedException)
        {
            // The request has already ended.
        }
    }

    public void Dispose()
    {
        _aborted.Dispose();
        _timeout.Dispose();
    }
}
