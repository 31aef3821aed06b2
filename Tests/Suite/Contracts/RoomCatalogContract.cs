using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Memory;

namespace RawSocketChat.Tests.Contracts;

/// <summary>The rules that every room catalog must follow.</summary>
public abstract class RoomCatalogContract
{
    private FakeTimeProvider _time = null!;
    private IRoomCatalog _catalog = null!;

    /// <summary>The logs of the catalog's rooms.</summary>
    protected abstract IRoomLog Log { get; }

    /// <summary>The accounts and sessions of the same server.</summary>
    protected abstract IIdentityStore Identities { get; }

    /// <summary>Opens an empty catalog.</summary>
    protected abstract IRoomCatalog Open(TimeProvider time);

    /// <summary>Removes the users who have neither an account nor a session, as the server does once a minute.</summary>
    protected abstract Task RemoveForgottenUsersAsync();

    [SetUp]
    public async Task OpenCatalogAsync()
    {
        _time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        _catalog = Open(_time);
        await _catalog.CreateRoomAsync(new StoredRoom("Garden", "all that grows", "u1", IsPrivate: true), int.MaxValue, default);
        await _catalog.CreateRoomAsync(new StoredRoom("lobby", "", null, IsPrivate: false), int.MaxValue, default);
    }

    [Test]
    public async Task Removed_room_leaves_nothing_and_its_name_is_free()
    {
        await _catalog.CreateRoomAsync(new StoredRoom("cellar", "dark", "u7", IsPrivate: false) { Skeletons = ["cellar"] }, int.MaxValue, default);
        var count = await _catalog.CountRoomsAsync(default);
        await _catalog.SetMemberAsync("cellar", "u8", isMember: true, readSeq: 3, default);
        (await _catalog.RemoveRoomAsync("Cellar", default)).Should().BeTrue();
        (await _catalog.RemoveRoomAsync("cellar", default)).Should().BeFalse();
        (await _catalog.CountRoomsAsync(default)).Should().Be(count - 1);
        (await _catalog.GetRoomsAsync("u8", default)).Should().BeEmpty();

        (await _catalog.CreateRoomAsync(new StoredRoom("cellar", "new", "u9", IsPrivate: false) { Skeletons = ["cellar"] }, int.MaxValue, default)).Should().Be(RoomCreation.Created);
        await _catalog.EraseRemovedAsync(default);
        (await _catalog.FindRoomAsync("cellar", default))!.Topic.Should().Be("new");
        (await _catalog.GetMemberAsync("cellar", "u8", default)).Should().BeNull();
        (await _catalog.GetModerationAsync("cellar", default)).Roles.Should().Equal(new Dictionary<string, string> { ["u9"] = RoomRole.Owner });
    }

    [Test]
    public async Task Client_ids_of_a_removed_room_can_be_used_again()
    {
        var message = new NewEvent(RoomEventKind.Message, "u8", "bob", "hi", ClientId: "x");
        await _catalog.CreateRoomAsync(new StoredRoom("cellar", "", "u7", IsPrivate: false), int.MaxValue, default);
        await Log.OpenAsync("cellar", default);
        await Log.AppendAsync("cellar", [message], default);
        await _catalog.RemoveRoomAsync("cellar", default);
        await _catalog.EraseRemovedAsync(default);

        _time.Advance(TimeSpan.FromMinutes(1));
        await _catalog.CreateRoomAsync(new StoredRoom("attic", "", "u7", IsPrivate: false), int.MaxValue, default);
        await Log.OpenAsync("attic", default);
        await Log.AppendAsync("attic", [message with { ClientId = "y" }], default);
        (await Log.AppendAsync("attic", [message], default))[0].Should().Match<AppendResult>(result => !result.IsDuplicate && result.Seq == 2);
    }

    [Test]
    public async Task Catalog_returns_rooms_as_they_were_created_and_rejects_a_name_that_exists()
    {
        (await _catalog.CreateRoomAsync(new StoredRoom("GARDEN", "", "u2", IsPrivate: false), int.MaxValue, default)).Should().Be(RoomCreation.NameTaken);
        (await _catalog.FindRoomAsync("gARDEN", default)).Should().Be(new StoredRoom("Garden", "all that grows", "u1", IsPrivate: true));
        (await _catalog.FindRoomAsync("lobby", default)).Should().Be(new StoredRoom("lobby", "", null, IsPrivate: false));
        (await _catalog.FindRoomAsync("lobb", default)).Should().BeNull();
    }

