namespace RawSocketChat.Server.Logging;

/// <summary>
/// Limits how often clients can cause one kind of log line: <paramref name="burst"/> lines in one burst, then one line in each
/// <paramref name="interval"/>. Thread-safe.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="burst">The number of lines that may be written in one burst; at least 1.</param>
/// <param name="interval">The time after which one more line may be written.</param>
public sealed class LogLimit(TimeProvider time, int burst, TimeSpan interval)
{
    private readonly Lock _gate = new();
    private readonly long _start = time.GetTimestamp();

    // The time since _start at which a whole burst may be written again (GCRA). Each written line makes this time one interval later.
    private TimeSpan _burstAt;
    private long _dropped;

    /// <summary>The usual limit: 20 lines in one burst, then one line in ten seconds.</summary>
    public static LogLimit CreateUsual(TimeProvider time) => new(time, burst: 20, TimeSpan.FromSeconds(10));

    /// <summary>Asks whether one line may be written. If the limit is reached, counts the line as dropped and returns false.</summary>
    /// <param name="dropped">If the result is true, the number of lines that were dropped since the last written line.</param>
    public bool TryTake(out long dropped)
    {
        lock (_gate)
        {
            var now = time.GetElapsedTime(_start);
            if (_burstAt - now > interval * (burst - 1))
            {
                _dropped++;
                dropped = 0;
                return false;
            }

            _burstAt = (_burstAt > now ? _burstAt : now) + interval;
            (dropped, _dropped) = (_dropped, 0);
            return true;
        }
    }
}
