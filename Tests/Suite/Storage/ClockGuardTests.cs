using Microsoft.Extensions.Logging.Abstractions;
using RawSocketChat.Server.Storage;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Storage;

/// <summary>The guard distrusts the clock for one day after a leap of the clock.</summary>
public sealed class ClockGuardTests
{
    private static readonly DateTimeOffset Begin = new(2026, 11, 1, 0, 0, 0, TimeSpan.Zero);

    private LeapingClock _time = null!;

    [SetUp]
    public void CreateClock() => _time = new LeapingClock(Begin);

    [TestCase(null, true)]
    [TestCase(-1.0, true)]
    [TestCase(23.0, true)]
    [TestCase(25.0, false)]
    [TestCase(24.0 * 400, false)]
    public void Clock_is_trusted_at_the_start_if_it_is_close_to_the_newest_event(double? hours, bool isTrusted)
    {
        var guard = new ClockGuard(_time, NullLogger<ClockGuard>.Instance);
        guard.IsCompared.Should().BeFalse();
        guard.CompareWith(hours is { } age ? Begin.AddHours(-age) : null);
        guard.IsCompared.Should().BeTrue();
        guard.IsTrusted().Should().Be(isTrusted);
        guard.CompareWith(Begin);
        guard.IsTrusted().Should().Be(isTrusted, "only the first comparison counts");
    }

    [Test]
    public void Running_clock_stays_trusted_without_new_events()
    {
        var guard = CreateGuard();
        guard.IsTrusted().Should().BeTrue();
        for (var minute = 0; minute < 60 * 24 * 3; minute++, _time.Advance(TimeSpan.FromMinutes(1)))
            guard.IsTrusted().Should().BeTrue();
    }

    [TestCase(400)]
    [TestCase(-400)]
    public void Clock_is_distrusted_for_a_day_after_a_leap_even_if_it_leaps_back(int days)
    {
        var guard = CreateGuard();
        guard.IsTrusted().Should().BeTrue();
        _time.Leap(TimeSpan.FromDays(days));
        guard.IsTrusted().Should().BeFalse("an event may have been stored with the wrong time");
        _time.Advance(TimeSpan.FromHours(23));
        guard.IsTrusted().Should().BeFalse();
        _time.Leap(TimeSpan.FromDays(-days));
        guard.IsTrusted().Should().BeFalse();
        _time.Advance(TimeSpan.FromHours(23));
        guard.IsTrusted().Should().BeFalse();
        _time.Advance(TimeSpan.FromHours(1));
        guard.IsTrusted().Should().BeTrue();
    }

    [Test]
    public void Small_correction_of_the_clock_does_not_count_as_a_leap()
    {
        var guard = CreateGuard();
        guard.IsTrusted().Should().BeTrue();
        _time.Leap(TimeSpan.FromMinutes(59));
        guard.IsTrusted().Should().BeTrue();
    }

    private ClockGuard CreateGuard()
    {
        var guard = new ClockGuard(_time, NullLogger<ClockGuard>.Instance);
        guard.CompareWith(Begin);
        return guard;
    }
}
