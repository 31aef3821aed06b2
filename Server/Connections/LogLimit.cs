namespace RawSocketChat.Server.Connections;

/// <summary>
/// Limits how often strangers can cause one kind of log line: 20 lines at once, then one line every ten seconds. Safe from any thread.
/// </summary>
public sealed class LogLimit(TimeProvider time)
{
    private readonly RateLimit _limit = new(new Rate(perSecond: 0.1, burst: 20, time));
    private long _dropped;

    /// <summary>Whether a line may be written now.</summary>
    /// <param name="dropped">If the result is true, the number of lines that were not written since the last written line.</param>
    public bool TryTake(out long dropped)
    {
        dropped = 0;
        if (!_limit.TryTake(out _))
        {
            Interlocked.Increment(ref _dropped);
            return false;
        }

        dropped = Interlocked.Exchange(ref _dropped, 0);
        return true;
    }
}
