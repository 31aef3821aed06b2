using System.Diagnostics;

namespace RawSocketChat.Server.Connections;

/// <summary>
/// Limits how much the input of one connection can delay the other connections. A pump awaits <see cref="AfterFrameAsync"/> after each frame.
/// The server reads from a peer no faster than <paramref name="rate"/>, so TCP slows down a peer that sends more. If further frames of the peer have
/// already arrived, the pump yields to other connections from time to time. Used by one thread at a time.
/// </summary>
/// <param name="rate">The rate in frames; null for no limit.</param>
/// <param name="time">The clock.</param>
public sealed class ReceivePace(Rate? rate, TimeProvider time)
{
    /// <summary>A frame takes one token, and one more for each whole 4 KiB, because a large frame takes longer to inflate and to read.</summary>
    public const int BytesPerToken = 4096;

    // The time for which a connection may run without a yield. It is long enough that yields cost little, and short enough that a hundred
    // busy connections delay no other peer noticeably.
    private static readonly long SliceTicks = Stopwatch.Frequency / 2000;

    private readonly RateLimit? _limit = rate is null ? null : new RateLimit(rate);
    private long _sliceStart;

    /// <summary>Call this when the pump begins to wait for input. Other connections run during this wait, so no yield is due.</summary>
    public void OnWaiting() => _sliceStart = 0;

    /// <summary>Waits if this connection has exceeded its rate, or if it must let other connections run.</summary>
    /// <param name="bytes">The size of the frame, after decompression.</param>
    public ValueTask AfterFrameAsync(int bytes)
    {
        var wait = _limit?.Overdraw(1 + (bytes / BytesPerToken)) ?? TimeSpan.Zero;
        if (wait > TimeSpan.Zero)
        {
            _sliceStart = 0;
            return new ValueTask(Task.Delay(wait, time));
        }

        return YieldIfDueAsync();
    }

    /// <summary>Lets other connections run if this one has run for half a millisecond without waiting.</summary>
    public ValueTask YieldIfDueAsync()
    {
        var now = Stopwatch.GetTimestamp();
        if (_sliceStart == 0)
            _sliceStart = now;
        if (now - _sliceStart < SliceTicks)
            return default;
        _sliceStart = 0;
        return BusyLane.Shared.YieldAsync();
    }
}