    [Test]
    public async Task New_room_cannot_share_a_skeleton_with_a_room_that_exists()
    {
        static StoredRoom Create(string name, params string[] skeletons) => new(name, "", "u1", IsPrivate: false) { Skeletons = skeletons };

        (await _catalog.CreateRoomAsync(Create("park", "a", "b"), int.MaxValue, default)).Should().Be(RoomCreation.Created);
        (await _catalog.CreateRoomAsync(Create("other", "b", "c"), int.MaxValue, default)).Should().Be(RoomCreation.NameTaken);
        (await _catalog.FindRoomAsync("other", default)).Should().BeNull();
        (await _catalog.FindRoomAsync("park", default)).Should().Be(new StoredRoom("park", "", "u1", IsPrivate: false));
        (await _catalog.FindSimilarRoomAsync(["c", "b"], default)).Should().Be(new StoredRoom("park", "", "u1", IsPrivate: false));
        (await _catalog.FindSimilarRoomAsync(["c"], default)).Should().BeNull();
        (await _catalog.RemoveEmptyRoomAsync("park", _time.GetUtcNow().AddMinutes(1), default)).Should().BeTrue();
        (await _catalog.FindSimilarRoomAsync(["b"], default)).Should().BeNull();
        (await _catalog.CreateRoomAsync(Create("other", "b", "c"), int.MaxValue, default)).Should().Be(RoomCreation.Created);
    }

    [Test]
    public async Task Catalog_counts_all_rooms()
    {
        await _catalog.CreateRoomAsync(new StoredRoom("den", "", "u1", IsPrivate: false), int.MaxValue, default);
        await _catalog.CreateRoomAsync(new StoredRoom("DEN", "", "u1", IsPrivate: false), int.MaxValue, default);
        (await _catalog.CountRoomsAsync(default)).Should().Be(3);
    }

    [Test]
    public async Task Concurrent_creations_of_an_owner_never_exceed_the_maximum()
    {
        var results = await Task.WhenAll(Enumerable.Range(0, 40).Select(i => Task.Run(() =>
            _catalog.CreateRoomAsync(new StoredRoom($"den{i}", "", "u2", IsPrivate: false), maxOfOwner: 10, default).AsTask())));
        results.Count(result => result == RoomCreation.Created).Should().Be(10);
        results.Where(result => result != RoomCreation.Created).Should().HaveCount(30).And.OnlyContain(result => result == RoomCreation.TooManyRoomsOfOwner);
        (await _catalog.CreateRoomAsync(new StoredRoom("other", "", "u3", IsPrivate: false), maxOfOwner: 1, default)).Should().Be(RoomCreation.Created);
        (await _catalog.CreateRoomAsync(new StoredRoom("none", "", Owner: null, IsPrivate: false), maxOfOwner: 1, default)).Should().Be(RoomCreation.Created);
    }

    [Test]
    public async Task Room_without_events_is_removed_with_its_members_and_read_marks_and_its_name_can_be_used_again()
    {
        await _catalog.SetMemberAsync("garden", "u2", isMember: true, readSeq: 0, default);
        await _catalog.AdvanceReadMarkAsync("garden", "u2", 5, default);
        var later = _time.GetUtcNow().AddMinutes(1);
        (await _catalog.ListEmptyRoomsAsync(later, "", 10, default)).Should().Equal("Garden", "lobby");
        (await _catalog.ListEmptyRoomsAsync(later, "", 1, default)).Should().Equal("Garden");
        (await _catalog.ListEmptyRoomsAsync(later, "Garden", 10, default)).Should().Equal("lobby");
        (await _catalog.ListEmptyRoomsAsync(later.AddHours(-1), "", 10, default)).Should().BeEmpty("no room was created before that time");
        (await _catalog.RemoveEmptyRoomAsync("garden", later.AddHours(-1), default)).Should().BeFalse();

        (await _catalog.RemoveEmptyRoomAsync("garden", later, default)).Should().BeTrue();
        (await _catalog.RemoveEmptyRoomAsync("garden", later, default)).Should().BeFalse();
        (await _catalog.FindRoomAsync("garden", default)).Should().BeNull();
        (await _catalog.GetRoomsAsync("u2", default)).Should().BeEmpty();
        await _catalog.SetMemberAsync("garden", "u2", isMember: true, readSeq: 0, default);

        await _catalog.CreateRoomAsync(new StoredRoom("garden", "", "u3", IsPrivate: true), int.MaxValue, default);
        ((await _catalog.GetMemberAsync("garden", "u2", default))?.ReadSeq ?? 0).Should().Be(0);
        (await _catalog.GetRoomsAsync("u2", default)).Should().BeEmpty();
    }

