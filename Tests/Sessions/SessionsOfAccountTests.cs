using RawSocketChat.Server.Sessions;

namespace RawSocketChat.Tests.Sessions;

/// <summary>How many sessions an account has, and which of them end for a new one.</summary>
public sealed class SessionsOfAccountTests : SessionStoreFixture
{
    [Test]
    public async Task Beyond_the_most_of_an_account_the_session_longest_away_ends_here_and_in_the_storage()
    {
        var store = Store(guestMinutes: 10, perAccount: 3);
        var first = await BeginAsync(store, "ann");
        var account = await KeepAsync(store, first, "ann");
        var second = (await store.BeginAsync(account)).Session;
        var third = (await store.BeginAsync(account)).Session;
        foreach (var session in (Session[])[second, first])
        {
            store.Release(session);
            Time.Advance(TimeSpan.FromMinutes(1));
        }

        (await store.BeginAsync(account)).Ended.Should().BeEmpty("nobody who is connected has to go");
        second.IsEnded.Should().BeTrue();
        await ShouldBeGoneAsync(store, second);
        (await store.ResumeAsync(first.Token))!.Session.Should().BeSameAs(first);
        (await store.ResumeAsync(third.Token))!.Session.Should().BeSameAs(third);
    }

    [Test]
    public async Task A_session_that_memory_has_forgotten_counts_and_ends_as_well()
    {
        var store = Store(guestMinutes: 10, perAccount: 2);
        var old = await BeginAsync(store, "ann");
        var account = await KeepAsync(store, old, "ann");
        store.Release(old);
        Time.Advance(TimeSpan.FromMinutes(11));
        for (var i = 0; i < 2; i++)
            await store.BeginAsync(account);
        store.Count.Should().Be(2);
        await ShouldBeGoneAsync(store, old);
    }

    [Test]
    public async Task Where_all_are_connected_the_one_longest_connected_ends_and_is_told_of()
    {
        var store = Store(perAccount: 2);
        var first = await BeginAsync(store, "ann");
        var account = await KeepAsync(store, first, "ann");
        var second = (await store.BeginAsync(account)).Session;
        (await store.BeginAsync(account)).Ended.Should().Equal(first);
        (await store.BeginAsync(account)).Ended.Should().Equal([second], "the first one is gone, though its connection still stands");
        await ShouldBeGoneAsync(store, first);
        store.Release(first);
        store.AwayCount.Should().Be(0);
        (await Storage.FindSessionAsync(SessionToken.HashOf(first.Token), default)).Should().BeNull("its last connection has not stored it again");
    }

    [Test]
    public async Task A_session_that_comes_back_while_it_is_to_end_goes_on()
    {
        var store = Store(perAccount: 2);
        var first = await BeginAsync(store, "ann");
        var account = await KeepAsync(store, first, "ann");
        await store.BeginAsync(account);
        store.Release(first);
        var ending = new TaskCompletionSource();
        Storage.Ending = ending.Task;
        var login = store.BeginAsync(account);
        (await store.ResumeAsync(first.Token))!.Session.Should().BeSameAs(first);
        ending.SetResult();
        await login;
        first.IsEnded.Should().BeFalse();
        (await (await RestartAsync()).ResumeAsync(first.Token)).Should().NotBeNull();
    }

    [Test]
    public async Task With_a_full_disk_one_may_log_in_and_the_next_login_ends_what_is_too_much()
    {
        var store = Store(perAccount: 1);
        var first = await BeginAsync(store, "ann");
        var account = await KeepAsync(store, first, "ann");
        store.Release(first);
        Storage.IsFull = true;
        var second = (await store.BeginAsync(account)).Session;
        store.Release(second);
        Storage.IsFull = false;
        await store.TidyAsync();
        await store.BeginAsync(account);
        await ShouldBeGoneAsync(store, first);
        await ShouldBeGoneAsync(store, second);
    }

    [Test]
    public async Task Who_was_forgotten_while_registering_is_not_kept_in_memory_for_good()
    {
        var store = Store(most: 1);
        var ann = await BeginAsync(store, "ann");
        store.Release(ann);
        store.Release(await BeginAsync(store, "bob"));
        store.Count.Should().Be(1);
        await KeepAsync(store, ann, "ann");
        store.Count.Should().Be(1);
        (await store.ResumeAsync(ann.Token))!.Session.User.Id.Should().Be(ann.User.Id);
    }

    [Test]
    public async Task Sessions_of_accounts_cost_no_guest_the_place()
    {
        var store = Store(most: 2);
        var guest = await BeginAsync(store, "guest");
        store.Release(guest);
        var ann = await BeginAsync(store, "ann");
        var account = await KeepAsync(store, ann, "ann");
        for (var i = 0; i < 5; i++)
            await store.BeginAsync(account);
        await store.TidyAsync();
        (await store.ResumeAsync(guest.Token))!.Session.User.Id.Should().Be(guest.User.Id);
    }

    private async Task ShouldBeGoneAsync(SessionStore store, Session session)
    {
        (await store.ResumeAsync(session.Token)).Should().BeNull();
        (await Storage.FindSessionAsync(SessionToken.HashOf(session.Token), default)).Should().BeNull();
    }
}
