namespace RawSocketChat.Server.Transports.Http;

/// <summary>
/// One request that takes a session's frames. There is one at a time: a newer one takes over, and this one then ends. Disposed
/// by the request.
/// </summary>
internal sealed class Attendance : IDisposable
{
    private readonly CancellationTokenSource _patience;
    private readonly CancellationTokenRegistration _aborted;
    private volatile bool _isTakenOver;

    public Attendance(TimeProvider time, CancellationToken aborted)
    {
        _patience = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        _aborted = aborted.Register(_patience.Cancel);
    }

    /// <summary>Cancelled once the peer is gone, or has had its time for the last bytes.</summary>
    public CancellationToken Ended => _patience.Token;

    /// <summary>Whether a newer request has the session's frames now.</summary>
    public bool IsTakenOver => _isTakenOver;

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
