using RawSocketChat.Server.Sessions;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Tests.Sessions;

public sealed class SessionStoreTests : SessionStoreFixture
{
    [Test]
    public async Task Session_is_found_only_by_its_token_and_keeps_its_user()
    {
        var store = CreateStore();
        var ann = await BeginAsync(store, "ann");
        store.RemoveConnection(ann);

        var (again, refusal) = (await store.ResumeAsync(ann.Token))!;
        again.User.Should().BeSameAs(ann.User);
        refusal.Should().BeNull();
        (await store.ResumeAsync(ann.Token[..^1] + (ann.Token[^1] == '0' ? '1' : '0'))).Should().BeNull();
        (await store.ResumeAsync("")).Should().BeNull();
    }

    [Test]
    public async Task Session_is_not_counted_as_away_after_repeated_reconnects()
    {
        var store = CreateStore();
        var ann = await BeginAsync(store, "ann");
        for (var round = 0; round < 100; round++)
        {
            store.RemoveConnection(ann);
            store.AwayCount.Should().Be(1);
            (await store.ResumeAsync(ann.Token))!.Session.Should().BeSameAs(ann);
        }

        store.AwayCount.Should().Be(0);
    }

    [Test]
    public async Task Sessions_survive_a_restart_with_their_newest_name()
    {
        var ann = await BeginAsync(CreateStore(), "ann");
        var store = await RestartAsync();
        (await store.ResumeAsync(ann.Token))!.Session.User.Should().Match<User>(user => user.Id == ann.User.Id && user.Name == "ann" && user.IsGuest);
        var again = (await store.ResumeAsync(ann.Token))!.Session;
        (await store.RenameAsync(again.User, "anna")).Should().BeNull();

        (await (await RestartAsync()).ResumeAsync(ann.Token))!.Session.User.Name.Should().Be("anna");
        Storage.Saved.Should().OnlyContain(saved => saved.TokenHash == SessionToken.ComputeHash(ann.Token), "the storage never gets the token itself");
    }

    [Test]
    public async Task Ended_session_is_removed_from_memory_and_storage_and_frees_its_name()
    {
        var store = CreateStore();
        var ann = await BeginAsync(store, "ann");
        await store.ResumeAsync(ann.Token);
        await store.EndAsync(ann);
        ann.IsEnded.Should().BeTrue();
        (await store.ResumeAsync(ann.Token)).Should().BeNull();
        (await store.RenameAsync(ann.User, "anna")).Should().BeNull();
        store.RemoveConnection(ann);
        store.RemoveConnection(ann);
        (await (await RestartAsync()).ResumeAsync(ann.Token)).Should().BeNull("the connections did not store the ended session again");
        (await BeginAsync(store, "anna")).User.Name.Should().Be("anna");
        (store.Count, store.AwayCount).Should().Be((1, 0));
    }

    [Test]
    public async Task Session_is_not_resumed_when_it_ends_while_the_storage_reads_it()
    {
        var ann = await BeginAsync(CreateStore(), "ann");
        var store = await RestartAsync();
        var slow = new TaskCompletionSource();
        Storage.FindDelay = slow.Task;
        var resuming = store.ResumeAsync(ann.Token).AsTask();
        Storage.FindDelay = Task.CompletedTask;
        var other = (await store.ResumeAsync(ann.Token))!.Session;
        await store.EndAsync(other);
        slow.SetResult();
        (await resuming).Should().BeNull();
    }

    [Test]
    public async Task Two_concurrent_resumes_get_the_same_session()
    {
        var ann = await BeginAsync(CreateStore(), "ann");
        var store = await RestartAsync();
        var slow = new TaskCompletionSource();
        Storage.FindDelay = slow.Task;
        var (one, two) = (store.ResumeAsync(ann.Token).AsTask(), store.ResumeAsync(ann.Token).AsTask());
        slow.SetResult();
        (await one)!.Session.Should().BeSameAs((await two)!.Session);
        store.Count.Should().Be(1);
    }

    [Test]
    public async Task Guests_can_connect_while_the_disk_is_full_and_are_saved_before_their_messages()
    {
        var store = CreateStore();
        Storage.IsFull = true;
        var ann = await BeginAsync(store, "ann");
        (await store.EnsureSavedAsync(ann)).Should().BeFalse();
        (await store.ResumeAsync(ann.Token))!.Session.Should().BeSameAs(ann, "the session is in memory");

        Storage.IsFull = false;
        (await store.EnsureSavedAsync(ann)).Should().BeTrue();
        (await (await RestartAsync()).ResumeAsync(ann.Token)).Should().NotBeNull();
    }

