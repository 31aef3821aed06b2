using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Server.Sessions;

namespace RawSocketChat.Tests.Sessions;

public sealed class RateLimitTests
{
    private readonly FakeTimeProvider _time = new();

    [Test]
    public void A_rate_lets_the_burst_through_and_then_its_pace()
    {
        var limit = new RateLimit(perSecond: 5, burst: 20, _time);
        Enumerable.Range(0, 20).Select(_ => limit.TryTake(out var _)).Should().OnlyContain(taken => taken);
        limit.TryTake(out var wait).Should().BeFalse();
        wait.Should().Be(200);
        _time.Advance(TimeSpan.FromMilliseconds(200));
        limit.TryTake(out _).Should().BeTrue();
        limit.TryTake(out _).Should().BeFalse();
        _time.Advance(TimeSpan.FromHours(1));
        Enumerable.Range(0, 20).Select(_ => limit.TryTake(out var _)).Should().OnlyContain(taken => taken);
        limit.TryTake(out _).Should().BeFalse("no more than the burst is saved up");
    }

    [Test]
    public void What_is_given_back_can_be_taken_again_and_never_makes_more_than_the_burst()
    {
        var limit = new RateLimit(perSecond: 0.001, burst: 1, _time);
        limit.GiveBack();
        limit.TryTake(out _).Should().BeTrue();
        limit.TryTake(out _).Should().BeFalse();
        limit.GiveBack();
        limit.TryTake(out _).Should().BeTrue();
    }

    [Test]
    public void Limits_by_key_are_of_a_bounded_number_and_forget_the_least_recently_used()
    {
        var limits = new RateLimits(perSecond: 0.001, burst: 1, mostKeys: 100, _time);
        for (var i = 0; i < 100; i++)
            limits.TryTake($"{i}", out _).Should().BeTrue();
        limits.TryTake("0", out _).Should().BeFalse();
        for (var i = 100; i < 199; i++)
            limits.TryTake($"{i}", out _).Should().BeTrue();
        limits.Count.Should().Be(100);
        limits.TryTake("0", out _).Should().BeFalse("it was used after the others");
        limits.TryTake("1", out _).Should().BeTrue("it was forgotten");
    }

    [TestCase("127.0.0.1:1", "127.0.0.1:2")]
    [TestCase("127.0.0.1:1", "[::ffff:127.0.0.1]:2")]
    [TestCase("127.0.0.1:1", "::ffff:127.0.0.1:2")]
    [TestCase("::1:54321", "[::1]:54322")]
    [TestCase("[2001:db8:1:2::3]:1", "2001:db8:1:2:ffff:4:5:6:2")]
    public void An_address_is_one_however_it_is_written_and_whatever_its_port(string one, string other) =>
        AttemptLimits.KeyOf(one).Should().Be(AttemptLimits.KeyOf(other));

    [TestCase("127.0.0.1:1", "127.0.0.2:1")]
    [TestCase("[2001:db8:1:2::3]:1", "[2001:db8:1:3::3]:1")]
    [TestCase("[::1]:1", "127.0.0.1:1")]
    public void Other_addresses_are_others(string one, string other) =>
        AttemptLimits.KeyOf(one).Should().NotBe(AttemptLimits.KeyOf(other));

    [Test]
    public void What_the_name_refuses_does_not_cost_the_address()
    {
        var attempts = new AttemptLimits(Options.Create(new LimitsOptions { LoginAttemptsPerName = 1, LoginAttemptsPerAddress = 2 }), _time);
        attempts.TryLogin("ann", "127.0.0.1:1", out _).Should().BeTrue();
        for (var i = 0; i < 10; i++)
            attempts.TryLogin("ann", "127.0.0.1:1", out _).Should().BeFalse();
        attempts.TryLogin("bob", "127.0.0.1:1", out _).Should().BeTrue();
        attempts.TryLogin("cid", "127.0.0.1:1", out var wait).Should().BeFalse();
        wait.Should().Be(3000);
        attempts.TryLogin("ann", "127.0.0.2:1", out wait).Should().BeFalse();
        wait.Should().Be(30_000);
    }
}
