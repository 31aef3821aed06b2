using RawSocketChat.Server.Sessions;

namespace RawSocketChat.Tests.Sessions;

/// <summary>The maximum number of sessions of an account, and the session that ends when a login exceeds this maximum.</summary>
public sealed class SessionsOfAccountTests : SessionStoreFixture
{
    [Test]
    public async Task Login_beyond_the_maximum_ends_the_session_that_is_away_longest_in_memory_and_storage()
    {
        var store = CreateStore(guestMinutes: 10, perAccount: 3);
        var first = await BeginAsync(store, "ann");
        var account = await RegisterAsync(store, first, "ann");
        var second = (await store.BeginAsync(account)).Session;
        var third = (await store.BeginAsync(account)).Session;
        foreach (var session in (Session[])[second, first])
        {
            store.RemoveConnection(session);
            Time.Advance(TimeSpan.FromMinutes(1));
        }

        (await store.BeginAsync(account)).Ended.Should().BeEmpty("a session that is away ends before a connected one");
        second.IsEnded.Should().BeTrue();
        await ShouldBeGoneAsync(store, second);
        (await store.ResumeAsync(first.Token))!.Session.Should().BeSameAs(first);
        (await store.ResumeAsync(third.Token))!.Session.Should().BeSameAs(third);
    }

    [Test]
    public async Task Session_that_is_only_in_the_storage_counts_towards_the_maximum_and_can_be_ended()
    {
        var store = CreateStore(guestMinutes: 10, perAccount: 2);
        var old = await BeginAsync(store, "ann");
        var account = await RegisterAsync(store, old, "ann");
        store.RemoveConnection(old);
        Time.Advance(TimeSpan.FromMinutes(11));
        for (var i = 0; i < 2; i++)
            await store.BeginAsync(account);
        store.Count.Should().Be(2);
        await ShouldBeGoneAsync(store, old);
    }

    [Test]
    public async Task Login_ends_the_session_that_is_connected_longest_when_no_session_is_away()
    {
        var store = CreateStore(perAccount: 2);
        var first = await BeginAsync(store, "ann");
        var account = await RegisterAsync(store, first, "ann");
        var second = (await store.BeginAsync(account)).Session;
        (await store.BeginAsync(account)).Ended.Should().Equal(first);
        (await store.BeginAsync(account)).Ended.Should().Equal([second], "the first session has ended, although it still has a connection");
        await ShouldBeGoneAsync(store, first);
        store.RemoveConnection(first);
        store.AwayCount.Should().Be(0);
        (await Storage.FindSessionAsync(SessionToken.ComputeHash(first.Token), default)).Should().BeNull("the connections did not store the session again");
    }

    [Test]
    public async Task Session_continues_when_it_is_resumed_while_the_storage_ends_it()
    {
        var store = CreateStore(perAccount: 2);
        var first = await BeginAsync(store, "ann");
        var account = await RegisterAsync(store, first, "ann");
        await store.BeginAsync(account);
        store.RemoveConnection(first);
        var ending = new TaskCompletionSource();
        Storage.EndDelay = ending.Task;
        var login = store.BeginAsync(account);
        (await store.ResumeAsync(first.Token))!.Session.Should().BeSameAs(first);
        ending.SetResult();
        await login;
        first.IsEnded.Should().BeFalse();
        (await (await RestartAsync()).ResumeAsync(first.Token)).Should().NotBeNull();
    }

    [Test]
    public async Task Login_works_on_a_full_disk_and_the_next_login_ends_the_excess_sessions()
    {
        var store = CreateStore(perAccount: 1);
        var first = await BeginAsync(store, "ann");
        var account = await RegisterAsync(store, first, "ann");
        store.RemoveConnection(first);
        Storage.IsFull = true;
        var second = (await store.BeginAsync(account)).Session;
        store.RemoveConnection(second);
        Storage.IsFull = false;
        await store.CleanUpAsync();
        await store.BeginAsync(account);
        await ShouldBeGoneAsync(store, first);
        await ShouldBeGoneAsync(store, second);
    }

    [Test]
    public async Task Session_that_is_evicted_before_its_registration_completes_does_not_stay_in_memory()
    {
        var store = CreateStore(maxSessions: 1);
        var ann = await BeginAsync(store, "ann");
        store.RemoveConnection(ann);
        store.RemoveConnection(await BeginAsync(store, "bob"));
        store.Count.Should().Be(1);
        await RegisterAsync(store, ann, "ann");
        store.Count.Should().Be(1);
        (await store.ResumeAsync(ann.Token))!.Session.User.Id.Should().Be(ann.User.Id);
    }

    [Test]
    public async Task Sessions_of_accounts_do_not_displace_guests_in_the_storage()
    {
        var store = CreateStore(maxSessions: 2);
        var guest = await BeginAsync(store, "guest");
        store.RemoveConnection(guest);
        var ann = await BeginAsync(store, "ann");
        var account = await RegisterAsync(store, ann, "ann");
        for (var i = 0; i < 5; i++)
            await store.BeginAsync(account);
        await store.CleanUpAsync();
        (await store.ResumeAsync(guest.Token))!.Session.User.Id.Should().Be(guest.User.Id);
    }

    private async Task ShouldBeGoneAsync(SessionStore store, Session session)
    {
        (await store.ResumeAsync(session.Token)).Should().BeNull();
        (await Storage.FindSessionAsync(SessionToken.ComputeHash(session.Token), default)).Should().BeNull();
    }
}
