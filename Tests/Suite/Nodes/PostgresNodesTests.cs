using Dapper;
using RawSocketChat.Server.Storage;
using RawSocketChat.Tests.Storage;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Nodes;

/// <summary>Two storages use one database. No server runs.</summary>
[Category(Categories.Slow)] // runs PostgreSQL
[Parallelizable(ParallelScope.Self)]
public sealed class PostgresNodesTests
{
    private PostgresTestStorage _first = null!;
    private PostgresTestStorage _second = null!;

    [SetUp]
    public void Open()
    {
        _first = new PostgresTestStorage(nodes: true);
        _second = new PostgresTestStorage(connectionString: _first.ConnectionString, nodes: true);
    }

    [TearDown]
    public void Close()
    {
        _second?.Dispose();
        _first?.Dispose();
    }

    [Test]
    public async Task Concurrent_appends_of_two_servers_get_dense_seqs_in_each_room()
    {
        string[] rooms = ["a", "b", "c"];
        foreach (var room in rooms)
            await _first.Log.OpenAsync(room, default);
        var acks = await Task.WhenAll(
            from storage in (PostgresTestStorage[])[_first, _second]
            from room in rooms
            select Task.Run(async () =>
            {
                var seqs = new List<(string Room, long Seq, string Text)>();
                for (var i = 0; i < 50; i++)
                {
                    var text = $"{(storage == _first ? 1 : 2)}.{room}.{i}";
                    seqs.AddRange((await storage.Log.AppendAsync(room, [Message(text), Message($"{text}+")], default)).Select(result => (room, result.Seq, result.Event!.Content.Text)));
                }

                return seqs;
            }));
        foreach (var room in rooms)
        {
            var stored = await ReadAllAsync(_second, room);
            stored.Select(found => found.Seq).Should().Equal(Enumerable.Range(1, 200).Select(seq => (long)seq));
            acks.SelectMany(all => all).Where(ack => ack.Room == room).Should().OnlyContain(ack => stored[(int)ack.Seq - 1].Content.Text == ack.Text);
        }

        var searchIds = await _first.Storage.ReadAsync("the ids", reader => reader.Connection.Query<long>("SELECT search_id FROM events").AsList(), default);
        searchIds.Should().HaveCount(600).And.OnlyHaveUniqueItems();
    }

    [Test]
    public async Task Client_id_that_is_used_in_two_rooms_at_the_same_time_is_stored_once()
    {
        await _first.Log.OpenAsync("a", default);
        await _first.Log.OpenAsync("b", default);
        for (var i = 0; i < 50; i++)
        {
            var results = await Task.WhenAll(
                _first.Log.AppendAsync("a", [Message($"{i}"), Message($"{i}-2")], default).AsTask(), _second.Log.AppendAsync("b", [Message($"{i}-2"), Message($"{i}")], default).AsTask());
            var (a, b) = (results[0].OrderBy(result => result.Room).ToList(), results[1]);
            results.SelectMany(all => all).Count(result => result.IsDuplicate).Should().Be(2, "each id is stored once");
            (results[0][0].Room, results[0][0].Seq).Should().Be((b[1].Room, b[1].Seq));
        }
    }

    [Test]
    public async Task Room_that_another_server_has_removed_accepts_no_events()
    {
        await _first.Log.OpenAsync("a", default);
        await _second.Log.OpenAsync("a", default);
        await _second.Log.AppendAsync("a", [Message("1")], default);
        (await _first.Catalog.RemoveRoomAsync("a", default)).Should().BeTrue();
        (await _second.Log.AppendAsync("a", [Message("2")], default)).Should().ContainSingle().Which.Rejection.Should().Be(AppendRejection.RoomRemoved);
        // The new room may get the id of the removed one, but it has another epoch.
        await _first.Catalog.EraseRemovedAsync(default);
        await _first.Log.OpenAsync("a", default);
        (await _second.Log.AppendAsync("a", [Message("3")], default))[0].Rejection.Should().Be(AppendRejection.RoomRemoved);
        await _second.Storage.Nodes.FollowAsync("a", default);
        (await _second.Log.AppendAsync("a", [Message("4")], default))[0].Seq.Should().Be(1);
    }

