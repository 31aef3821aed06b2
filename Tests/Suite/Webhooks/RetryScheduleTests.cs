using RawSocketChat.Server.Webhooks;

namespace RawSocketChat.Tests.Webhooks;

public sealed class RetryScheduleTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    [TestCase(1, 5)]
    [TestCase(2, 300)]
    [TestCase(3, 1_800)]
    [TestCase(4, 7_200)]
    [TestCase(5, 18_000)]
    [TestCase(500, 18_000)]
    public void Delay_grows_with_the_failures_and_varies_by_up_to_a_fifth(int failures, double seconds)
    {
        RetrySchedule.GetDelay(failures, null, 0.5).TotalSeconds.Should().BeApproximately(seconds, 0.001);
        RetrySchedule.GetDelay(failures, null, 0).TotalSeconds.Should().BeApproximately(seconds * 0.8, 0.001);
        RetrySchedule.GetDelay(failures, null, 1).TotalSeconds.Should().BeApproximately(seconds * 1.2, 0.001);
    }

    [TestCase(-60, 5)]
    [TestCase(0, 5)]
    [TestCase(120, 120)]
    [TestCase(1_000_000, 18_000)]
    public void Retry_After_of_the_receiver_sets_the_delay_within_limits(int asked, int seconds) =>
        RetrySchedule.GetDelay(4, TimeSpan.FromSeconds(asked), 0.5).Should().Be(TimeSpan.FromSeconds(seconds));

    [Test]
    public void Delivery_time_limit_starts_at_the_event_or_at_a_later_first_failure()
    {
        var day = TimeSpan.FromDays(1);
        RetrySchedule.IsExpired(Noon, Noon, Noon + day, day).Should().BeTrue();
        RetrySchedule.IsExpired(Noon, Noon, Noon + day - TimeSpan.FromSeconds(1), day).Should().BeFalse();
        RetrySchedule.IsExpired(Noon - (5 * day), Noon, Noon + TimeSpan.FromHours(1), day).Should().BeFalse("the receiver has failed for only an hour, although the event is five days old");
        RetrySchedule.IsExpired(Noon + TimeSpan.FromHours(1), Noon, Noon + day, day).Should().BeFalse();
    }

    [Test]
    public void Next_attempt_is_due_if_its_stored_time_is_too_far_in_the_future()
    {
        RetrySchedule.Limit(Noon + TimeSpan.FromHours(5), Noon).Should().Be(Noon + TimeSpan.FromHours(5));
        RetrySchedule.Limit(Noon + TimeSpan.FromDays(400), Noon).Should().Be(Noon);
    }
}
