namespace RawSocketChat.Tests.Flood.Ways;

/// <summary>
/// How a slow reader reads while messages are sent: it stops for a while (1 to 8 s), then sips for a while (a few kilobytes,
/// ten times a second), and so on. Once released it reads as everybody does, so that what it missed can be judged.
/// </summary>
internal sealed class ReadingPace(int seed, Func<bool> isBinding, TimeProvider time)
{
    /// <summary>How often a reader that stands still looks whether it has been released.</summary>
    public static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(100);

#pragma warning disable CA5394 // repeatable by its seed, and no secret
    private readonly Random _random = new(seed);
    private int _slices;
    private int _sips;

    /// <summary>Whether the reader stands still for one <see cref="Slice"/> before it reads on. One thread at a time.</summary>
    public bool StandsStill()
    {
        if (!isBinding()) return false;
        if (_slices > 0)
        {
            _slices--;
            return true;
        }
        if (_sips > 0)
        {
            _sips--;
            _slices = 1;
            return false;
        }
        _slices = _random.Next(10, 80);
        _sips = _random.Next(10, 80);
        return true;
    }

    /// <summary>Calls back, on a thread of the pool, when a slice is over.</summary>
    public ITimer After(TimerCallback then) => time.CreateTimer(then, null, Slice, Timeout.InfiniteTimeSpan);
#pragma warning restore CA5394
}
