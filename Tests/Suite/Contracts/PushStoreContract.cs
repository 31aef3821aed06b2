using Microsoft.Extensions.Options;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Memory;

namespace RawSocketChat.Tests.Contracts;

/// <summary>The rules that every store of subscriptions to push messages must follow.</summary>
public abstract class PushStoreContract
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    private IPushStore _store = null!;
    private IIdentityStore _identities = null!;
    private IRoomCatalog _catalog = null!;

    /// <summary>How often calls run at the same time, and the number of subscriptions that the store has before.</summary>
    protected virtual (int Rounds, int Subscriptions) Race => (20, 0);

    /// <summary>Opens an empty store, and the stores of its sessions and rooms.</summary>
    protected abstract (IPushStore Store, IIdentityStore Identities, IRoomCatalog Catalog) Open();

    [SetUp]
    public async Task OpenStoreAsync()
    {
        (_store, _identities, _catalog) = Open();
        foreach (var room in (string[])["Garden", "lobby"])
            await _catalog.CreateRoomAsync(new StoredRoom(room, "", "u1", IsPrivate: false), int.MaxValue, default);
        await StartSessionAsync("s1", "u1");
        await StartSessionAsync("s2", "u2");
        await _catalog.SetMemberAsync("Garden", "u1", isMember: true, readSeq: 0, default);
    }

    [Test]
    public async Task Subscription_of_a_member_is_listed_as_it_was_saved()
    {
        var saved = Subscription("e1", "s1") with { OnlyMentions = true, QuietUntil = Noon.AddHours(1) };
        (await SaveAsync(saved)).Should().BeTrue();
        await _catalog.AdvanceReadMarkAsync("Garden", "u1", 7, default);
        await _catalog.SetNotifyAsync("Garden", "u1", "mentions", default);
        (await ListAsync("GARDEN")).Should().Equal(new PushReceiver(saved, "u1", "mentions", 7));
        (await ListAsync("lobby")).Should().BeEmpty("the user is not a member");
        await _catalog.SetMemberAsync("Garden", "u1", isMember: false, readSeq: 0, default);
        (await ListAsync("Garden")).Should().BeEmpty("the user has left the room");
    }

    [Test]
    public async Task Subscription_needs_a_session() => (await SaveAsync(Subscription("e1", "none"))).Should().BeFalse();

    [Test]
    public async Task Store_knows_whether_it_has_subscriptions()
    {
        (await _store.HasAnyAsync(default)).Should().BeFalse();
        await SaveAsync(Subscription("e1", "s1"));
        (await _store.HasAnyAsync(default)).Should().BeTrue();
    }

    [Test]
    public async Task Endpoint_has_only_the_subscription_that_was_saved_last()
    {
        await SaveAsync(Subscription("e1", "s2"));
        var second = Subscription("e1", "s1") with { Key = "other" };
        await SaveAsync(second);
        (await ListAsync("Garden")).Should().Equal(new PushReceiver(second, "u1", "all", 0));
        await _identities.EndSessionAsync("s2", default);
        (await ListAsync("Garden")).Should().ContainSingle();
    }

    [Test]
    public async Task Subscription_ends_with_its_session()
    {
        await SaveAsync(Subscription("e1", "s1"));
        await StartSessionAsync("s1", "u1"); // the server saves a session again, for example when it marks the session as away
        (await ListAsync("Garden")).Should().ContainSingle();
        await _identities.EndSessionAsync("s1", default);
        (await ListAsync("Garden")).Should().BeEmpty();
        (await _store.HasAnyAsync(default)).Should().BeFalse();
    }

    [Test]
    public async Task Subscription_ends_when_its_session_expires()
    {
        await SaveAsync(Subscription("e1", "s1"));
        await _identities.SaveSessionAsync(new StoredSession("s1", "u1", "ann", IsGuest: true, Noon), default);
        await _identities.RemoveExpiredSessionsAsync(Noon.AddHours(1), Noon.AddHours(1), 100, default);
        (await ListAsync("Garden")).Should().BeEmpty();
    }

    [Test]
    public async Task Session_can_remove_only_its_own_subscription()
    {
        await SaveAsync(Subscription("e1", "s1"));
        (await _store.RemoveAsync("e1", "s2", default)).Should().BeFalse();
        (await _store.RemoveAsync("e2", "s1", default)).Should().BeFalse();
        (await _store.RemoveAsync("e1", "s1", default)).Should().BeTrue();
        await SaveAsync(Subscription("e1", "s1"));
        (await _store.RemoveAsync("e1", null, default)).Should().BeTrue("a null session matches every session");
        (await ListAsync("Garden")).Should().BeEmpty();
    }

    [Test]
    public async Task Session_and_user_keep_only_their_newest_subscriptions()
    {
        for (var i = 1; i <= 4; i++)
            await SaveAsync(Subscription($"e{i}", "s1", i), maxOfSession: 3);
        (await ListEndpointsAsync()).Should().Equal("e2", "e3", "e4");
        await StartSessionAsync("s3", "u1");
        await SaveAsync(Subscription("e5", "s3", 5), maxOfUser: 2);
        (await ListEndpointsAsync()).Should().Equal("e4", "e5");
        await SaveAsync(Subscription("e4", "s1", 6), maxOfSession: 1);
        (await ListEndpointsAsync()).Should().BeEquivalentTo("e4", "e5");
    }

    [Test]
    public async Task Concurrent_calls_cannot_exceed_the_maximum_of_a_user()
    {
        const int Sessions = 4;
        for (var i = 0; i < Sessions; i++)
            await StartSessionAsync($"c{i}", "u1");
        // The subscriptions of another user make a check take longer, so that the calls overlap.
        for (var i = 0; i < Race.Subscriptions; i++)
            await SaveAsync(Subscription($"other{i}", "s2"), Race.Subscriptions, Race.Subscriptions);
        for (var round = 0; round < Race.Rounds; round++)
        {
            // All sessions save at the same time.
            using var start = new Barrier(Sessions);
            await Task.WhenAll(Enumerable.Range(0, Sessions).Select(i => Task.Factory.StartNew(
                () =>
                {
                    start.SignalAndWait();
                    return SaveAsync(Subscription($"e{i}", $"c{i}", round), maxOfUser: 1);
                },
                TaskCreationOptions.LongRunning).Unwrap()));
            (await ListAsync("Garden")).Should().ContainSingle();
            foreach (var endpoint in await ListEndpointsAsync())
                await _store.RemoveAsync(endpoint, null, default);
        }
    }

    [Test]
    public async Task List_has_at_most_the_given_number_of_subscriptions()
    {
        for (var i = 1; i <= 3; i++)
            await SaveAsync(Subscription($"e{i}", "s1", i));
        (await _store.ListReceiversAsync("Garden", 2, default)).Select(receiver => receiver.Subscription.Endpoint).Should().Equal("e1", "e2");
    }

    private async Task<bool> SaveAsync(StoredPushSubscription subscription, int maxOfSession = 10, int maxOfUser = 10) =>
        await _store.SaveAsync(subscription, maxOfSession, maxOfUser, default);

    private async Task<IReadOnlyList<PushReceiver>> ListAsync(string room) => await _store.ListReceiversAsync(room, 100, default);

    private async Task<IEnumerable<string>> ListEndpointsAsync() => (await ListAsync("Garden")).Select(receiver => receiver.Subscription.Endpoint);

    private async Task StartSessionAsync(string session, string user) =>
        await _identities.SaveSessionAsync(new StoredSession(session, user, user, IsGuest: true, AwaySince: null), default);

    private static StoredPushSubscription Subscription(string endpoint, string session, int minutes = 0) =>
        new(endpoint, session, "key", "secret", OnlyMentions: false, QuietUntil: null, Noon.AddMinutes(minutes));
}

public sealed class MemoryPushStoreTests : PushStoreContract
{
    protected override (int Rounds, int Subscriptions) Race => (200, 2_000);

    protected override (IPushStore Store, IIdentityStore Identities, IRoomCatalog Catalog) Open()
    {
        var log = new MemoryRoomLog(Options.Create(new DataOptions()), TimeProvider.System);
        var identities = new MemoryIdentityStore();
        var catalog = new MemoryRoomCatalog(log, new MemoryTokenStore(), new MemoryWebhookStore(log), identities, TimeProvider.System);
        return (new MemoryPushStore(identities, catalog), identities, catalog);
    }
}
