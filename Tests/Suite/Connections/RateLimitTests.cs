using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Sessions;

namespace RawSocketChat.Tests.Connections;

public sealed class RateLimitTests
{
    private readonly FakeTimeProvider _time = new();

    [Test]
    public void Limit_allows_the_burst_and_then_the_rate()
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
        limit.TryTake(out _).Should().BeFalse("the bucket never holds more than the burst");
    }

    [Test]
    public void Returned_token_can_be_taken_again_but_does_not_increase_the_burst()
    {
        var limit = new RateLimit(new Rate(perSecond: 0.001, burst: 1, _time));
        limit.GiveBack();
        limit.TryTake(out _).Should().BeTrue();
        limit.TryTake(out _).Should().BeFalse();
        limit.GiveBack();
        limit.TryTake(out _).Should().BeTrue();
    }

    [Test]
    public void Table_has_a_bounded_number_of_keys_and_never_evicts_a_bucket_that_is_not_full()
    {
        var limits = new RateLimits(perSecond: 0.1, burst: 2, maxKeys: 100, _time);
        limits.TryTake("victim", out _).Should().BeTrue();
        limits.TryTake("victim", out _).Should().BeTrue();
        for (var i = 0; i < 1000; i++)
        {
            limits.TryTake($"{i}", out _).Should().BeTrue();
            limits.GiveBack($"{i}");
        }

        limits.Count.Should().Be(100);
        limits.TryTake("victim", out _).Should().BeFalse("the bucket of this key is still empty after 1,000 other keys");
    }

    [Test]
    public void New_key_is_rejected_until_the_table_can_evict_a_full_bucket()
    {
        var limits = new RateLimits(perSecond: 0.1, burst: 2, maxKeys: 3, _time);
        foreach (var key in (string[])["a", "a", "b", "b", "c"])
            limits.TryTake(key, out _).Should().BeTrue();
        limits.TryTake("d", out var wait).Should().BeFalse();
        wait.Should().Be(10_000, "the bucket of c is full again after 10 s");
        _time.Advance(TimeSpan.FromSeconds(9));
        limits.TryTake("d", out wait).Should().BeFalse();
        wait.Should().Be(1_000);
        _time.Advance(TimeSpan.FromSeconds(1));
        limits.TryTake("d", out _).Should().BeTrue();
        limits.Count.Should().Be(3);
        limits.TryTake("a", out _).Should().BeTrue("the bucket of a is still in the table, with one token");
        limits.TryTake("a", out _).Should().BeFalse();
    }

    [TestCase("127.0.0.1:1", "127.0.0.1:2")]
    [TestCase("127.0.0.1:1", "[::ffff:127.0.0.1]:2")]
    [TestCase("127.0.0.1:1", "::ffff:127.0.0.1:2")]
    [TestCase("::1:54321", "[::1]:54322")]
    [TestCase("[2001:db8:1:2::3]:1", "2001:db8:1:2:ffff:4:5:6:2")]
    public void Key_ignores_the_spelling_and_the_port_and_the_lower_64_bits_of_IPv6(string one, string other) =>
        ClientAddress.GetKey(one).Should().Be(ClientAddress.GetKey(other));

    [TestCase("127.0.0.1:1", "127.0.0.2:1")]
    [TestCase("[2001:db8:1:2::3]:1", "[2001:db8:1:3::3]:1")]
    [TestCase("[::1]:1", "127.0.0.1:1")]
    public void Different_addresses_have_different_keys(string one, string other) =>
        ClientAddress.GetKey(one).Should().NotBe(ClientAddress.GetKey(other));

    [Test]
    public void Attempt_rejected_by_the_name_limit_does_not_count_for_the_address()
    {
        var attempts = new AttemptLimits(Options.Create(new LimitsOptions { LoginAttemptsPerName = 1, LoginAttemptsPerAddress = 2 }), _time);
        attempts.TryTakeLogin("ann", "127.0.0.1:1", out _).Should().BeTrue();
        for (var i = 0; i < 10; i++)
            attempts.TryTakeLogin("ann", "127.0.0.1:1", out _).Should().BeFalse();
        attempts.TryTakeLogin("bob", "127.0.0.1:1", out _).Should().BeTrue();
        attempts.TryTakeLogin("cid", "127.0.0.1:1", out var wait).Should().BeFalse();
        wait.Should().Be(3000);
    }

    [Test]
    public void Password_guesses_from_one_address_delay_logins_from_another_address_but_do_not_block_them()
    {
        var attempts = new AttemptLimits(Options.Create(new LimitsOptions { LoginAttemptsPerName = 2 }), _time);
        for (var i = 0; i < 2; i++)
        {
            attempts.TryTakeLogin("ann", "127.0.0.1:1", out _).Should().BeTrue();
            attempts.CountAndCheckSlow("ann").Should().BeFalse();
        }

        attempts.TryTakeLogin("ann", "127.0.0.1:1", out var wait).Should().BeFalse();
        wait.Should().Be(30_000);
        attempts.TryTakeLogin("ann", "127.0.0.2:1", out _).Should().BeTrue();
        attempts.CountAndCheckSlow("ann").Should().BeTrue();
        attempts.CountAndCheckSlow("bob").Should().BeFalse();
    }

    [Test]
    public void Registrations_of_one_address_are_limited()
    {
        var attempts = new AttemptLimits(Options.Create(new LimitsOptions { RegistrationsPerAddress = 2 }), _time);
        attempts.TryTakeRegistration("127.0.0.1:1", out _).Should().BeTrue();
        attempts.TryTakeRegistration("127.0.0.1:2", out _).Should().BeTrue();
        attempts.TryTakeRegistration("127.0.0.1:3", out var wait).Should().BeFalse();
        wait.Should().Be(300_000);
        attempts.TryTakeRegistration("127.0.0.2:1", out _).Should().BeTrue();
    }
}
