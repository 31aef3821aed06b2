using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Server.Push;

namespace RawSocketChat.Tests.Push;

/// <summary>The limits and the pauses of push services and of browsers.</summary>
public sealed class PushLimitsTests
{
    private const string Ann = "https://push.example/ann";
    private const string Bob = "https://push.example/bob";

    private readonly FakeTimeProvider _time = new();

    [Test]
    public void Pause_of_a_browser_does_not_begin_again_while_its_service_is_paused()
    {
        var limits = Create();
        limits.Record(Ann, new PushResult(PushOutcome.Limited));
        for (var i = 0; i < PushLimits.MaxFailures; i++)
            limits.Record(Bob, new PushResult(PushOutcome.ServiceFailed, TimeSpan.FromSeconds(90)));

        _time.Advance(PushLimits.Pause);
        limits.MaySend(Ann).Should().BeFalse("the service is paused for 30 s more");
        _time.Advance(TimeSpan.FromSeconds(30));
        limits.MaySend(Ann).Should().BeTrue("both pauses are over");
        limits.MaySend(Ann).Should().BeFalse("the next pause has begun");
        limits.MaySend(Bob).Should().BeFalse("the service may get one message");
    }

    [Test]
    public void Message_that_was_not_sent_does_not_count()
    {
        var limits = Create(perHour: 1);
        limits.TryTake(Ann).Should().BeTrue();
        limits.TryTake(Ann).Should().BeFalse();
        limits.GiveBack(Ann);
        limits.TryTake(Ann).Should().BeTrue();
        limits.TryTake(Ann).Should().BeFalse();
        limits.GiveBack(Bob);
        limits.TryTake(Bob).Should().BeTrue();
    }

    private PushLimits Create(int perHour = 120) => new(perHour, _time, NullLogger.Instance);
}
