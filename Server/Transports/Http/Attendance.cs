namespace RawSocketChat.Server.Transports.Http;

/// <summary>
/// One request that takes a session's frames. There is one at a time: a newer one takes over, and this one then ends. Disposed
/// by the request.
/// </summary>
internal sealed class Attendance : IDisposable
{
    private readonly CancellationTokenSource _patience;
    private readonly CancellationTokenRegistration _aborted;
    private readonly TimeProvider _time;
    private volatile bool _isTakenOver;
    private long _flushingSince;

    public Attendance(TimeProvider time, CancellationToken aborted)
    {
        _time = time;
        _patience = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        _aborted = aborted.Register(_patience.Cancel);
    }

    /// <summary>Cancelled once the peer is gone, or has had its time for the last bytes.</summary>
    public CancellationToken Ended => _patience.Token;

    /// <summary>Whether a newer request has the session's frames now.</summary>
    public bool IsTakenOver => _isTakenOver;

    /// <summary>How long the peer has taken nothing although something waits; zero while it flows.</summary>
    public TimeSpan StuckFor => Volatile.Read(ref _flushingSince) is not 0 and var since ? _time.GetElapsedTime(since) : TimeSpan.Zero;

    /// <summary>The request begins to wait for its peer to take something, or has ended waiting.</summary>
    public void SetFlushing(bool flushing) => Volatile.Write(ref _flushingSince, flushing ? _time.GetTimestamp() : 0);

    public void TakeOver(TimeSpan timeForLastBytes)
    {
        _isTakenOver = true;
        EndWithin(timeForLastBytes);
    }

    /// <summary>Gives the peer so long to take the last bytes.</summary>
    public void EndWithin(TimeSpan time)
    {
        try
        {
            _patience.CancelAfter(time);
        }
        catch (ObjectDisposedException)
        {
            // The request has ended by itself.
        }
    }

    public void Dispose()
    {
        _aborted.Dispose();
        _patience.Dispose();
    }
}
