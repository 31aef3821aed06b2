using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Server.Logging;

namespace RawSocketChat.Tests.Logging;

public sealed class LogLimitTests
{
    private readonly FakeTimeProvider _time = new();

    [TestCase(20, 10)]
    [TestCase(1, 60)]
    public void Lines_beyond_the_limit_are_counted_and_the_next_line_reports_the_count(int burst, int seconds)
    {
        var limit = new LogLimit(_time, burst, TimeSpan.FromSeconds(seconds));
        TakeBurst(limit, burst);
        for (var i = 0; i < 1000; i++)
            limit.TryTake(out _).Should().BeFalse();
        _time.Advance(TimeSpan.FromSeconds(seconds - 1));
        limit.TryTake(out _).Should().BeFalse();
        _time.Advance(TimeSpan.FromSeconds(1));
        limit.TryTake(out var dropped).Should().BeTrue();
        dropped.Should().Be(1001);
        limit.TryTake(out _).Should().BeFalse();
    }

    [TestCase(20, 10)]
    [TestCase(1, 60)]
    public void Limit_allows_only_one_burst_even_after_a_day_without_lines(int burst, int seconds)
    {
        var limit = new LogLimit(_time, burst, TimeSpan.FromSeconds(seconds));
        for (var i = 0; i < 2; i++)
        {
            _time.Advance(TimeSpan.FromDays(1));
            TakeBurst(limit, burst);
            _time.Advance(TimeSpan.FromSeconds(seconds));
            TakeBurst(limit, 1);
            limit.TryTake(out _).Should().BeFalse();
            _time.Advance(TimeSpan.FromSeconds(seconds));
            limit.TryTake(out var dropped).Should().BeTrue();
            dropped.Should().Be(1);
        }
    }

    private static void TakeBurst(LogLimit limit, int burst)
    {
        for (var i = 0; i < burst; i++)
        {
            limit.TryTake(out var dropped).Should().BeTrue();
            dropped.Should().Be(0);
        }
    }
}
