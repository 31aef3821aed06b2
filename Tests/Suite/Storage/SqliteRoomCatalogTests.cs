using Dapper;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Sql;
using RawSocketChat.Tests.Contracts;

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
}
