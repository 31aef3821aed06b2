namespace RawSocketChat.Server.Connections;

/// <summary>
/// Has a token bucket (<see cref="RateLimit"/>) for each key, for at most <paramref name="maxKeys"/> keys. If the table has that many keys,
/// a new key replaces a key whose bucket is full. The replaced key loses nothing: if the key is used again, its new bucket is full too. If no bucket
/// is full, a new key gets no token, and no key is replaced. Otherwise an attacker could use many new keys to remove the bucket that limits the
/// attack. Thread-safe.
/// </summary>
public sealed class RateLimits(double perSecond, int burst, int maxKeys, TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly Rate _rate = new(perSecond, burst, time);
    private readonly long _start = time.GetTimestamp();
    private readonly Dictionary<string, RateLimit> _byKey = [];

    // For each key, the time (counted from _start) at which its bucket was expected to be full. Tokens may have been taken or given back in
    // the meantime, so the bucket is checked when its key is dequeued.
    private readonly PriorityQueue<string, TimeSpan> _byTimeFull = new();

    public int Count
    {
        get
        {
            lock (_gate)
                return _byKey.Count;
        }
    }

    /// <summary>
    /// Takes one token of a key. Returns false if no token is left, or if the table is full and a new key cannot replace another key.
    /// </summary>
    /// <param name="retryAfterMs">If the result is false, milliseconds until a retry may succeed; otherwise 0.</param>
    public bool TryTake(string key, out int retryAfterMs) => TryTake(key, 1, out retryAfterMs);

    /// <summary>Takes several tokens of a key, or none if too few are left. Otherwise like the overload for one token.</summary>
    /// <param name="tokens">The number of tokens. If it is larger than the burst, the result is always false.</param>
    public bool TryTake(string key, int tokens, out int retryAfterMs)
    {
        lock (_gate)
        {
            if (!_byKey.TryGetValue(key, out var limit))
            {
                if (_byKey.Count >= maxKeys && !TryEvictFullBucket(out retryAfterMs))
                    return false;
                _byKey.Add(key, limit = new RateLimit(_rate));
                _byTimeFull.Enqueue(key, time.GetElapsedTime(_start));
            }

            return limit.TryTake(tokens, out retryAfterMs);
        }
    }

    /// <summary>Undoes one <see cref="TryTake"/> of the key.</summary>
    public void GiveBack(string key)
    {
        lock (_gate)
        {
            if (_byKey.TryGetValue(key, out var limit))
                limit.GiveBack();
        }
    }

    // Examines only buckets whose expected time has passed. A bucket that is not full yet gets a new expected time.
    private bool TryEvictFullBucket(out int retryAfterMs)
    {
        var now = time.GetElapsedTime(_start);
        while (_byTimeFull.TryPeek(out var key, out var timeFull) && timeFull <= now)
        {
            _byTimeFull.Dequeue();
            var remaining = _byKey[key].TimeUntilFull;
            if (remaining <= TimeSpan.Zero)
            {
                _byKey.Remove(key);
                retryAfterMs = 0;
                return true;
            }

            _byTimeFull.Enqueue(key, now + remaining);
        }

        _byTimeFull.TryPeek(out _, out var first);
        retryAfterMs = (int)Math.Min(int.MaxValue, Math.Ceiling((first - now).TotalMilliseconds));
        return false;
    }
}
