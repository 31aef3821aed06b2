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
        var limit = new RateLimit(new Rate(perSecond: 5, burst: 20, _time));
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
        var limit = new RateLimit(new Rate(perSecond: 0.001, burst: 1, _time));
        limit.GiveBack();
        limit.TryTake(out _).Should().BeTrue();
        limit.TryTake(out _).Should().BeFalse();
        limit.GiveBack();
        limit.TryTake(out _).Should().BeTrue();
    }

    [Test]
    public void Limits_by_key_are_of_a_bounded_number_and_what_was_used_up_is_never_flushed_out()
    {
        var limits = new RateLimits(perSecond: 0.1, burst: 2, mostKeys: 100, _time);
        limits.TryTake("victim", out _).Should().BeTrue();
        limits.TryTake("victim", out _).Should().BeTrue();
        for (var i = 0; i < 1000; i++)
        {
            limits.TryTake($"{i}", out _).Should().BeTrue();
            limits.GiveBack($"{i}");
        }

        limits.Count.Should().Be(100);
        limits.TryTake("victim", out _).Should().BeFalse("others came and went, and it still lacks two");
    }

    [Test]
    public void Where_no_limit_is_full_again_a_new_key_is_refused_until_one_is()
    {
        var limits = new RateLimits(perSecond: 0.1, burst: 2, mostKeys: 3, _time);
        foreach (var key in (string[])["a", "a", "b", "b", "c"])
            limits.TryTake(key, out _).Should().BeTrue();
        limits.TryTake("d", out var wait).Should().BeFalse();
        wait.Should().Be(10_000, "c is full again by then");
        _time.Advance(TimeSpan.FromSeconds(9));
        limits.TryTake("d", out wait).Should().BeFalse();
        wait.Should().Be(1_000);
        _time.Advance(TimeSpan.FromSeconds(1));
        limits.TryTake("d", out _).Should().BeTrue();
        limits.Count.Should().Be(3);
        limits.TryTake("a", out _).Should().BeTrue("it is there still, with the one that has come back");
        limits.TryTake("a", out _).Should().BeFalse();
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
