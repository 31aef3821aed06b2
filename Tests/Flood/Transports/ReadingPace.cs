namespace RawSocketChat.Tests.Flood.Transports;

/// <summary>
/// Decides when a slow reader pauses. The reader stops for 1 to 8 s, then reads a few kilobytes ten times a second for 1 to 8 s, and
/// repeats both steps. While <c>isActive</c> returns false, it reads at full speed, so it receives everything before the final check.
/// </summary>
internal sealed class ReadingPace(int seed, Func<bool> isActive, TimeProvider time)
{
    /// <summary>The length of one pause before a read. A longer stop consists of several pauses.</summary>
    public static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(100);

#pragma warning disable CA5394 // the seed makes the numbers repeatable, and they are not secret
    private readonly Random _random = new(seed);
    private int _pauses;
    private int _reads;

    /// <summary>Whether the reader pauses for one <see cref="Slice"/> before its next read. Not thread-safe.</summary>
    public bool ShouldPause()
    {
        if (!isActive()) return false;
        if (_pauses > 0)
        {
            _pauses--;
            return true;
        }
        if (_reads > 0)
        {
            _reads--;
            _pauses = 1;
            return false;
        }
        _pauses = _random.Next(10, 80);
        _reads = _random.Next(10, 80);
        return true;
    }

    /// <summary>Calls the callback on a thread of the thread pool after one <see cref="Slice"/>.</summary>
    public ITimer StartSliceTimer(TimerCallback callback) => time.CreateTimer(callback, null, Slice, Timeout.InfiniteTimeSpan);
#pragma warning restore CA5394
}
