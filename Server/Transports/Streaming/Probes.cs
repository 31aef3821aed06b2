namespace RawSocketChat.Server.Transports.Streaming;

/// <summary>
/// Decides when a stream sends the probes that a client asks for with <c>probe=1</c>: a few <c>pong</c> frames at the beginning of the
/// stream, at a fixed interval, independent of other frames. If the probes arrive together, the client knows that something on the network
/// path holds back the stream.
/// </summary>
internal sealed class Probes(int count, TimeProvider time)
{
    // This interval is much longer than the jitter of a network or the delay of a busy page. Three probes take less than half a second.
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    private int _left = count;
    private long? _last;

    /// <summary>The time until the stream must send the next probe; null if all probes were sent.</summary>
    public TimeSpan? TimeUntilNext
    {
        get
        {
            if (_left == 0)
                return null;
            var wait = _last is { } last ? Interval - time.GetElapsedTime(last) : TimeSpan.Zero;
            return wait > TimeSpan.Zero ? wait : TimeSpan.Zero;
        }
    }

    /// <summary>If it is time for the next probe, returns true and counts the probe as sent.</summary>
    public bool TryStartNext()
    {
        if (TimeUntilNext != TimeSpan.Zero)
            return false;
        _left--;
        _last = time.GetTimestamp();
        return true;
    }
}
