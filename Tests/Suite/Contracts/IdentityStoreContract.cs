using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Memory;

namespace RawSocketChat.Tests.Contracts;

/// <summary>The rules that every store of accounts and sessions must follow.</summary>
public abstract class IdentityStoreContract
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    private IIdentityStore _store = null!;

    /// <summary>Opens an empty store.</summary>
    protected abstract IIdentityStore Open();

    [SetUp]
    public void OpenStore() => _store = Open();

    [Test]
    public async Task Added_account_is_found_by_its_user_and_by_each_skeleton()
    {
        (await _store.FindAccountAsync("ann", default)).Should().BeNull();
        (await _store.FindAccountOfUserAsync("u1", default)).Should().BeNull();
        var ann = Account("u1", "Ann") with { At = Noon.AddMilliseconds(123) };
        var maria = Account("u2", "Мария");
        (await _store.TryAddAccountAsync(ann, ["ann"], default)).Should().BeTrue();
        (await _store.TryAddAccountAsync(maria, ["мария", "маpия", "MAPИЯ"], default)).Should().BeTrue();
        (await _store.FindAccountAsync("ann", default)).Should().Be(ann);
        (await _store.FindAccountOfUserAsync("u1", default)).Should().Be(ann);
        foreach (var skeleton in (string[])["мария", "маpия", "MAPИЯ"])
            (await _store.FindAccountAsync(skeleton, default)).Should().Be(maria);
        (await _store.FindAccountOfUserAsync("u2", default)).Should().Be(maria);
        (await _store.FindAccountAsync("Ann", default)).Should().BeNull("the comparison is case-sensitive");
        (await _store.FindAccountAsync("", default)).Should().BeNull();
    }

    [Test]
    public async Task Guest_has_no_account()
    {
        await _store.SaveSessionAsync(Session("h1"), default);
        (await _store.FindAccountOfUserAsync("u1", default)).Should().BeNull();
        (await _store.TryAddAccountAsync(Account("u1", "ann"), ["ann"], default)).Should().BeTrue();
        (await _store.FindAccountOfUserAsync("u1", default)).Should().Be(Account("u1", "ann"));
    }

    [Test]
    public async Task FindNameOwners_returns_the_owners_of_registered_skeletons()
    {
        (await _store.FindNameOwnersAsync(["ann", "bob"], default)).Should().BeEmpty();
        await _store.TryAddAccountAsync(Account("u1", "Ann"), ["ann", "ANN"], default);
        await _store.TryAddAccountAsync(Account("u2", "bob"), ["bob"], default);
        (await _store.FindNameOwnersAsync(["ann", "ANN", "eve", "bob"], default)).Should().Equal(
            new Dictionary<string, string> { ["ann"] = "u1", ["ANN"] = "u1", ["bob"] = "u2" });
        (await _store.FindNameOwnersAsync(["eve"], default)).Should().BeEmpty();
    }

    [Test]
    public async Task Store_rejects_a_second_account_with_the_same_user_or_a_shared_skeleton()
    {
        await _store.TryAddAccountAsync(Account("u1", "ann"), ["ann", "ANN"], default);
        (await _store.TryAddAccountAsync(Account("u1", "bob"), ["bob"], default)).Should().BeFalse("the user has an account");
        (await _store.TryAddAccountAsync(Account("u2", "Ann"), ["ann"], default)).Should().BeFalse("another account has this skeleton");
        (await _store.TryAddAccountAsync(Account("u2", "bob"), ["bob", "ANN"], default)).Should().BeFalse("another account has the second skeleton");
        (await _store.FindAccountOfUserAsync("u1", default)).Should().Be(Account("u1", "ann"), "a rejected account is not stored");
        (await _store.FindAccountOfUserAsync("u2", default)).Should().BeNull("a rejected account is not stored");
        (await _store.FindNameOwnersAsync(["ann", "ANN", "bob"], default)).Keys.Should().BeEquivalentTo("ann", "ANN");
        (await _store.TryAddAccountAsync(Account("u2", "bob"), ["bob"], default)).Should().BeTrue("a rejection does not block another name");
    }

    [Test]
    public async Task One_of_many_concurrent_registrations_of_a_name_succeeds()
    {
        var won = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Task.Run(async () =>
            (User: $"u{i}", IsAdded: await _store.TryAddAccountAsync(Account($"u{i}", "ann"), ["ann", $"skeleton {i}"], default)))));
        var winner = won.Should().ContainSingle(result => result.IsAdded).Subject.User;
        (await _store.FindAccountAsync("ann", default))!.User.Should().Be(winner);
        (await _store.FindNameOwnersAsync([.. won.Select((_, i) => $"skeleton {i}")], default)).Values.Should().Equal(winner);
    }

    [Test]
    public async Task External_account_is_found_by_issuer_and_subject_and_by_its_name()
    {
        var ann = External("https://a.example", "42", "u1", "ann");
        (await _store.FindExternalAccountAsync("https://a.example", "42", default)).Should().BeNull();
        (await _store.TryAddExternalAccountAsync(ann, ["ann"], default)).Should().BeTrue();
        (await _store.FindExternalAccountAsync("https://a.example", "42", default)).Should().Be(ann);
        (await _store.FindAccountAsync("ann", default)).Should().Be(ann.ToAccount());
        (await _store.FindAccountOfUserAsync("u1", default))!.HasPassword.Should().BeFalse();
        (await _store.FindExternalAccountAsync("", "42", default)).Should().BeNull("another issuer has other users");
        (await _store.TryAddExternalAccountAsync(External("", "42", "u2", "bob"), ["bob"], default)).Should().BeTrue();
        (await _store.TryAddExternalAccountAsync(External("", "Case", "u3", "cas"), ["cas"], default)).Should().BeTrue();
        (await _store.FindExternalAccountAsync("", "case", default)).Should().BeNull("the comparison is case-sensitive");
    }

    [Test]
    public async Task Store_rejects_an_external_account_whose_subject_or_name_belongs_to_another_account()
    {
        await _store.TryAddAccountAsync(Account("u1", "ann"), ["ann"], default);
        (await _store.TryAddExternalAccountAsync(External("", "1", "u2", "ann"), ["ann"], default)).Should().BeFalse("the name is registered");
        (await _store.FindExternalAccountAsync("", "1", default)).Should().BeNull("a rejected account is not stored");
        (await _store.TryAddExternalAccountAsync(External("", "1", "u2", "ann2"), ["ann2"], default)).Should().BeTrue();
        (await _store.TryAddExternalAccountAsync(External("", "1", "u3", "ann3"), ["ann3"], default)).Should().BeFalse("the subject has an account");
        (await _store.FindAccountOfUserAsync("u3", default)).Should().BeNull("a rejected account is not stored");
        (await _store.TryAddAccountAsync(Account("u4", "ann2"), ["ann2"], default)).Should().BeFalse("the name belongs to an external account");
    }

    [Test]
    public async Task Renamed_external_account_frees_its_old_name_and_renames_its_sessions()
    {
        var (ann, bob) = (External("", "1", "u1", "ann"), External("", "2", "u2", "bob"));
        await _store.TryAddExternalAccountAsync(ann, ["ann", "ANN"], default);
        await _store.TryAddExternalAccountAsync(bob, ["bob"], default);
        var named = new StoredSession("h1", "u1", "ann", IsGuest: false, AwaySince: null);
        await _store.SaveSessionAsync(named, default);
        await _store.SaveSessionAsync(named with { TokenHash = "h2", Name = "nick" }, default);
        (await _store.TryRenameExternalAccountAsync(ann with { Name = "bob" }, ["bob"], default)).Should().BeFalse("the name is registered");
        (await _store.TryRenameExternalAccountAsync(ann with { Subject = "3" }, ["anna"], default)).Should().BeFalse("there is no such account");
        (await _store.FindExternalAccountAsync("", "1", default)).Should().Be(ann, "a rejected change is not stored");

        var renamed = ann with { Name = "anna", ClaimedName = "Anna!" };
        (await _store.TryRenameExternalAccountAsync(renamed, ["anna", "ANN"], default)).Should().BeTrue();
        (await _store.FindExternalAccountAsync("", "1", default)).Should().Be(renamed);
        (await _store.FindAccountOfUserAsync("u1", default)).Should().Be(renamed.ToAccount());
        (await _store.FindNameOwnersAsync(["ann", "ANN", "anna"], default)).Should().Equal(new Dictionary<string, string> { ["ANN"] = "u1", ["anna"] = "u1" });
        (await _store.FindSessionAsync("h1", default))!.Name.Should().Be("anna");
        (await _store.FindSessionAsync("h2", default))!.Name.Should().Be("nick", "the user has chosen this name");
    }

    [Test]
    public async Task ChangePasswordHash_changes_only_the_hash_of_one_account()
    {
        var (ann, bob) = (Account("u1", "ann"), Account("u2", "bob"));
        await _store.TryAddAccountAsync(ann, ["ann"], default);
        await _store.TryAddAccountAsync(bob, ["bob"], default);
        await _store.ChangePasswordHashAsync("u1", "newer", default);
        await _store.ChangePasswordHashAsync("nobody", "newer", default);
        (await _store.FindAccountAsync("ann", default)).Should().Be(ann with { PasswordHash = "newer" });
        (await _store.FindAccountOfUserAsync("u2", default)).Should().Be(bob);
        (await _store.FindAccountOfUserAsync("nobody", default)).Should().BeNull();
    }

    [Test]
    public async Task FindSession_returns_the_last_saved_state()
    {
        var session = new StoredSession("h1", "u1", "Мария", IsGuest: true, AwaySince: null);
        (await _store.FindSessionAsync("h1", default)).Should().BeNull();
        await _store.SaveSessionAsync(session, default);
        (await _store.FindSessionAsync("h1", default)).Should().Be(session);
        (await _store.FindSessionAsync("H1", default)).Should().BeNull("the comparison is case-sensitive");

        var later = new StoredSession("h1", "u1", "ann", IsGuest: false, Noon.AddMilliseconds(7));
        await _store.SaveSessionAsync(later, default);
        (await _store.FindSessionAsync("h1", default)).Should().Be(later);
    }

    [Test]
    public async Task Save_with_MustExist_changes_a_session_but_does_not_add_one()
    {
        var session = Session("h1") with { MustExist = true };
        await _store.SaveSessionAsync(session, default);
        (await _store.FindSessionAsync("h1", default)).Should().BeNull("another server may have ended the session");
        await _store.SaveSessionAsync(Session("h1"), default);
        await _store.SaveSessionAsync(session with { Name = "other" }, default);
        (await _store.FindSessionAsync("h1", default))!.Name.Should().Be("other");
    }

    [Test]
    public async Task EndSession_does_not_end_the_users_other_sessions()
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
    public async Task Writes_take_effect_in_the_order_of_the_calls()
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
    public async Task MarkAllAway_marks_connected_sessions_and_does_not_change_sessions_that_are_away()
    {
        await _store.SaveSessionAsync(Session("connected"), default);
        await _store.SaveSessionAsync(Session("away") with { AwaySince = Noon.AddHours(-1) }, default);
        await _store.MarkAllAwayAsync(Noon, default);
        (await _store.FindSessionAsync("connected", default))!.AwaySince.Should().Be(Noon);
        (await _store.FindSessionAsync("away", default))!.AwaySince.Should().Be(Noon.AddHours(-1));
    }

    [Test]
    public async Task Store_removes_sessions_that_are_away_longer_than_the_limit_for_guests_or_for_accounts()
    {
        await _store.SaveSessionAsync(Session("guest, old") with { AwaySince = Noon.AddMinutes(-61) }, default);
        await _store.SaveSessionAsync(Session("guest, at the limit") with { AwaySince = Noon.AddMinutes(-60) }, default);
        await _store.SaveSessionAsync(Session("guest, here"), default);
        await _store.SaveSessionAsync(Session("account, old", isGuest: false) with { AwaySince = Noon.AddDays(-31) }, default);
        await _store.SaveSessionAsync(Session("account, at the limit", isGuest: false) with { AwaySince = Noon.AddDays(-30) }, default);
        await _store.SaveSessionAsync(Session("account, here", isGuest: false), default);

        await _store.RemoveExpiredSessionsAsync(Noon.AddMinutes(-60), Noon.AddDays(-30), max: 1000, default);

        (await GetRemainingAsync("guest, old", "guest, at the limit", "guest, here", "account, old", "account, at the limit", "account, here"))
            .Should().Equal("guest, at the limit", "guest, here", "account, at the limit", "account, here");
    }

    [Test]
    public async Task Store_removes_the_guest_sessions_that_are_away_longest_if_there_are_too_many()
    {
        for (var i = 0; i < 9; i++)
            await _store.SaveSessionAsync(Session($"account {i}", isGuest: false) with { AwaySince = Noon.AddDays(-9) }, default);
        await _store.SaveSessionAsync(Session("here"), default);
        foreach (var minutes in new[] { 3, 1, 4, 2 })
            await _store.SaveSessionAsync(Session($"away {minutes}") with { AwaySince = Noon.AddMinutes(-minutes) }, default);

        await _store.RemoveExpiredSessionsAsync(Noon.AddHours(-1), Noon.AddDays(-30), max: 3, default);
        (await GetRemainingAsync("account 0", "here", "away 1", "away 2", "away 3", "away 4")).Should().Equal(["account 0", "here", "away 1", "away 2"], "accounts do not count as guests");

        await _store.RemoveExpiredSessionsAsync(Noon.AddHours(-1), Noon.AddDays(-30), max: 0, default);
        (await GetRemainingAsync("account 0", "account 8", "here", "away 1", "away 2")).Should().Equal(["account 0", "account 8", "here"], "only guests that are away are removed");
    }

    [Test]
    public async Task EndExcessSessions_ends_the_longest_away_sessions_of_an_account()
    {
        await _store.SaveSessionAsync(Session("other") with { User = "u2", IsGuest = false, AwaySince = Noon.AddDays(-9) }, default);
        await _store.SaveSessionAsync(Session("here", isGuest: false), default);
        foreach (var minutes in new[] { 3, 1, 4, 2 })
            await _store.SaveSessionAsync(Session($"away {minutes}", isGuest: false) with { AwaySince = Noon.AddMinutes(-minutes) }, default);

        (await _store.EndExcessSessionsAsync("u1", max: 5, default)).Should().BeEmpty();
        (await _store.EndExcessSessionsAsync("nobody", max: 1, default)).Should().BeEmpty();
        (await _store.EndExcessSessionsAsync("u1", max: 3, default)).Should().BeEquivalentTo("away 4", "away 3");
        (await GetRemainingAsync("other", "here", "away 1", "away 2", "away 3", "away 4")).Should().Equal("other", "here", "away 1", "away 2");

        await _store.SaveSessionAsync(Session("here too", isGuest: false), default);
        (await _store.EndExcessSessionsAsync("u1", max: 1, default)).Should().BeEquivalentTo("away 1", "away 2");
        (await GetRemainingAsync("other", "here", "here too")).Should().Equal(["other", "here", "here too"], "a connected session is not ended");
    }

    private async Task<List<string>> GetRemainingAsync(params string[] hashes)
    {
        var left = new List<string>();
        foreach (var hash in hashes)
        {
            if (await _store.FindSessionAsync(hash, default) is not null)
                left.Add(hash);
        }

        return left;
    }

    private static StoredAccount Account(string user, string name) => new(user, name, $"hash of {name}", Noon);

    private static ExternalAccount External(string issuer, string subject, string user, string name) => new(issuer, subject, user, name, name, Noon);

    private static StoredSession Session(string hash, bool isGuest = true) => new(hash, "u1", "ann", isGuest, AwaySince: null);
}

public sealed class MemoryIdentityStoreTests : IdentityStoreContract
{
    protected override IIdentityStore Open() => new MemoryIdentityStore();
}
