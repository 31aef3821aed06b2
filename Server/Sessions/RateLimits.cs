namespace RawSocketChat.Server.Sessions;

/// <summary>A <see cref="RateLimit"/> for each key, of at most <paramref name="mostKeys"/>: the least recently used are forgotten. Safe from any thread.</summary>
public sealed class RateLimits(double perSecond, int burst, int mostKeys, TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, LinkedListNode<(string Key, RateLimit Limit)>> _byKey = [];
    private readonly LinkedList<(string Key, RateLimit Limit)> _byUse = [];

    public int Count
    {
        get
        {
            lock (_gate)
                return _byKey.Count;
        }
    }

    /// <summary>Takes one of the key's. False: nothing is left; then how many milliseconds until one is there again.</summary>
    public bool TryTake(string key, out int retryAfterMs)
    {
        lock (_gate)
        {
            if (_byKey.TryGetValue(key, out var node))
                _byUse.Remove(node);
            else
                _byKey.Add(key, node = new((key, new RateLimit(perSecond, burst, time))));
            _byUse.AddLast(node);
            if (_byKey.Count > mostKeys)
            {
                _byKey.Remove(_byUse.First!.Value.Key);
                _byUse.RemoveFirst();
            }

            return node.Value.Limit.TryTake(out retryAfterMs);
        }
    }

    /// <summary>Undoes one <see cref="TryTake"/> of the key.</summary>
    public void GiveBack(string key)
    {
        lock (_gate)
        {
            if (_byKey.TryGetValue(key, out var node))
                node.Value.Limit.GiveBack();
        }
    }
}
