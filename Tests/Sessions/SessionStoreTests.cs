using RawSocketChat.Server.Sessions;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Tests.Sessions;

public sealed class SessionStoreTests : SessionStoreFixture
{
    [Test]
    public async Task A_session_is_found_by_its_token_alone_and_is_the_same_user()
    {
        var store = Store();
        var ann = await BeginAsync(store, "ann");
        store.Release(ann);

        var (again, refusal) = (await store.ResumeAsync(ann.Token))!;
        again.User.Should().BeSameAs(ann.User);
        refusal.Should().BeNull();
        (await store.ResumeAsync(ann.Token[..^1] + (ann.Token[^1] == '0' ? '1' : '0'))).Should().BeNull();
        (await store.ResumeAsync("")).Should().BeNull();
    }

    [Test]
    public async Task Coming_and_going_again_and_again_leaves_nothing_behind()
    {
        var store = Store();
        var ann = await BeginAsync(store, "ann");
        for (var round = 0; round < 100; round++)
        {
            store.Release(ann);
            store.AwayCount.Should().Be(1);
            (await store.ResumeAsync(ann.Token))!.Session.Should().BeSameAs(ann);
        }

        store.AwayCount.Should().Be(0);
    }

    [Test]
    public async Task Sessions_survive_a_restart_by_their_newest_name()
    {
        var ann = await BeginAsync(Store(), "ann");
        var store = await RestartAsync();
        (await store.ResumeAsync(ann.Token))!.Session.User.Should().Match<User>(user => user.Id == ann.User.Id && user.Name == "ann" && user.IsGuest);
        var again = (await store.ResumeAsync(ann.Token))!.Session;
        store.Rename(again.User, "anna").Should().BeNull();

        (await (await RestartAsync()).ResumeAsync(ann.Token))!.Session.User.Name.Should().Be("anna");
        Storage.Saved.Should().OnlyContain(saved => saved.TokenHash == SessionToken.HashOf(ann.Token), "the token itself is stored nowhere");
    }

    [Test]
    public async Task An_ended_session_is_gone_here_and_in_theStorage_and_frees_its_name()
    {
        var store = Store();
        var ann = await BeginAsync(store, "ann");
        await store.ResumeAsync(ann.Token);
        await store.EndAsync(ann);
        ann.IsEnded.Should().BeTrue();
        (await store.ResumeAsync(ann.Token)).Should().BeNull();
        store.Rename(ann.User, "anna").Should().BeNull();
        store.Release(ann);
        store.Release(ann);
        (await (await RestartAsync()).ResumeAsync(ann.Token)).Should().BeNull("nothing that its last connections did has stored it again");
        (await BeginAsync(store, "anna")).User.Name.Should().Be("anna");
        (store.Count, store.AwayCount).Should().Be((1, 0));
    }

    [Test]
    public async Task A_session_that_ends_while_it_is_looked_up_is_not_taken_up()
    {
        var ann = await BeginAsync(Store(), "ann");
        var store = await RestartAsync();
        var slow = new TaskCompletionSource();
        Storage.Finding = slow.Task;
        var resuming = store.ResumeAsync(ann.Token).AsTask();
        Storage.Finding = Task.CompletedTask;
        var other = (await store.ResumeAsync(ann.Token))!.Session;
        await store.EndAsync(other);
        slow.SetResult();
        (await resuming).Should().BeNull();
    }

    [Test]
    public async Task Two_who_look_a_session_up_at_once_have_the_same()
    {
        var ann = await BeginAsync(Store(), "ann");
        var store = await RestartAsync();
        var slow = new TaskCompletionSource();
        Storage.Finding = slow.Task;
        var (one, two) = (store.ResumeAsync(ann.Token).AsTask(), store.ResumeAsync(ann.Token).AsTask());
        slow.SetResult();
        (await one)!.Session.Should().BeSameAs((await two)!.Session);
        store.Count.Should().Be(1);
    }

    [Test]
    public async Task With_a_full_disk_guests_come_in_and_are_stored_before_what_they_say()
    {
        var store = Store();
        Storage.IsFull = true;
        var ann = await BeginAsync(store, "ann");
        (await store.EnsureSavedAsync(ann)).Should().BeFalse();
        (await store.ResumeAsync(ann.Token))!.Session.Should().BeSameAs(ann, "in memory it is");

        Storage.IsFull = false;
        (await store.EnsureSavedAsync(ann)).Should().BeTrue();
        (await (await RestartAsync()).ResumeAsync(ann.Token)).Should().NotBeNull();
    }

