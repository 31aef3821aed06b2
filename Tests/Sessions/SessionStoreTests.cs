using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Server.Sessions;
using RawSocketChat.Server.Storage;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Sessions;

public sealed class SessionStoreTests
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 23, 10, 0, 0, TimeSpan.Zero));
    private FailingIdentityStore _storage = null!;

    private static IEnumerable<TestCaseData> Disguised =>
        Disguises.All.Select(case_ => new TestCaseData(case_.Name, case_.Disguise).SetArgDisplayNames(case_.Name, case_.How));

    [SetUp]
    public void EmptyStorage() => _storage = new FailingIdentityStore();

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
    public async Task A_name_is_its_bearers_while_connected_by_any_device_and_free_after()
    {
        var store = Store();
        var ann = await BeginAsync(store, "ann");
        await store.ResumeAsync(ann.Token);
        store.Release(ann);
        var (other, taken) = await store.BeginAsync("ann");
        other.User.Name.Should().StartWith("guest-");
        taken.Should().Match<NameRefusal>(refusal => refusal.IsTaken && refusal.Suggestion == "ann2");

        store.Release(ann);
        (await store.BeginAsync("ann")).Should().Match<SessionStart>(start => start.Session.User.Name == "ann" && start.Refusal == null);
        var (_, lost) = (await store.ResumeAsync(ann.Token))!;
        ann.User.Name.Should().StartWith("guest-", "somebody else took the name meanwhile");
        lost!.IsTaken.Should().BeTrue();
    }

    [Test]
    public async Task A_rename_frees_the_old_name_and_may_change_its_case()
    {
        var store = Store();
        var ann = await BeginAsync(store, "ann");
        store.Rename(ann.User, "Ann").Should().BeNull();
        ann.User.Name.Should().Be("Ann");
        store.Rename(ann.User, "bob").Should().BeNull();
        (await BeginAsync(store, "ann")).User.Name.Should().Be("ann");
        store.Rename(ann.User, "ANN")!.IsTaken.Should().BeTrue();
        ann.User.Name.Should().Be("bob");
    }

    [TestCaseSource(nameof(Disguised))]
    public async Task A_name_in_use_cannot_be_had_in_disguise(string name, string disguise)
    {
        var store = Store();
        await BeginAsync(store, name);
        var (session, refusal) = await store.BeginAsync(disguise);
        session.User.Name.Should().StartWith("guest-");
        refusal.Should().NotBeNull();
        store.Rename(session.User, disguise).Should().NotBeNull();
        store.Rename(session.User, refusal!.Suggestion).Should().BeNull("what is suggested can be had");
    }

    [TestCaseSource(nameof(Disguised))]
    public async Task A_kept_name_cannot_be_had_in_disguise_while_its_owner_is_away_nor_after_a_restart(string name, string disguise)
    {
        var store = Store();
        var owner = await BeginAsync(store, null);
        await KeepAsync(store, owner, NameRule.Accept(name, out _)!);
        store.Release(owner);

        foreach (var later in new[] { store, await RestartAsync() })
        {
            var (session, refusal) = await later.BeginAsync(disguise);
            session.User.Name.Should().StartWith("guest-");
            refusal.Should().NotBeNull();
            later.Rename(session.User, disguise).Should().NotBeNull();
            later.Rename(session.User, refusal!.Suggestion).Should().BeNull("what is suggested can be had");
        }
    }

    [Test]
    public async Task Who_keeps_a_name_goes_on_as_the_same_user_by_another_token()
    {
        var store = Store();
        var session = await BeginAsync(store, "guest");
        var (id, token) = (session.User.Id, session.Token);
        await KeepAsync(store, session, "ann");

        session.User.Should().Match<User>(user => user.Id == id && user.Name == "ann" && !user.IsGuest);
        session.Token.Should().NotBe(token);
        (await store.ResumeAsync(token)).Should().BeNull();
        (await (await RestartAsync()).ResumeAsync(token)).Should().BeNull();
        (await (await RestartAsync()).ResumeAsync(session.Token))!.Session.User.Should().Match<User>(user => user.Id == id && !user.IsGuest);
        (await BeginAsync(store, "guest")).User.Name.Should().Be("guest", "the name from before is free");
    }

    [Test]
    public async Task The_devices_of_an_account_are_one_user_and_a_kept_name_comes_back_with_it()
    {
        var store = Store();
        var first = await BeginAsync(store, "ann");
        var account = await KeepAsync(store, first, "ann");
        var second = await store.BeginAsync(account);
        second.Token.Should().NotBe(first.Token);
        second.User.Should().BeSameAs(first.User);
        store.Rename(second.User, "ann.away").Should().BeNull();
        first.User.Name.Should().Be("ann.away");

        store.Release(first);
        (await BeginAsync(store, "Ann.Away")).User.Name.Should().StartWith("guest-", "the second device is still there");
        store.Release(second);
        var thief = await BeginAsync(store, "ann.away");
        thief.User.Name.Should().Be("ann.away", "only the registered name is kept");

        var (back, refusal) = (await store.ResumeAsync(first.Token))!;
        refusal!.IsTaken.Should().BeTrue();
        back.User.Name.Should().Be("ann", "an account has its own name to fall back on");
        (await store.ResumeAsync(second.Token))!.Session.User.Should().BeSameAs(back.User);
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
        _storage.Saved.Should().OnlyContain(saved => saved.TokenHash == SessionToken.HashOf(ann.Token), "the token itself is stored nowhere");
    }

    [Test]
    public async Task An_ended_session_is_gone_here_and_in_the_storage_and_frees_its_name()
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
        _storage.Finding = slow.Task;
        var resuming = store.ResumeAsync(ann.Token).AsTask();
        _storage.Finding = Task.CompletedTask;
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
        _storage.Finding = slow.Task;
        var (one, two) = (store.ResumeAsync(ann.Token).AsTask(), store.ResumeAsync(ann.Token).AsTask());
        slow.SetResult();
        (await one)!.Session.Should().BeSameAs((await two)!.Session);
        store.Count.Should().Be(1);
    }

    [Test]
    public async Task With_a_full_disk_guests_come_in_and_are_stored_before_what_they_say()
    {
        var store = Store();
        _storage.IsFull = true;
        var ann = await BeginAsync(store, "ann");
        (await store.EnsureSavedAsync(ann)).Should().BeFalse();
        (await store.ResumeAsync(ann.Token))!.Session.Should().BeSameAs(ann, "in memory it is");

        _storage.IsFull = false;
        (await store.EnsureSavedAsync(ann)).Should().BeTrue();
        (await (await RestartAsync()).ResumeAsync(ann.Token)).Should().NotBeNull();
    }

    [Test]
    public async Task What_could_not_be_stored_is_tried_again_by_itself()
    {
        var store = Store();
        var (ann, bob) = (await BeginAsync(store, "ann"), await BeginAsync(store, "bob"));
        _storage.IsFull = true;
        store.Rename(ann.User, "anna").Should().BeNull();
        await FluentActions.Awaiting(() => store.EndAsync(bob)).Should().ThrowAsync<StorageException>();
        (await store.ResumeAsync(bob.Token)).Should().NotBeNull("what could not be ended goes on");
        await store.TidyAsync();

        _storage.IsFull = false;
        await store.TidyAsync();
        (await (await RestartAsync()).ResumeAsync(ann.Token))!.Session.User.Name.Should().Be("anna");
    }

    [Test]
    public async Task A_token_that_was_replaced_while_the_disk_was_full_ends_later()
    {
        var store = Store();
        var ann = await BeginAsync(store, "ann");
        var before = ann.Token;
        _storage.IsFull = true;
        await store.KeepAsync(ann, new StoredAccount(ann.User.Id, "ann", NameSkeleton.Of("ann"), "hash", _time.GetUtcNow()));
        (await store.ResumeAsync(before)).Should().BeNull();
        _storage.IsFull = false;
        await store.TidyAsync();
        (await _storage.FindSessionAsync(SessionToken.HashOf(before), default)).Should().BeNull();
        (await _storage.FindSessionAsync(SessionToken.HashOf(ann.Token), default)).Should().NotBeNull();
    }

    [Test]
    public async Task A_guest_is_forgotten_after_the_time_away_and_not_before()
    {
        var store = Store(guestMinutes: 10);
        var ann = await BeginAsync(store, "ann");
        _time.Advance(TimeSpan.FromHours(5));
        await store.TidyAsync();
        store.Release(ann);
        _time.Advance(TimeSpan.FromMinutes(9));
        await store.TidyAsync();
        (await store.ResumeAsync(ann.Token)).Should().NotBeNull();
        store.Release(ann);
        _time.Advance(TimeSpan.FromMinutes(11));
        (await store.ResumeAsync(ann.Token)).Should().BeNull("also where the storage still has it");
        store.Count.Should().Be(0);
        (await _storage.FindSessionAsync(SessionToken.HashOf(ann.Token), default)).Should().NotBeNull();
        await store.TidyAsync();
        (await _storage.FindSessionAsync(SessionToken.HashOf(ann.Token), default)).Should().BeNull();
    }

    [Test]
    public async Task Who_was_connected_when_the_process_died_is_away_since_the_next_start()
    {
        var ann = await BeginAsync(Store(), "ann");
        _time.Advance(TimeSpan.FromHours(5));
        var store = await RestartAsync();
        _time.Advance(TimeSpan.FromMinutes(61));
        await store.TidyAsync();
        (await _storage.FindSessionAsync(SessionToken.HashOf(ann.Token), default)).Should().BeNull();

        var bob = await BeginAsync(Store(), "bob");
        _time.Advance(TimeSpan.FromHours(5));
        (await (await RestartAsync()).ResumeAsync(bob.Token)).Should().NotBeNull("the time in which there was no server is not counted");
    }

    [Test]
    public async Task A_session_of_an_account_lasts_its_days_from_the_last_connection_on()
    {
        var store = Store(guestMinutes: 10, accountDays: 3);
        var ann = await BeginAsync(store, "ann");
        await KeepAsync(store, ann, "ann");
        store.Release(ann);
        _time.Advance(TimeSpan.FromDays(2));
        await store.TidyAsync();
        store.Count.Should().Be(0, "memory does not keep it longer than a guest's");
        var again = (await store.ResumeAsync(ann.Token))!.Session;
        store.Release(again);
        _time.Advance(TimeSpan.FromDays(2));
        await store.TidyAsync();
        store.Release((await store.ResumeAsync(ann.Token))!.Session);
        _time.Advance(TimeSpan.FromDays(3) + TimeSpan.FromSeconds(1));
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
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        store.Count.Should().Be(3);
        await store.TidyAsync();
        (await store.ResumeAsync(away[0].Token)).Should().BeNull();
        (await store.ResumeAsync(away[9].Token)).Should().NotBeNull();
        (await store.ResumeAsync(here.Token)).Should().NotBeNull();
    }

    private static async Task<Session> BeginAsync(SessionStore store, string? name) => (await store.BeginAsync(name)).Session;

    // As register does it, but for the password.
    private async Task<StoredAccount> KeepAsync(SessionStore store, Session session, string name)
    {
        var account = new StoredAccount(session.User.Id, name, NameSkeleton.Of(name), "hash", _time.GetUtcNow());
        (await _storage.TryAddAccountAsync(account, default)).Should().BeTrue();
        await store.KeepAsync(session, account);
        return account;
    }

    // Another process on the same storage, the first one having been killed.
    private async Task<SessionStore> RestartAsync()
    {
        var store = Store();
        await store.StartAsync(default);
        return store;
    }

    private SessionStore Store(int guestMinutes = 60, int accountDays = 30, int most = 1000) => new(
        _storage,
        Options.Create(new SessionOptions { GuestMinutes = guestMinutes, AccountDays = accountDays, Most = most }),
        Options.Create(new LimitsOptions()),
        _time,
        NullLogger<SessionStore>.Instance);
}
