namespace RawSocketChat.Server.Connections;

/// <summary>
/// The rate of a <see cref="RateLimit"/>: <paramref name="burst"/> tokens in one burst, then <paramref name="perSecond"/> tokens a second.
/// </summary>
public sealed class Rate(double perSecond, int burst, TimeProvider time)
{
    public TimeProvider Time { get; } = time;

    /// <summary>The time until one token comes back, in ticks of the clock's timestamp.</summary>
    public long TicksPerToken { get; } = Math.Max(1, (long)(time.TimestampFrequency / perSecond));

    /// <summary>The time until the whole burst comes back, in the same ticks.</summary>
    public long TicksPerBurst => TicksPerToken * burst;
}

/// <summary>
/// A token bucket. Every connection has several buckets, so a bucket must be small. Its only state is the time at which the bucket is full
/// again. Buckets of the same kind share a <see cref="Rate"/>. Thread-safe, without a lock.
/// </summary>
public sealed class RateLimit(Rate rate)
{
    private long _fullAt = rate.Time.GetTimestamp();

    /// <summary>Takes one token. Returns false if none is left.</summary>
    /// <param name="retryAfterMs">Milliseconds until the next token, if none is left; otherwise 0.</param>
    public bool TryTake(out int retryAfterMs) => TryTake(1, out retryAfterMs);

    /// <summary>Takes several tokens. Returns false, and takes none, if fewer are left.</summary>
    /// <param name="tokens">The number of tokens. If it is larger than the burst, the result is always false.</param>
    /// <param name="retryAfterMs">Milliseconds until there are enough tokens, if there are too few; otherwise 0.</param>
    public bool TryTake(int tokens, out int retryAfterMs)
    {
        while (true)
        {
            var (fullAt, now) = (Volatile.Read(ref _fullAt), rate.Time.GetTimestamp());
            var nextFullAt = Math.Max(fullAt, now) + (tokens * rate.TicksPerToken);
            var missing = nextFullAt - now - rate.TicksPerBurst;
            if (missing > 0)
            {
                retryAfterMs = (int)Math.Min(int.MaxValue, Math.Ceiling(missing * 1000.0 / rate.Time.TimestampFrequency));
                return false;
            }

            retryAfterMs = 0;
            if (Interlocked.CompareExchange(ref _fullAt, nextFullAt, fullAt) == fullAt)
                return true;
        }
    }

    /// <summary>
    /// Takes several tokens, even if fewer are left. In that case the bucket is overdrawn: the missing tokens must come back before another token can be taken.
    /// </summary>
    /// <returns>The time until the bucket is no longer overdrawn; zero if it is not overdrawn.</returns>
    public TimeSpan Overdraw(int tokens)
    {
        while (true)
        {
            var (fullAt, now) = (Volatile.Read(ref _fullAt), rate.Time.GetTimestamp());
            var nextFullAt = Math.Max(fullAt, now) + (tokens * rate.TicksPerToken);
            if (Interlocked.CompareExchange(ref _fullAt, nextFullAt, fullAt) == fullAt)
                return TimeSpan.FromSeconds(Math.Max(0, nextFullAt - now - rate.TicksPerBurst) / (double)rate.Time.TimestampFrequency);
        }
    }

    /// <summary>Undoes one successful <see cref="TryTake(int, out int)"/> of the same number of tokens.</summary>
    public void GiveBack(int tokens = 1) => Interlocked.Add(ref _fullAt, -tokens * rate.TicksPerToken);

    /// <summary>Time until the bucket is full again if no token is taken before then.</summary>
    public TimeSpan TimeUntilFull => TimeSpan.FromSeconds(Math.Max(0, Volatile.Read(ref _fullAt) - rate.Time.GetTimestamp()) / (double)rate.Time.TimestampFrequency);
}
