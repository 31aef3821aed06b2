namespace RawSocketChat.Server.Transports.Streaming;

/// <summary>
/// When a stream that was asked for with <c>probe=1</c> owes its peer a <c>pong</c>: some times from its beginning on, whatever
/// else is written, so that a peer sees whether something on the way holds them back and lets them go together.
/// </summary>
internal sealed class Probes(int count, TimeProvider time)
{
    // Far above what a network's own unevenness or a busy page could blur; three of them cost a peer less than half a second.
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    private int _left = count;
    private long? _last;

    /// <summary>How long until the next is owed. Null: none is any more.</summary>
    public TimeSpan? UntilNext
    {
        get
        {
            if (_left == 0)
                return null;
            var wait = _last is { } last ? Interval - time.GetElapsedTime(last) : TimeSpan.Zero;
            return wait > TimeSpan.Zero ? wait : TimeSpan.Zero;
        }
    }

    /// <summary>True, once for each: write it now.</summary>
    public bool TryTake()
    {
        if (UntilNext != TimeSpan.Zero)
            return false;
        _left--;
        _last = time.GetTimestamp();
        return true;
    }
}
