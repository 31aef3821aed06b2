using Microsoft.Extensions.Time.Testing;

namespace RawSocketChat.Tests.Support;

/// <summary>A clock that the test moves, and whose wall clock can leap while the monotonic clock does not.</summary>
public sealed class LeapingClock(DateTimeOffset start) : FakeTimeProvider(start)
{
    private TimeSpan _leapt;

    public void Leap(TimeSpan size)
    {
        _leapt += size;
        AdjustTime(GetUtcNow() + size);
    }

    public override long GetTimestamp() => base.GetTimestamp() - _leapt.Ticks;
}
