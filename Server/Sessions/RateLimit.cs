namespace RawSocketChat.Server.Sessions;

/// <summary>How often something may be done: <paramref name="burst"/> at once, then <paramref name="perSecond"/>.</summary>
public sealed class Rate(double perSecond, int burst, TimeProvider time)
{
    public TimeProvider Time { get; } = time;

    /// <summary>Ticks of the clock's timestamps after which one taken is there again.</summary>
    public long TicksForOne { get; } = Math.Max(1, (long)(time.TimestampFrequency / perSecond));

    /// <summary>Ticks after which all of the burst is.</summary>
    public long TicksForAll => TicksForOne * burst;
}

/// <summary>
/// A token bucket, kept as the one moment at which it will be full: every connection has several, so they share what they
/// have in common, and need no lock. Safe from any thread.
/// </summary>
public sealed class RateLimit(Rate rate)
{
    private long _full = rate.Time.GetTimestamp();

    /// <summary>Takes one. False: nothing is left; then how many milliseconds until one is there again.</summary>
    public bool TryTake(out int retryAfterMs)
    {
        while (true)
        {
            var (full, now) = (Volatile.Read(ref _full), rate.Time.GetTimestamp());
            var then = Math.Max(full, now) + rate.TicksForOne;
            var missing = then - now - rate.TicksForAll;
            if (missing > 0)
            {
                retryAfterMs = (int)Math.Min(int.MaxValue, Math.Ceiling(missing * 1000.0 / rate.Time.TimestampFrequency));
                return false;
            }

            retryAfterMs = 0;
            if (Interlocked.CompareExchange(ref _full, then, full) == full)
                return true;
        }
    }

    /// <summary>Undoes one <see cref="TryTake"/>.</summary>
    public void GiveBack() => Interlocked.Add(ref _full, -rate.TicksForOne);

    /// <summary>How long nothing may be taken until it is as if nothing ever was.</summary>
    public TimeSpan UntilFull => TimeSpan.FromSeconds(Math.Max(0, Volatile.Read(ref _full) - rate.Time.GetTimestamp()) / (double)rate.Time.TimestampFrequency);
}