    [Test]
    public async Task Cleanup_retries_failed_saves()
    {
        var store = CreateStore();
        var (ann, bob) = (await BeginAsync(store, "ann"), await BeginAsync(store, "bob"));
        Storage.IsFull = true;
        (await store.RenameAsync(ann.User, "anna")).Should().BeNull();
        await FluentActions.Awaiting(() => store.EndAsync(bob)).Should().ThrowAsync<StorageException>();
        (await store.ResumeAsync(bob.Token)).Should().NotBeNull("a session that the storage could not end continues");
        await store.CleanUpAsync();

        Storage.IsFull = false;
        await store.CleanUpAsync();
        (await (await RestartAsync()).ResumeAsync(ann.Token))!.Session.User.Name.Should().Be("anna");
    }

    [Test]
    public async Task Session_that_loses_its_last_connection_during_a_failing_logout_becomes_away_and_expires()
    {
        var store = CreateStore();
        var ann = await BeginAsync(store, "ann");
        var ending = new TaskCompletionSource();
        Storage.EndDelay = ending.Task;
        var ended = store.EndAsync(ann);
        store.RemoveConnection(ann);
        Storage.IsFull = true;
        ending.SetResult();
        await FluentActions.Awaiting(() => ended).Should().ThrowAsync<StorageException>();
        Storage.IsFull = false;
        store.AwayCount.Should().Be(1);
        (await store.ResumeAsync(ann.Token))!.Session.Should().BeSameAs(ann, "a session that the storage could not end continues");
        store.RemoveConnection(ann);
        Time.Advance(TimeSpan.FromMinutes(61));
        await store.CleanUpAsync();
        (store.Count, store.AwayCount).Should().Be((0, 0));
        (await Storage.FindSessionAsync(SessionToken.ComputeHash(ann.Token), default)).Should().BeNull();
    }

    [Test]
    public async Task Guest_session_that_lost_its_connection_while_the_disk_was_full_expires_on_time()
    {
        var store = CreateStore(guestMinutes: 10);
        var ann = await BeginAsync(store, "ann");
        Storage.IsFull = true;
        store.RemoveConnection(ann);
        Time.Advance(TimeSpan.FromMinutes(11));
        await store.CleanUpAsync();
        (await store.ResumeAsync(ann.Token)).Should().BeNull("the session has expired, although it is still marked as connected in the storage");

        Storage.IsFull = false;
        await store.CleanUpAsync();
        (await store.ResumeAsync(ann.Token)).Should().BeNull();
        (await Storage.FindSessionAsync(SessionToken.ComputeHash(ann.Token), default)).Should().BeNull();
        store.Count.Should().Be(0);
    }

    [Test]
    public async Task Account_session_that_lost_its_connection_while_the_disk_was_full_can_be_resumed()
    {
        var store = CreateStore(guestMinutes: 10, accountDays: 3);
        var ann = await BeginAsync(store, "ann");
        await RegisterAsync(store, ann, "ann");
        Storage.IsFull = true;
        store.RemoveConnection(ann);
        Time.Advance(TimeSpan.FromDays(2));
        await store.CleanUpAsync();
        (await store.ResumeAsync(ann.Token))!.Session.Should().BeSameAs(ann);
        store.RemoveConnection(ann);
        Time.Advance(TimeSpan.FromDays(2));
        Storage.IsFull = false;
        await store.CleanUpAsync();
        store.Count.Should().Be(0, "the storage contains the newest version, so the session does not stay in memory");
        (await store.ResumeAsync(ann.Token)).Should().NotBeNull();
    }

    [Test]
    public async Task Full_disk_does_not_fill_the_memory_with_guests()
    {
        var store = CreateStore(maxSessions: 3);
        var before = new List<Session>();
        for (var i = 0; i < 5; i++)
            before.Add(await BeginAsync(store, null));
        Storage.IsFull = true;
        before.ForEach(store.RemoveConnection);
        for (var i = 0; i < 100; i++)
            store.RemoveConnection(await BeginAsync(store, null));
        store.Count.Should().BeLessThanOrEqualTo(5 + 3, "five sessions are still marked as connected in the storage, and the maximum is 3");
        Storage.IsFull = false;
        await store.CleanUpAsync();
        store.Count.Should().BeLessThanOrEqualTo(3);
    }

    [Test]
    public async Task Cleanup_removes_a_stored_token_that_was_replaced_while_the_disk_was_full()
    {
        var store = CreateStore();
        var ann = await BeginAsync(store, "ann");
        var before = ann.Token;
        Storage.IsFull = true;
        await store.RegisterAsync(ann, new StoredAccount(ann.User.Id, "ann", "hash", Time.GetUtcNow()));
        (await store.ResumeAsync(before)).Should().BeNull();
        (await store.EnsureSavedAsync(ann)).Should().BeFalse("the session is not stored under the new token yet");
        Storage.IsFull = false;
        await store.CleanUpAsync();
        (await Storage.FindSessionAsync(SessionToken.ComputeHash(before), default)).Should().BeNull();
        (await Storage.FindSessionAsync(SessionToken.ComputeHash(ann.Token), default)).Should().NotBeNull();
    }

