namespace RawSocketChat.Server.Sessions;

/// <summary>
/// A <see cref="RateLimit"/> for each key, of at most <paramref name="mostKeys"/>. Only one that is full again makes room, since a
/// key that comes back finds it full in any case; where none is, a new key is refused: else who fills the table with keys of
/// no worth would make it forget the one that is guessed at. Safe from any thread.
/// </summary>
public sealed class RateLimits(double perSecond, int burst, int mostKeys, TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly Rate _rate = new(perSecond, burst, time);
    private readonly long _beginning = time.GetTimestamp();
    private readonly Dictionary<string, RateLimit> _byKey = [];

    // When each is full again, at the earliest: what was taken of it since is looked at once its turn comes.
    private readonly PriorityQueue<string, TimeSpan> _byFullness = new();

    public int Count
    {
        get
        {
            lock (_gate)
                return _byKey.Count;
        }
    }

    /// <summary>Takes one of the key's. False: nothing is left, or no room for the key; then how many milliseconds until there is.</summary>
    public bool TryTake(string key, out int retryAfterMs)
    {
        lock (_gate)
        {
            if (!_byKey.TryGetValue(key, out var limit))
            {
                if (_byKey.Count >= mostKeys && !TryMakeRoom(out retryAfterMs))
                    return false;
                _byKey.Add(key, limit = new RateLimit(_rate));
                _byFullness.Enqueue(key, time.GetElapsedTime(_beginning));
            }

            return limit.TryTake(out retryAfterMs);
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

    // Looks at each bucket at most once for each time that it was full.
    private bool TryMakeRoom(out int retryAfterMs)
    {
        var now = time.GetElapsedTime(_beginning);
        while (_byFullness.TryPeek(out var key, out var full) && full <= now)
        {
            _byFullness.Dequeue();
            var left = _byKey[key].UntilFull;
            if (left <= TimeSpan.Zero)
            {
                _byKey.Remove(key);
                retryAfterMs = 0;
                return true;
            }

            _byFullness.Enqueue(key, now + left);
        }

        _byFullness.TryPeek(out _, out var first);
        retryAfterMs = (int)Math.Min(int.MaxValue, Math.Ceiling((first - now).TotalMilliseconds));
        return false;
    }
}
