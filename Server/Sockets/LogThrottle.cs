namespace RawSocketChat.Server.Sockets;

/// <summary>
/// Limits the log lines about an event that can happen with each connection: one line at most in <see cref="Interval"/>. Safe from any
/// thread.
/// </summary>
internal sealed class LogThrottle(TimeProvider time)
{
    /// <summary>The minimum time between two lines.</summary>
    internal static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private long _count;
    private long _lastLine;
    private bool _hasLine;

    /// <summary>Counts one event.</summary>
    /// <param name="count">The number of events since the last line, with this one.</param>
    /// <returns>True if the caller must log a line now.</returns>
    public bool TryBeginLine(out long count)
    {
        lock (_gate)
        {
            count = ++_count;
            if (_hasLine && time.GetElapsedTime(_lastLine) < Interval)
                return false;
            (_count, _lastLine, _hasLine) = (0, time.GetTimestamp(), true);
            return true;
        }
    }
}