    [Test]
    public async Task What_could_not_be_stored_is_tried_again_by_itself()
    {
        var store = Store();
        var (ann, bob) = (await BeginAsync(store, "ann"), await BeginAsync(store, "bob"));
        Storage.IsFull = true;
        store.Rename(ann.User, "anna").Should().BeNull();
        await FluentActions.Awaiting(() => store.EndAsync(bob)).Should().ThrowAsync<StorageException>();
        (await store.ResumeAsync(bob.Token)).Should().NotBeNull("what could not be ended goes on");
        await store.TidyAsync();

        Storage.IsFull = false;
        await store.TidyAsync();
        (await (await RestartAsync()).ResumeAsync(ann.Token))!.Session.User.Name.Should().Be("anna");
    }

    [Test]
    public async Task A_session_that_could_not_be_ended_while_its_last_connection_went_is_away_and_forgotten_in_time()
    {
        var store = Store();
        var ann = await BeginAsync(store, "ann");
        var ending = new TaskCompletionSource();
        Storage.Ending = ending.Task;
        var ended = store.EndAsync(ann);
        store.Release(ann);
        Storage.IsFull = true;
        ending.SetResult();
        await FluentActions.Awaiting(() => ended).Should().ThrowAsync<StorageException>();
        Storage.IsFull = false;
        store.AwayCount.Should().Be(1);
        (await store.ResumeAsync(ann.Token))!.Session.Should().BeSameAs(ann, "what could not be ended goes on");
        store.Release(ann);
        Time.Advance(TimeSpan.FromMinutes(61));
        await store.TidyAsync();
        (store.Count, store.AwayCount).Should().Be((0, 0));
        (await Storage.FindSessionAsync(SessionToken.HashOf(ann.Token), default)).Should().BeNull();
    }

    [Test]
    public async Task Who_went_while_the_disk_was_full_is_forgotten_in_time_all_the_same()
    {
        var store = Store(guestMinutes: 10);
        var ann = await BeginAsync(store, "ann");
        Storage.IsFull = true;
        store.Release(ann);
        Time.Advance(TimeSpan.FromMinutes(11));
        await store.TidyAsync();
        (await store.ResumeAsync(ann.Token)).Should().BeNull("the storage knows her as connected, but she is not");

        Storage.IsFull = false;
        await store.TidyAsync();
        (await store.ResumeAsync(ann.Token)).Should().BeNull();
        (await Storage.FindSessionAsync(SessionToken.HashOf(ann.Token), default)).Should().BeNull();
        store.Count.Should().Be(0);
    }

    [Test]
    public async Task An_accounts_session_that_went_while_the_disk_was_full_can_be_taken_up_later()
    {
        var store = Store(guestMinutes: 10, accountDays: 3);
        var ann = await BeginAsync(store, "ann");
        await KeepAsync(store, ann, "ann");
        Storage.IsFull = true;
        store.Release(ann);
        Time.Advance(TimeSpan.FromDays(2));
        await store.TidyAsync();
        (await store.ResumeAsync(ann.Token))!.Session.Should().BeSameAs(ann);
        store.Release(ann);
        Time.Advance(TimeSpan.FromDays(2));
        Storage.IsFull = false;
        await store.TidyAsync();
        store.Count.Should().Be(0, "the storage knows the rest");
        (await store.ResumeAsync(ann.Token)).Should().NotBeNull();
    }

    [Test]
    public async Task A_full_disk_keeps_no_crowd_of_guests_in_memory()
    {
        var store = Store(most: 3);
        var before = new List<Session>();
        for (var i = 0; i < 5; i++)
            before.Add(await BeginAsync(store, null));
        Storage.IsFull = true;
        before.ForEach(store.Release);
        for (var i = 0; i < 100; i++)
            store.Release(await BeginAsync(store, null));
        store.Count.Should().BeLessThanOrEqualTo(5 + 3, "those that the storage knows as connected, and the most");
        Storage.IsFull = false;
        await store.TidyAsync();
        store.Count.Should().BeLessThanOrEqualTo(3);
    }

