using Microsoft.Extensions.Time.Testing;

namespace RawSocketChat.Tests.Support;

/// <summary>A clock that a test advances. Its wall clock can also leap while its monotonic clock does not.</summary>
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
