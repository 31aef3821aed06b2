using RawSocketChat.Server.Storage;

namespace RawSocketChat.Tests.Storage;

/// <summary>A clock that leaps is not trusted for a day.</summary>
public sealed class ClockGuardTests
{
    private static readonly DateTimeOffset Begin = new(2026, 11, 1, 0, 0, 0, TimeSpan.Zero);

    private LeapingClock _time = null!;

    [SetUp]
    public void CreateClock() => _time = new LeapingClock();

    [TestCase(null, true)]
    [TestCase(-1.0, true)]
    [TestCase(23.0, true)]
    [TestCase(25.0, false)]
    [TestCase(24.0 * 400, false)]
    public void Clock_is_trusted_at_the_start_if_it_is_close_to_the_newest_event(double? hours, bool isTrusted)
    {
        new ClockGuard(_time).IsTrusted(hours is { } age ? Begin.AddHours(-age) : null, out var leap).Should().Be(isTrusted);
        (leap is null).Should().Be(isTrusted);
    }

    [Test]
    public void Running_clock_stays_trusted_without_new_events()
    {
        var guard = new ClockGuard(_time);
        guard.NeedsNewest.Should().BeTrue("at the start, the server has no other way to check the clock");
        guard.IsTrusted(Begin, out _).Should().BeTrue();
        guard.NeedsNewest.Should().BeFalse();
        for (var minute = 0; minute < 60 * 24 * 3; minute++, _time.Run(TimeSpan.FromMinutes(1)))
            guard.IsTrusted(newest: null, out _).Should().BeTrue();
    }

    [TestCase(400)]
    [TestCase(-400)]
    public void Clock_that_leaps_is_not_trusted_for_a_day_even_after_it_leaps_back(int days)
    {
        var guard = new ClockGuard(_time);
        guard.IsTrusted(Begin, out _).Should().BeTrue();
        _time.Leap(TimeSpan.FromDays(days));
        guard.IsTrusted(_time.GetUtcNow(), out var leap).Should().BeFalse("an event may have been stored with the wrong time");
        leap.Should().Be(TimeSpan.FromDays(days));
        _time.Run(TimeSpan.FromHours(23));
        guard.IsTrusted(Begin, out leap).Should().BeFalse();
        leap.Should().BeNull();
        _time.Leap(TimeSpan.FromDays(-days));
        guard.IsTrusted(Begin, out leap).Should().BeFalse();
        leap.Should().Be(TimeSpan.FromDays(-days));
        _time.Run(TimeSpan.FromHours(23));
        guard.IsTrusted(Begin, out _).Should().BeFalse();
        _time.Run(TimeSpan.FromHours(1));
        guard.IsTrusted(Begin, out leap).Should().BeTrue();
        leap.Should().BeNull();
    }

    [Test]
    public void Small_correction_of_the_clock_does_not_count_as_a_leap()
    {
        var guard = new ClockGuard(_time);
        guard.IsTrusted(Begin, out _).Should().BeTrue();
        _time.Leap(TimeSpan.FromMinutes(59));
        guard.IsTrusted(Begin, out var leap).Should().BeTrue();
        leap.Should().BeNull();
    }

    private sealed class LeapingClock : TimeProvider
    {
        private TimeSpan _elapsed;
        private TimeSpan _offset;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public void Run(TimeSpan time) => _elapsed += time;

        public void Leap(TimeSpan size) => _offset += size;

        public override DateTimeOffset GetUtcNow() => Begin + _elapsed + _offset;

        public override long GetTimestamp() => _elapsed.Ticks;
    }
}
