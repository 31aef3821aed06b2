using RawSocketChat.Server.Storage;
using RawSocketChat.Tests.Contracts;

namespace RawSocketChat.Tests.Storage;

public sealed class SqliteRoomLogTests : RoomLogContract
{
    private TestStorage? _storage;

    [TearDown]
    public void Close() => _storage?.Dispose();

    protected override IRoomLog Open(int keepEvents, TimeProvider time) => (_storage = new TestStorage(time, keepEvents)).Log;
}
