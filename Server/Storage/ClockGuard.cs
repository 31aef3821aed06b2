namespace RawSocketChat.Server.Storage;

/// <summary>
/// Detects leaps of the wall clock, so that a wrong clock causes no removal of old data. The reference is the time of the newest
/// stored event, and later the time that a monotonic clock measures. After a leap, the clock counts as wrong for 24 hours of the monotonic
/// clock. An operator or NTP can correct a wrong clock in this time. If the leap itself was a correction, the clock counts as right again
/// after this time. Not safe for concurrent calls.
/// </summary>
public sealed class ClockGuard(TimeProvider time)
{
    /// <summary>
    /// The time for which nothing is removed after a leap. Also the maximum age of the newest event at the start: a server that nobody has
    /// used for longer cannot tell a quiet time from a leap.
    /// </summary>
    public static readonly TimeSpan DistrustTime = TimeSpan.FromDays(1);

    // More than the usual corrections by NTP, and less than any difference that removes data.
    private static readonly TimeSpan Tolerance = TimeSpan.FromHours(1);

    private DateTimeOffset? _seenAt;
    private long _seenTimestamp;
    private long? _leaptTimestamp;

    /// <summary>Whether the next call of <see cref="IsTrusted"/> needs the time of the newest event. Later calls do not use it.</summary>
    public bool NeedsNewest => _seenAt is null;

    /// <summary>Whether the clock can be trusted now. Call this method about once a minute.</summary>
    /// <param name="newest">The time of the newest stored event; null if there is none. Only the first call uses it.</param>
    /// <param name="leap">The size of a leap that this call has detected; otherwise null.</param>
    public bool IsTrusted(DateTimeOffset? newest, out TimeSpan? leap)
    {
        var (now, timestamp) = (time.GetUtcNow(), time.GetTimestamp());
        if (_seenAt is { } seenAt)
        {
            var difference = now - seenAt - time.GetElapsedTime(_seenTimestamp, timestamp);
            leap = difference.Duration() > Tolerance ? difference : null;
        }
        else
        {
            leap = newest is { } at && now - at > DistrustTime ? now - at : null;
        }

        (_seenAt, _seenTimestamp) = (now, timestamp);
        if (leap is not null)
            _leaptTimestamp = timestamp;
        if (_leaptTimestamp is { } leapt && time.GetElapsedTime(leapt, timestamp) >= DistrustTime)
            _leaptTimestamp = null;
        return _leaptTimestamp is null;
    }
}
