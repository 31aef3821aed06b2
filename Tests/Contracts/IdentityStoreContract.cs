using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Memory;

namespace RawSocketChat.Tests.Contracts;

/// <summary>What every storage of accounts and sessions must keep.</summary>
public abstract class IdentityStoreContract
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    private IIdentityStore _store = null!;

    /// <summary>An empty store, ready to be used.</summary>
    protected abstract IIdentityStore Open();

    [SetUp]
    public void OpenStore() => _store = Open();

    [Test]
    public async Task An_account_is_loaded_as_it_was_added()
    {
        (await _store.LoadAccountsAsync(default)).Should().BeEmpty();
        var ann = Account("u1", "Ann") with { At = Noon.AddMilliseconds(123) };
        var maria = Account("u2", "Мария");
        (await _store.TryAddAccountAsync(ann, default)).Should().BeTrue();
        (await _store.TryAddAccountAsync(maria, default)).Should().BeTrue();
        (await _store.LoadAccountsAsync(default)).Should().BeEquivalentTo([ann, maria]);
    }

    [Test]
    public async Task A_user_has_one_account_and_a_skeleton_belongs_to_one()
    {
        await _store.TryAddAccountAsync(Account("u1", "ann"), default);
        (await _store.TryAddAccountAsync(Account("u1", "bob"), default)).Should().BeFalse("the user has one");
        (await _store.TryAddAccountAsync(Account("u2", "Ann") with { Skeleton = "ann" }, default)).Should().BeFalse("the look is another's");
        (await _store.LoadAccountsAsync(default)).Should().BeEquivalentTo([Account("u1", "ann")], "what was refused has left nothing behind");
        (await _store.TryAddAccountAsync(Account("u2", "bob"), default)).Should().BeTrue("a refusal keeps nobody from another name");
    }

    [Test]
    public async Task Of_many_who_want_one_name_one_gets_it()
    {
        var won = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Task.Run(async () =>
            await _store.TryAddAccountAsync(Account($"u{i}", "ann"), default))));
        won.Should().ContainSingle(got => got);
        (await _store.LoadAccountsAsync(default)).Should().ContainSingle();
    }

    [Test]
    public async Task A_password_hash_is_replaced_and_nothing_else()
    {
        var (ann, bob) = (Account("u1", "ann"), Account("u2", "bob"));
        await _store.TryAddAccountAsync(ann, default);
        await _store.TryAddAccountAsync(bob, default);
        await _store.ChangePasswordHashAsync("u1", "newer", default);
        await _store.ChangePasswordHashAsync("nobody", "newer", default);
        (await _store.LoadAccountsAsync(default)).Should().BeEquivalentTo([ann with { PasswordHash = "newer" }, bob]);
    }

    [Test]
    public async Task A_session_is_found_as_it_was_saved_last()
    {
        var session = new StoredSession("h1", "u1", "Мария", IsGuest: true, AwaySince: null);
        (await _store.FindSessionAsync("h1", default)).Should().BeNull();
        await _store.SaveSessionAsync(session, default);
        (await _store.FindSessionAsync("h1", default)).Should().Be(session);
        (await _store.FindSessionAsync("H1", default)).Should().BeNull("a hash is compared as it is");

        var later = new StoredSession("h1", "u1", "ann", IsGuest: false, Noon.AddMilliseconds(7));
        await _store.SaveSessionAsync(later, default);
        (await _store.FindSessionAsync("h1", default)).Should().Be(later);
    }

    [Test]
    public async Task A_user_may_have_several_sessions_and_ending_one_leaves_the_others()
    {
        await _store.SaveSessionAsync(Session("h1"), default);
        await _store.SaveSessionAsync(Session("h2"), default);
        await _store.EndSessionAsync("h1", default);
        await _store.EndSessionAsync("h1", default);
        await _store.EndSessionAsync("never was", default);
        (await _store.FindSessionAsync("h1", default)).Should().BeNull();
        (await _store.FindSessionAsync("h2", default)).Should().Be(Session("h2"));
    }

    [Test]
    public async Task What_is_written_takes_effect_in_the_order_of_the_calls()
    {
        for (var round = 0; round < 50; round++)
        {
            var calls = new List<Task>();
            for (var i = 0; i < 10; i++)
            {
                calls.Add(_store.SaveSessionAsync(Session("h1") with { Name = $"{i}" }, default).AsTask());
                if (i == 4)
                    calls.Add(_store.EndSessionAsync("h1", default).AsTask());
            }

            await Task.WhenAll(calls);
            (await _store.FindSessionAsync("h1", default))!.Name.Should().Be("9");
        }
    }

    [Test]
    public async Task At_a_start_all_who_were_connected_are_away_and_the_others_stay_away_as_long()
    {
        await _store.SaveSessionAsync(Session("connected"), default);
        await _store.SaveSessionAsync(Session("away") with { AwaySince = Noon.AddHours(-1) }, default);
        await _store.MarkAllAwayAsync(Noon, default);
        (await _store.FindSessionAsync("connected", default))!.AwaySince.Should().Be(Noon);
        (await _store.FindSessionAsync("away", default))!.AwaySince.Should().Be(Noon.AddHours(-1));
    }

    [Test]
    public async Task Guests_and_accounts_are_forgotten_after_their_own_time_and_the_connected_never()
    {
        await _store.SaveSessionAsync(Session("guest, old") with { AwaySince = Noon.AddMinutes(-61) }, default);
        await _store.SaveSessionAsync(Session("guest, on the minute") with { AwaySince = Noon.AddMinutes(-60) }, default);
        await _store.SaveSessionAsync(Session("guest, here"), default);
        await _store.SaveSessionAsync(Session("account, old", isGuest: false) with { AwaySince = Noon.AddDays(-31) }, default);
        await _store.SaveSessionAsync(Session("account, on the day", isGuest: false) with { AwaySince = Noon.AddDays(-30) }, default);
        await _store.SaveSessionAsync(Session("account, here", isGuest: false), default);

        await _store.ForgetSessionsAsync(Noon.AddMinutes(-60), Noon.AddDays(-30), most: 1000, default);

        (await LeftOf("guest, old", "guest, on the minute", "guest, here", "account, old", "account, on the day", "account, here"))
            .Should().Equal("guest, on the minute", "guest, here", "account, on the day", "account, here");
    }

    [Test]
    public async Task Beyond_the_most_guests_those_longest_away_go_and_nobody_else()
    {
        for (var i = 0; i < 9; i++)
            await _store.SaveSessionAsync(Session($"account {i}", isGuest: false) with { AwaySince = Noon.AddDays(-9) }, default);
        await _store.SaveSessionAsync(Session("here"), default);
        foreach (var minutes in new[] { 3, 1, 4, 2 })
            await _store.SaveSessionAsync(Session($"away {minutes}") with { AwaySince = Noon.AddMinutes(-minutes) }, default);

        await _store.ForgetSessionsAsync(Noon.AddHours(-1), Noon.AddDays(-30), most: 3, default);
        (await LeftOf("account 0", "here", "away 1", "away 2", "away 3", "away 4")).Should().Equal(["account 0", "here", "away 1", "away 2"], "accounts cost no guest the place");

        await _store.ForgetSessionsAsync(Noon.AddHours(-1), Noon.AddDays(-30), most: 0, default);
        (await LeftOf("account 0", "account 8", "here", "away 1", "away 2")).Should().Equal(["account 0", "account 8", "here"], "only guests who are away make room");
    }

    [Test]
    public async Task Of_one_account_the_sessions_longest_away_end_beyond_the_most_and_nobody_elses()
    {
        await _store.SaveSessionAsync(Session("other") with { User = "u2", IsGuest = false, AwaySince = Noon.AddDays(-9) }, default);
        await _store.SaveSessionAsync(Session("here", isGuest: false), default);
        foreach (var minutes in new[] { 3, 1, 4, 2 })
            await _store.SaveSessionAsync(Session($"away {minutes}", isGuest: false) with { AwaySince = Noon.AddMinutes(-minutes) }, default);

        (await _store.EndSessionsBeyondAsync("u1", most: 5, default)).Should().BeEmpty();
        (await _store.EndSessionsBeyondAsync("nobody", most: 1, default)).Should().BeEmpty();
        (await _store.EndSessionsBeyondAsync("u1", most: 3, default)).Should().BeEquivalentTo("away 4", "away 3");
        (await LeftOf("other", "here", "away 1", "away 2", "away 3", "away 4")).Should().Equal("other", "here", "away 1", "away 2");

        await _store.SaveSessionAsync(Session("here too", isGuest: false), default);
        (await _store.EndSessionsBeyondAsync("u1", most: 1, default)).Should().BeEquivalentTo("away 1", "away 2");
        (await LeftOf("other", "here", "here too")).Should().Equal(["other", "here", "here too"], "who is connected does not end");
    }

    private async Task<List<string>> LeftOf(params string[] hashes)
    {
        var left = new List<string>();
        foreach (var hash in hashes)
        {
            if (await _store.FindSessionAsync(hash, default) is not null)
                left.Add(hash);
        }

        return left;
    }

    private static StoredAccount Account(string user, string name) => new(user, name, name, $"hash of {name}", Noon);

    private static StoredSession Session(string hash, bool isGuest = true) => new(hash, "u1", "ann", isGuest, AwaySince: null);
}

public sealed class MemoryIdentityStoreTests : IdentityStoreContract
{
    protected override IIdentityStore Open() => new MemoryIdentityStore();
}