    [Test]
    public async Task Two_servers_create_rooms_and_accounts_at_the_same_time()
    {
        for (var i = 0; i < 20; i++)
        {
            var name = $"room{i}";
            var created = await Task.WhenAll(new[] { _first, _second }.Select(storage => storage.Catalog.CreateRoomAsync(new StoredRoom(name, "", "u1", false) { Skeletons = [name] }, 100, default).AsTask()));
            created.Should().BeEquivalentTo([RoomCreation.Created, RoomCreation.NameTaken]);
            var registered = await Task.WhenAll(new[] { _first, _second }.Select((storage, node) => storage.Identities.TryAddAccountAsync(new StoredAccount($"u{i}.{node}", name, "hash", DateTimeOffset.UtcNow), [name], default).AsTask()));
            registered.Should().BeEquivalentTo([true, false]);
        }
    }

    [Test]
    public async Task Events_of_another_server_are_announced_and_read()
    {
        await _first.Log.OpenAsync("a", default);
        await _second.Storage.Nodes.FollowAsync("a", default);
        var announced = new TaskCompletionSource<(string, long)>(TaskCreationOptions.RunContinuationsAsynchronously);
        _second.Storage.Nodes.EventsAvailable += (room, seq) =>
        {
            if (seq > 0)
                announced.TrySetResult((room, seq));
        };
        await _first.Log.AppendAsync("a", [Message("1"), new NewEvent(RoomEventKind.Edited, "ann", "ann", "new") { Of = 1 }], default);
        (await announced.Task.OrFail("the announcement")).Should().Be(("a", 2));
        var found = await _second.Storage.Nodes.ReadNewAsync("a", 0, 10, 10_000, default);
        found.Should().Match<NewEvents>(events => events.LastSeq == 2 && events.Events.Count == 2 && events.Changed[1].Content.Text == "new");
        (await _second.Log.OpenAsync("a", default)).Last.Should().Be(2);
        (await _second.Storage.Nodes.ReadNewAsync("a", 0, 1, 10_000, default)).Should().Match<NewEvents>(events => events.LastSeq == 2 && events.Events.Count == 1);
    }

    [Test]
    public async Task Only_one_server_is_the_leader_and_another_one_takes_over()
    {
        await TestWait.UntilAsync(() => _first.Storage.Nodes.IsLeader || _second.Storage.Nodes.IsLeader, "a leader");
        var (leader, other) = _first.Storage.Nodes.IsLeader ? (_first, _second) : (_second, _first);
        other.Storage.Nodes.IsLeader.Should().BeFalse();
        leader.Close();
        await TestWait.UntilAsync(() => other.Storage.Nodes.IsLeader, "the other server to lead");
    }

    [Test]
    public async Task Name_is_free_when_its_server_has_ended()
    {
        var (first, second) = (_first.Storage.Nodes, _second.Storage.Nodes);
        (await first.TryClaimNameAsync(new UsedName("u1", "ann", ["ann", "arm"]), default)).Should().BeTrue();
        await TestWait.UntilAsync(async () => await second.HasOthersAsync(default), "the other server");
        (await second.TryClaimNameAsync(new UsedName("u2", "arm", ["arm"]), default)).Should().BeFalse("the names look the same");
        (await second.TryClaimNameAsync(new UsedName("u1", "ann", ["ann", "arm"]), default)).Should().BeTrue("it is the same user");
        (await first.TryClaimNameAsync(new UsedName("u1", "ann", ["ann", "arm"]), default)).Should().BeTrue();
        (await second.FindBearerAsync("arm", default)).Should().Match<UsedName>(bearer => bearer.User == "u1" && bearer.Name == "ann");
        _first.Close();
        await TestWait.UntilAsync(async () => await second.TryClaimNameAsync(new UsedName("u2", "arm", ["arm"]), default), "the name to be free");
    }

    [Test]
    public async Task Ninth_server_is_refused()
    {
        await _first.Log.OpenAsync("a", default);
        var others = new List<PostgresTestStorage>();
        try
        {
            for (var i = 2; i < 8; i++)
                others.Add(new PostgresTestStorage(connectionString: _first.ConnectionString, nodes: true));
            var open = () => new PostgresTestStorage(connectionString: _first.ConnectionString, nodes: true);
            open.Should().Throw<StorageException>().WithMessage("8 servers use the PostgreSQL database *, which is the maximum; stop one of them");
        }
        finally
        {
            others.ForEach(storage => storage.Dispose());
        }
    }

    private static NewEvent Message(string text) => new(RoomEventKind.Message, "ann", "ann", text, ClientId: text);

    private static async Task<List<RoomEvent>> ReadAllAsync(PostgresTestStorage storage, string room)
    {
        var stored = new List<RoomEvent>();
        while (await storage.Log.ReadAfterAsync(room, stored.Count, 100, 100_000, default) is { Count: > 0 } page)
            stored.AddRange(page);
        return stored;
    }
}
