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
}
