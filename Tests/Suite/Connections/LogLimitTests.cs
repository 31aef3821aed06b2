using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Tests.Connections;

public sealed class LogLimitTests
{
    [Test]
    public void Lines_beyond_the_limit_are_counted_and_the_next_line_has_their_number()
    {
        var time = new FakeTimeProvider();
        var limit = new LogLimit(time);
        for (var i = 0; i < 20; i++)
        {
            limit.TryTake(out var none).Should().BeTrue();
            none.Should().Be(0);
        }

        for (var i = 0; i < 1000; i++)
            limit.TryTake(out _).Should().BeFalse();
        time.Advance(TimeSpan.FromSeconds(10));
        limit.TryTake(out var dropped).Should().BeTrue();
        dropped.Should().Be(1000);
        limit.TryTake(out _).Should().BeFalse();
    }
}