    [Test]
    public async Task Room_without_an_owner_counts_as_abandoned_after_the_given_time_without_an_event()
    {
        await Identities.TryAddAccountAsync(new StoredAccount("u-account", "ann", "", _time.GetUtcNow()), ["ann"], default);
        await Identities.SaveSessionAsync(new StoredSession("hash", "u-guest", "bob", IsGuest: true, AwaySince: null), default);
        foreach (var (name, owner) in new[] { ("of-account", "u-account"), ("of-guest", "u-guest"), ("of-nobody", "u-gone"), ("quiet", "u-gone"), ("inherited", "u-gone") })
            await _catalog.CreateRoomAsync(new StoredRoom(name, "", owner, IsPrivate: false), int.MaxValue, default);
        await _catalog.CreateRoomAsync(new StoredRoom("dm-1", "", Owner: null, IsPrivate: true) { DirectUsers = ["u-gone", "u-other"] }, int.MaxValue, default);
        await SayAsync("quiet");
        await Log.OpenAsync("inherited", default);
        await Log.AppendAsync("inherited", [new NewEvent(RoomEventKind.Moderated, "u-gone", "x", "") { Moderation = new ModerationDetails(ModerationAction.Role, "u-account", "ann", RoomRole.Owner) }], default);
        await RemoveForgottenUsersAsync();
        _time.Advance(TimeSpan.FromDays(20));
        await SayAsync("of-nobody");
        _time.Advance(TimeSpan.FromDays(11));
        var unusedSince = _time.GetUtcNow().AddDays(-30);

        (await _catalog.FindNewestTimeAsync(default)).Should().BeCloseTo(_time.GetUtcNow().AddDays(-11), TimeSpan.FromSeconds(1));
        (await _catalog.ListAbandonedRoomsAsync(unusedSince, "", 10, default)).Should().Equal("Garden", "lobby", "quiet");
        (await _catalog.ListAbandonedRoomsAsync(unusedSince, "garden", 1, default)).Should().Equal("lobby");
        foreach (var room in (string[])["of-account", "of-guest", "of-nobody", "inherited", "dm-1"])
            (await _catalog.RemoveAbandonedRoomAsync(room, unusedSince, default)).Should().BeFalse(room);

        (await _catalog.RemoveAbandonedRoomAsync("QUIET", unusedSince, default)).Should().BeTrue();
        (await _catalog.RemoveAbandonedRoomAsync("quiet", unusedSince, default)).Should().BeFalse();
        (await _catalog.FindRoomAsync("quiet", default)).Should().BeNull();
        (await _catalog.CreateRoomAsync(new StoredRoom("quiet", "", "u9", IsPrivate: false), int.MaxValue, default)).Should().Be(RoomCreation.Created);
        (await Log.OpenAsync("quiet", default)).Last.Should().Be(0);

        _time.Advance(TimeSpan.FromDays(30));
        (await _catalog.ListAbandonedRoomsAsync(_time.GetUtcNow().AddDays(-30), "", 10, default)).Should().Equal("Garden", "lobby", "of-nobody");

        async Task SayAsync(string room)
        {
            await Log.OpenAsync(room, default);
            await Log.AppendAsync(room, [new NewEvent(RoomEventKind.Message, "u-gone", "x", "hi")], default);
        }
    }

    [TestCase("", "ab1,a_1,A_2,lobby")]
    [TestCase("A", "ab1,a_1,A_2")]
    [TestCase("B", "ab1,lobby")]
    [TestCase("a_", "a_1,A_2")]
    [TestCase("1", "ab1,a_1")]
    [TestCase("%", "")]
    [TestCase("!", "")]
    public async Task List_has_the_rooms_whose_names_contain_the_text_in_alphabetical_order(string match, string expected)
    {
        foreach (var name in (string[])["ab1", "A_2", "a_1"])
            await _catalog.CreateRoomAsync(new StoredRoom(name, "", "u2", IsPrivate: false), int.MaxValue, default);
        var names = expected.Split(',', StringSplitOptions.RemoveEmptyEntries);
        (await ListAsync("u2", match)).Should().Equal(names);
        (await ListAsync("u2", match, max: 2)).Should().Equal(names.Take(2));
    }