    [Test]
    public async Task Guest_session_expires_after_GuestMinutes_without_a_connection_and_not_earlier()
    {
        var store = CreateStore(guestMinutes: 10);
        var ann = await BeginAsync(store, "ann");
        Time.Advance(TimeSpan.FromHours(5));
        await store.CleanUpAsync();
        store.RemoveConnection(ann);
        Time.Advance(TimeSpan.FromMinutes(9));
        await store.CleanUpAsync();
        (await store.ResumeAsync(ann.Token)).Should().NotBeNull();
        store.RemoveConnection(ann);
        Time.Advance(TimeSpan.FromMinutes(11));
        (await store.ResumeAsync(ann.Token)).Should().BeNull("the session has expired, although the storage still contains it");
        store.Count.Should().Be(0);
        (await Storage.FindSessionAsync(SessionToken.ComputeHash(ann.Token), default)).Should().NotBeNull();
        await store.CleanUpAsync();
        (await Storage.FindSessionAsync(SessionToken.ComputeHash(ann.Token), default)).Should().BeNull();
    }

    [Test]
    public async Task Session_becomes_away_at_the_next_start_if_the_server_was_killed()
    {
        var ann = await BeginAsync(CreateStore(), "ann");
        Time.Advance(TimeSpan.FromHours(5));
        var store = await RestartAsync();
        Time.Advance(TimeSpan.FromMinutes(61));
        await store.CleanUpAsync();
        (await Storage.FindSessionAsync(SessionToken.ComputeHash(ann.Token), default)).Should().BeNull();

        var bob = await BeginAsync(CreateStore(), "bob");
        Time.Advance(TimeSpan.FromHours(5));
        (await (await RestartAsync()).ResumeAsync(bob.Token)).Should().NotBeNull("the time without a server does not count");
    }

    [Test]
    public async Task Account_session_expires_after_AccountDays_without_a_connection()
    {
        var store = CreateStore(guestMinutes: 10, accountDays: 3);
        var ann = await BeginAsync(store, "ann");
        await RegisterAsync(store, ann, "ann");
        store.RemoveConnection(ann);
        Time.Advance(TimeSpan.FromDays(2));
        await store.CleanUpAsync();
        store.Count.Should().Be(0, "the store removes sessions of accounts from memory as early as sessions of guests");
        var again = (await store.ResumeAsync(ann.Token))!.Session;
        store.RemoveConnection(again);
        Time.Advance(TimeSpan.FromDays(2));
        await store.CleanUpAsync();
        store.RemoveConnection((await store.ResumeAsync(ann.Token))!.Session);
        Time.Advance(TimeSpan.FromDays(3) + TimeSpan.FromSeconds(1));
        (await store.ResumeAsync(ann.Token)).Should().BeNull();
    }

    [Test]
    public async Task Leap_of_the_clock_ends_no_session()
    {
        var store = CreateStore();
        var guest = await BeginAsync(store, "ann");
        var account = await BeginAsync(store, "bob");
        await RegisterAsync(store, account, "bob");
        store.RemoveConnection(guest);
        store.RemoveConnection(account);

        Time.Leap(TimeSpan.FromDays(400));
        await store.CleanUpAsync();
        (await store.ResumeAsync(guest.Token))!.Session.Should().BeSameAs(guest);
        store.RemoveConnection(guest);
        Time.Leap(TimeSpan.FromDays(-400));
        (await store.ResumeAsync(account.Token))!.Session.User.Name.Should().Be("bob");
        (await (await RestartAsync()).ResumeAsync(guest.Token)).Should().NotBeNull("the clean-up has not removed the session from the storage");
    }

    [Test]
    public async Task Store_with_too_many_sessions_removes_those_that_are_away_longest_and_keeps_connected_sessions()
    {
        var store = CreateStore(maxSessions: 3);
        var here = await BeginAsync(store, null);
        var away = new List<Session>();
        for (var i = 0; i < 10; i++)
            away.Add(await BeginAsync(store, null));
        foreach (var session in away)
        {
            store.RemoveConnection(session);
            Time.Advance(TimeSpan.FromSeconds(1));
        }

        store.Count.Should().Be(3);
        await store.CleanUpAsync();
        (await store.ResumeAsync(away[0].Token)).Should().BeNull();
        (await store.ResumeAsync(away[9].Token)).Should().NotBeNull();
        (await store.ResumeAsync(here.Token)).Should().NotBeNull();
    }
}
