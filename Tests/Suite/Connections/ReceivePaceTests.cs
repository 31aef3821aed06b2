using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Server.Connections;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Connections;

public sealed class ReceivePaceTests
{
    private readonly FakeTimeProvider _time = new();

    [Test]
    public async Task Connection_that_exceeds_its_rate_waits_until_it_is_within_the_rate()
    {
        var pace = new ReceivePace(new Rate(perSecond: 10, burst: 3, _time), _time);
        for (var i = 0; i < 3; i++)
            await pace.AfterFrameAsync(100).AsTask().OrFail("a frame within the burst");
        var fourth = pace.AfterFrameAsync(100).AsTask();
        fourth.IsCompleted.Should().BeFalse();
        _time.Advance(TimeSpan.FromMilliseconds(100));
        await fourth.OrFail("the frame after one more token");
    }

    [Test]
    public async Task Large_frame_takes_one_more_token_for_each_4_KiB()
    {
        var pace = new ReceivePace(new Rate(perSecond: 10, burst: 5, _time), _time);
        await pace.AfterFrameAsync(4 * ReceivePace.BytesPerToken).AsTask().OrFail("a frame of five tokens");
        pace.AfterFrameAsync(0).AsTask().IsCompleted.Should().BeFalse();
    }

    [Test]
    public async Task Connection_without_a_rate_never_waits_for_the_clock()
    {
        var pace = new ReceivePace(null, _time);
        for (var i = 0; i < 10_000; i++)
            await pace.AfterFrameAsync(100_000).AsTask().OrFail("a frame without a limit");
    }

    [Test]
    public async Task Connection_that_always_has_input_yields_to_other_connections()
    {
        var pace = new ReceivePace(null, _time);
        await TestWait.UntilAsync(() => !pace.YieldIfDueAsync().AsTask().IsCompleted, "the yield");
    }

    [Test]
    public void Connection_that_often_waits_for_input_does_not_yield()
    {
        var pace = new ReceivePace(null, _time);
        for (var i = 0; i < 100_000; i++)
        {
            pace.OnWaiting();
            pace.YieldIfDueAsync().AsTask().IsCompleted.Should().BeTrue();
        }
    }
}
