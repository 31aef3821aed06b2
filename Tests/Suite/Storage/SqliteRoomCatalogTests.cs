using Dapper;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Sql;
using RawSocketChat.Server.Storage.Sqlite;
using RawSocketChat.Tests.Contracts;
using SQLitePCL;

namespace RawSocketChat.Tests.Storage;

public sealed class SqliteRoomCatalogTests : RoomCatalogContract
{
    private TestStorage? _storage;

    protected override IRoomLog Log => _storage!.Log;

    protected override IIdentityStore Identities => _storage!.Identities;

    [TearDown]
    public void Close() => _storage?.Dispose();

    protected override IRoomCatalog Open(TimeProvider time) => (_storage = new TestStorage(time)).Catalog;

    protected override Task RemoveForgottenUsersAsync() => Retention.RemoveForgottenUsersAsync(_storage!.Storage, default);

    [Test]
    public async Task Removed_rooms_are_found_without_reading_the_other_rooms()
    {
        var plan = await _storage!.Storage.ReadAsync(
            "the plan", reader => reader.Connection.Query($"EXPLAIN QUERY PLAN SELECT id FROM rooms WHERE {SqlRoomCatalog.IsRemoved}").Select(row => (string)row.detail).ToList(), default);
        plan.Should().ContainSingle().Which.Should().StartWith("SEARCH rooms USING").And.Contain("name_key>? AND name_key<?");
    }

    [Test]
    public async Task Cost_of_the_unread_counts_does_not_grow_with_the_missed_events()
    {
        await Log.OpenAsync("lobby", default);
        await _storage!.Catalog.SetMemberAsync("lobby", "u1", isMember: true, readSeq: 0, default);
        await StoreAsync(11_000);
        var before = CountSteps();
        await StoreAsync(11_000);
        CountSteps().Should().BeLessThan(before * 3 / 2);
        (await _storage.Catalog.GetMemberAsync("lobby", "u1", default)).Should().Match<MemberState>(state => state.Unread == MemberState.MaxCount && state.Mentions == 0);
    }

    private async Task StoreAsync(int count)
    {
        for (var i = 0; i < count; i += 1_000)
            await Log.AppendAsync("lobby", [.. Enumerable.Range(0, 1_000).Select(_ => new NewEvent(RoomEventKind.Message, "u2", "bob", "for carol") { Mentions = ["u3"] })], default);
    }

    // Counts the instructions of SQLite's virtual machine, in hundreds.
    private int CountSteps()
    {
        using var connection = SqliteDatabase.OpenForReading(_storage!.Storage.File);
        var steps = 0;
        raw.sqlite3_progress_handler(connection.Handle, 100, _ => { steps++; return 0; }, null);
        connection.Query(SqlRoomCatalog.MemberQuery, new { user = "u1", Key = RoomCache.GetKey("lobby") }).Should().ContainSingle();
        return steps;
    }
}
