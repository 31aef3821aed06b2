namespace RawSocketChat.Server.Storage;

/// <summary>
/// Detects leaps of the wall clock, because a wrong clock must not cause the removal of data. At the start, this class compares the clock with
/// the time of the newest stored event. After that, it compares the clock with a monotonic clock. After a leap, the clock counts as wrong for 24
/// hours of the monotonic clock. An operator or NTP can correct a wrong clock in this time. If the leap itself was a correction, the clock
/// counts as right again after this time. Everything that removes data by its age asks this class first. Thread-safe.
/// </summary>
public sealed class ClockGuard(TimeProvider time, ILogger<ClockGuard> logger)
{
    /// <summary>
    /// For this time after a leap, the server removes no data by its age. This is also the maximum age of the newest event at the start. If
    /// the event is older, the server cannot know whether the clock leapt or whether nobody used the server.
    /// </summary>
    public static readonly TimeSpan DistrustTime = TimeSpan.FromDays(1);

    // Only a larger difference counts as a leap, because NTP usually corrects the clock by less. A smaller difference can cause a removal at most one
    // hour too early.
    private static readonly TimeSpan Tolerance = TimeSpan.FromHours(1);

    private readonly Lock _gate = new();
    private bool _isCompared;
    private DateTimeOffset _seenAt = time.GetUtcNow();
    private long _seenTimestamp = time.GetTimestamp();
    private long? _leaptTimestamp;

    /// <summary>Whether the clock has been compared with the newest event.</summary>
    public bool IsCompared
    {
        get
        {
            lock (_gate)
                return _isCompared;
        }
    }

    /// <summary>Compares the clock with the newest event. Only the first call has an effect.</summary>
    /// <param name="newest">The time of the newest event that was stored before the start; null if there is none.</param>
    public void CompareWith(DateTimeOffset? newest)
    {
        lock (_gate)
        {
            if (_isCompared)
                return;
            _isCompared = true;
            if (newest is { } at && time.GetUtcNow() - at is var leap && leap > DistrustTime)
                BeginDistrust(leap);
        }
    }

    /// <summary>Whether the clock can be trusted now. Call this method at least once a minute.</summary>
    public bool IsTrusted()
    {
        lock (_gate)
        {
            var (now, timestamp) = (time.GetUtcNow(), time.GetTimestamp());
            var leap = now - _seenAt - time.GetElapsedTime(_seenTimestamp, timestamp);
            (_seenAt, _seenTimestamp) = (now, timestamp);
            if (leap.Duration() > Tolerance)
                BeginDistrust(leap);
            if (_leaptTimestamp is { } leapt && time.GetElapsedTime(leapt, timestamp) >= DistrustTime)
                _leaptTimestamp = null;
            return _leaptTimestamp is null;
        }
    }

    private void BeginDistrust(TimeSpan leap)
    {
        _leaptTimestamp = time.GetTimestamp();
        Sql.Log.ClockLeapt(logger, leap.TotalDays, (int)DistrustTime.TotalHours);
    }
}