    [Test]
    public async Task Private_room_is_listed_only_for_its_owner_and_its_members()
    {
        await _catalog.SetMemberAsync("garden", "u2", isMember: true, readSeq: 0, default);
        await _catalog.SetMemberAsync("garden", "u3", isMember: true, readSeq: 0, default);
        await _catalog.SetMemberAsync("garden", "u3", isMember: false, readSeq: 0, default);
        await _catalog.AdvanceReadMarkAsync("garden", "u4", 1, default);
        foreach (var (user, names) in ((string, string[])[])[("u1", ["Garden", "lobby"]), ("u2", ["Garden", "lobby"]), ("u3", ["lobby"]), ("u4", ["lobby"])])
        {
            (await ListAsync(user, "")).Should().Equal(names);
            (await ListNeighborsAsync(user, "g", max: 10)).Should().Equal(names);
        }

        (await _catalog.ListRoomsAsync("u1", "", 10, default)).Select(room => room.IsOwned).Should().Equal(true, false);
        (await _catalog.ListNeighborsAsync("u2", "g", 10, default)).Select(room => room.IsOwned).Should().Equal(false, false);
    }

    [TestCase("c", 1, "b,c")]
    [TestCase("C", 2, "A,b,c,d")]
    [TestCase("bb", 1, "b,c")]
    [TestCase("0", 2, "A,b")]
    [TestCase("z", 2, "d,lobby")]
    public async Task Neighbors_are_the_nearest_names_in_alphabetical_order(string name, int max, string expected)
    {
        foreach (var room in (string[])["d", "b", "c", "A"])
            await _catalog.CreateRoomAsync(new StoredRoom(room, "", "u2", IsPrivate: false), int.MaxValue, default);
        (await ListNeighborsAsync("u2", name, max)).Should().Equal(expected.Split(','));
    }

    [Test]
    public async Task Catalog_returns_the_rooms_that_a_user_has_joined_and_not_left()
    {
        await _catalog.SetMemberAsync("lobby", "u1", isMember: true, readSeq: 0, default);
        await _catalog.SetMemberAsync("garden", "u1", isMember: true, readSeq: 0, default);
        await _catalog.SetMemberAsync("lobby", "u1", isMember: true, readSeq: 0, default);
        await _catalog.SetMemberAsync("garden", "u2", isMember: true, readSeq: 0, default);
        (await _catalog.GetRoomsAsync("u1", default)).Should().Equal("lobby", "Garden");
        await _catalog.SetMemberAsync("LOBBY", "u1", isMember: false, readSeq: 0, default);
        await _catalog.SetMemberAsync("lobby", "u1", isMember: false, readSeq: 0, default);
        (await _catalog.GetRoomsAsync("u1", default)).Should().Equal("Garden");
        (await _catalog.GetRoomsAsync("u2", default)).Should().Equal("Garden");
        (await _catalog.GetRoomsAsync("u3", default)).Should().BeEmpty();
    }

    [Test]
    public async Task Read_mark_never_decreases_and_is_separate_for_each_user_and_room()
    {
        ((await _catalog.GetMemberAsync("lobby", "u1", default))?.ReadSeq ?? 0).Should().Be(0);
        (await _catalog.AdvanceReadMarkAsync("lobby", "u1", 5, default)).Should().Be(5);
        (await _catalog.AdvanceReadMarkAsync("Lobby", "u1", 3, default)).Should().Be(5);
        ((await _catalog.GetMemberAsync("lobby", "u1", default))?.ReadSeq ?? 0).Should().Be(5);
        ((await _catalog.GetMemberAsync("garden", "u1", default))?.ReadSeq ?? 0).Should().Be(0);
        ((await _catalog.GetMemberAsync("lobby", "u2", default))?.ReadSeq ?? 0).Should().Be(0);
    }

    private async Task<IEnumerable<string>> ListAsync(string user, string match, int max = 10) =>
        (await _catalog.ListRoomsAsync(user, match, max, default)).Select(room => room.Name);

    private async Task<IEnumerable<string>> ListNeighborsAsync(string user, string name, int max) =>
        (await _catalog.ListNeighborsAsync(user, name, max, default)).Select(room => room.Name);
}

public sealed class MemoryRoomCatalogTests : RoomCatalogContract
{
    private MemoryRoomLog _log = null!;
    private MemoryIdentityStore _identities = null!;

    protected override IRoomLog Log => _log;

    protected override IIdentityStore Identities => _identities;

    protected override IRoomCatalog Open(TimeProvider time)
    {
        (_log, _identities) = (new MemoryRoomLog(Options.Create(new DataOptions()), time), new MemoryIdentityStore());
        return new MemoryRoomCatalog(_log, new MemoryTokenStore(), new MemoryWebhookStore(_log), _identities, time);
    }

    // The catalog in memory ignores the roles of users who have neither an account nor a session, so there is nothing to remove.
    protected override Task RemoveForgottenUsersAsync() => Task.CompletedTask;
}
