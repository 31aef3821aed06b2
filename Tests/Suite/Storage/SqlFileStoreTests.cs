using RawSocketChat.Server.Storage;
using RawSocketChat.Tests.Contracts;

namespace RawSocketChat.Tests.Storage;

public sealed class SqlFileStoreTests : FileStoreContract
{
    private readonly List<TestStorage> _storages = [];

    [TearDown]
    public void Close()
    {
        _storages.ForEach(storage => storage.Dispose());
        _storages.Clear();
    }

    [Test]
    public async Task Files_of_messages_survive_a_restart()
    {
        var (files, log, _) = Open(keepEvents: 0);
        var file = new StoredFile("f1", new string('b', 64), "cat.png", "image/png", 7, "ann", DateTimeOffset.UnixEpoch);
        await files.AddAsync(file, new FileQuota(1, 100), default);
        await log.OpenAsync("a", default);
        await log.AppendAsync("a", [new NewEvent(RoomEventKind.Message, "ann", "ann", "") { Files = [file.ToMessageFile()] }], default);

        var storage = _storages[^1];
        storage.Reopen();
        (await storage.Files.FindAsync("f1", default))!.Rooms.Should().Equal("a");
        (await storage.Log.ReadAfterAsync("a", 0, 1, 100, default))[0].Content.Files.Should().Equal(file.ToMessageFile());
        (await storage.Files.RemoveUnusedAsync(DateTimeOffset.UtcNow, default)).Should().Be(0);
    }

    protected override (IFileStore Files, IRoomLog Log, IRoomCatalog Catalog) Open(int keepEvents)
    {
        var storage = new TestStorage(keepEvents: keepEvents);
        _storages.Add(storage);
        return (storage.Files, storage.Log, storage.Catalog);
    }
}
