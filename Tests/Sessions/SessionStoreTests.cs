using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Server.Sessions;

namespace RawSocketChat.Tests.Sessions;

public sealed class SessionStoreTests
{
    private readonly FakeTimeProvider _time = new();

    [Test]
    public void A_session_is_found_by_its_token_alone_and_is_the_same_user()
    {
        var store = Store();
        var ann = store.Begin("ann", out _);
        store.Release(ann);

        store.Resume(ann.Token, out var refusal)!.User.Should().BeSameAs(ann.User);
        refusal.Should().BeNull();
        store.Resume(ann.Token[..^1] + (ann.Token[^1] == '0' ? '1' : '0'), out _).Should().BeNull();
        store.Resume("", out _).Should().BeNull();
    }

    [Test]
    public void Coming_and_going_again_and_again_leaves_nothing_behind()
    {
        var store = Store();
        var ann = store.Begin("ann", out _);
        for (var round = 0; round < 100; round++)
        {
            store.Release(ann);
            store.AwayCount.Should().Be(1);
            store.Resume(ann.Token, out _).Should().BeSameAs(ann);
        }

        store.AwayCount.Should().Be(0);
    }

    [Test]
    public void A_name_is_its_bearers_while_connected_by_any_device_and_free_after()
    {
        var store = Store();
        var ann = store.Begin("ann", out _);
        store.Resume(ann.Token, out _);
        store.Release(ann);
        store.Begin("ann", out var taken).User.Name.Should().StartWith("guest-");
        taken.Should().Match<NameRefusal>(refusal => refusal.IsTaken && refusal.Suggestion == "ann2");

        store.Release(ann);
        store.Begin("ann", out var free).User.Name.Should().Be("ann");
        free.Should().BeNull();
        store.Resume(ann.Token, out var lost)!.User.Name.Should().StartWith("guest-", "somebody else took the name meanwhile");
        lost!.IsTaken.Should().BeTrue();
    }

    [Test]
    public void A_rename_frees_the_old_name_and_may_change_its_case()
    {
        var store = Store();
        var ann = store.Begin("ann", out _);
        store.Rename(ann.User, "Ann").Should().BeNull();
        ann.User.Name.Should().Be("Ann");
        store.Rename(ann.User, "bob").Should().BeNull();
        store.Begin("ann", out var refusal).User.Name.Should().Be("ann");
        refusal.Should().BeNull();
        store.Rename(ann.User, "ANN")!.IsTaken.Should().BeTrue();
        ann.User.Name.Should().Be("bob");
    }

    [Test]
    public void A_guest_is_forgotten_after_the_time_away_and_not_before()
    {
        var store = Store(guestMinutes: 10);
        var ann = store.Begin("ann", out _);
        _time.Advance(TimeSpan.FromHours(5));
        store.Release(ann);
        _time.Advance(TimeSpan.FromMinutes(9));
        store.Resume(ann.Token, out _).Should().NotBeNull();
        store.Release(ann);
        _time.Advance(TimeSpan.FromMinutes(11));
        store.Resume(ann.Token, out _).Should().BeNull();
        store.Count.Should().Be(0);
    }

    [Test]
    public void Beyond_the_most_sessions_those_longest_away_go_and_the_connected_stay()
    {
        var store = Store(most: 3);
        var here = store.Begin(null, out _);
        var away = Enumerable.Range(0, 10).Select(_ => store.Begin(null, out var _)).ToList();
        away.ForEach(store.Release);
        store.Count.Should().Be(3);
        store.Resume(away[0].Token, out _).Should().BeNull();
        store.Resume(away[9].Token, out _).Should().NotBeNull();
        store.Resume(here.Token, out _).Should().NotBeNull();
    }

    [Test]
    public void Tokens_are_256_random_bits_and_kept_as_hashes()
    {
        var tokens = Enumerable.Range(0, 1000).Select(_ => SessionToken.New()).ToHashSet();
        tokens.Should().HaveCount(1000).And.OnlyContain(token => token.Length == 64);
        SessionToken.HashOf("x").Should().NotBe(SessionToken.HashOf("y"));
    }

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

    private SessionStore Store(int guestMinutes = 60, int most = 1000) =>
        new(Options.Create(new SessionOptions { GuestMinutes = guestMinutes, Most = most }), Options.Create(new LimitsOptions()), _time);
}
