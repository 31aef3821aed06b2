namespace RawSocketChat.Server.Sessions;

/// <summary>A token bucket: <paramref name="burst"/> at once, then <paramref name="perSecond"/>. Safe from any thread.</summary>
public sealed class RateLimit(double perSecond, int burst, TimeProvider time)
{
    private readonly Lock _gate = new();
    private double _tokens = burst;
    private long _at = time.GetTimestamp();

    /// <summary>Takes one. False: nothing is left; then how many milliseconds until one is there again.</summary>
    public bool TryTake(out int retryAfterMs)
    {
        lock (_gate)
        {
            Refill();
            if (_tokens >= 1)
            {
                _tokens--;
                retryAfterMs = 0;
                return true;
            }

            retryAfterMs = (int)Math.Ceiling((1 - _tokens) / perSecond * 1000);
            return false;
        }
    }

    /// <summary>Undoes one <see cref="TryTake"/>.</summary>
    public void GiveBack()
    {
        lock (_gate)
            _tokens = Math.Min(burst, _tokens + 1);
    }

    /// <summary>How long nothing may be taken until it is as if nothing ever was.</summary>
    public TimeSpan UntilFull
    {
        get
        {
            lock (_gate)
            {
                Refill();
                return TimeSpan.FromSeconds((burst - _tokens) / perSecond);
            }
        }
    }

    private void Refill()
    {
        var now = time.GetTimestamp();
        _tokens = Math.Min(burst, _tokens + (time.GetElapsedTime(_at, now).TotalSeconds * perSecond));
        _at = now;
    }
}