    [Test]
    public async Task A_token_that_was_replaced_while_the_disk_was_full_ends_later()
    {
        var store = Store();
        var ann = await BeginAsync(store, "ann");
        var before = ann.Token;
        Storage.IsFull = true;
        await store.KeepAsync(ann, new StoredAccount(ann.User.Id, "ann", NameSkeleton.Of("ann"), "hash", Time.GetUtcNow()));
        (await store.ResumeAsync(before)).Should().BeNull();
        (await store.EnsureSavedAsync(ann)).Should().BeFalse("by the new token it is not stored yet");
        Storage.IsFull = false;
        await store.TidyAsync();
        (await Storage.FindSessionAsync(SessionToken.HashOf(before), default)).Should().BeNull();
        (await Storage.FindSessionAsync(SessionToken.HashOf(ann.Token), default)).Should().NotBeNull();
    }

    [Test]
    public async Task A_guest_is_forgotten_after_theTime_away_and_not_before()
    {
        var store = Store(guestMinutes: 10);
        var ann = await BeginAsync(store, "ann");
        Time.Advance(TimeSpan.FromHours(5));
        await store.TidyAsync();
        store.Release(ann);
        Time.Advance(TimeSpan.FromMinutes(9));
        await store.TidyAsync();
        (await store.ResumeAsync(ann.Token)).Should().NotBeNull();
        store.Release(ann);
        Time.Advance(TimeSpan.FromMinutes(11));
        (await store.ResumeAsync(ann.Token)).Should().BeNull("also where the storage still has it");
        store.Count.Should().Be(0);
        (await Storage.FindSessionAsync(SessionToken.HashOf(ann.Token), default)).Should().NotBeNull();
        await store.TidyAsync();
        (await Storage.FindSessionAsync(SessionToken.HashOf(ann.Token), default)).Should().BeNull();
    }

    [Test]
    public async Task Who_was_connected_when_the_process_died_is_away_since_the_next_start()
    {
        var ann = await BeginAsync(Store(), "ann");
        Time.Advance(TimeSpan.FromHours(5));
        var store = await RestartAsync();
        Time.Advance(TimeSpan.FromMinutes(61));
        await store.TidyAsync();
        (await Storage.FindSessionAsync(SessionToken.HashOf(ann.Token), default)).Should().BeNull();

        var bob = await BeginAsync(Store(), "bob");
        Time.Advance(TimeSpan.FromHours(5));
        (await (await RestartAsync()).ResumeAsync(bob.Token)).Should().NotBeNull("the time in which there was no server is not counted");
    }

    [Test]
    public async Task A_session_of_an_account_lasts_its_days_from_the_last_connection_on()
    {
        var store = Store(guestMinutes: 10, accountDays: 3);
        var ann = await BeginAsync(store, "ann");
        await KeepAsync(store, ann, "ann");
        store.Release(ann);
        Time.Advance(TimeSpan.FromDays(2));
        await store.TidyAsync();
        store.Count.Should().Be(0, "memory does not keep it longer than a guest's");
        var again = (await store.ResumeAsync(ann.Token))!.Session;
        store.Release(again);
        Time.Advance(TimeSpan.FromDays(2));
        await store.TidyAsync();
        store.Release((await store.ResumeAsync(ann.Token))!.Session);
        Time.Advance(TimeSpan.FromDays(3) + TimeSpan.FromSeconds(1));
        (await store.ResumeAsync(ann.Token)).Should().BeNull();
    }

    [Test]
    public async Task Beyond_the_most_sessions_those_longest_away_go_and_the_connected_stay()
    {
        var store = Store(most: 3);
        var here = await BeginAsync(store, null);
        var away = new List<Session>();
        for (var i = 0; i < 10; i++)
            away.Add(await BeginAsync(store, null));
        foreach (var session in away)
        {
            store.Release(session);
            Time.Advance(TimeSpan.FromSeconds(1));
        }

        store.Count.Should().Be(3);
        await store.TidyAsync();
        (await store.ResumeAsync(away[0].Token)).Should().BeNull();
        (await store.ResumeAsync(away[9].Token)).Should().NotBeNull();
        (await store.ResumeAsync(here.Token)).Should().NotBeNull();
    }
}
