using RawSocketChat.Server.Storage;
using RawSocketChat.Tests.Contracts;

namespace RawSocketChat.Tests.Storage;

public sealed class SqliteRoomCatalogTests : RoomCatalogContract
{
    private TestStorage? _storage;

    [TearDown]
    public void Close() => _storage?.Dispose();

    protected override IRoomCatalog Open() => (_storage = new TestStorage()).Catalog;
}
