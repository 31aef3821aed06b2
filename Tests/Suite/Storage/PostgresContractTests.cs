using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Sql;
using RawSocketChat.Tests.Contracts;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Storage;

// Runs the storage contracts with PostgreSQL. All fixtures are in one file, because they differ only in the contract.
[Category(Categories.Slow)] // runs PostgreSQL
[Parallelizable(ParallelScope.Self)]
public sealed class PostgresRoomLogTests : RoomLogContract
{
    private PostgresTestStorage? _storage;

    [TearDown]
    public void Close() => _storage?.Dispose();

    protected override IRoomLog Open(int keepEvents, TimeProvider time) => (_storage = new PostgresTestStorage(time, keepEvents)).Log;
}

[Category(Categories.Slow)] // runs PostgreSQL
[Parallelizable(ParallelScope.Self)]
public sealed class PostgresRoomCatalogTests : RoomCatalogContract
{
    private PostgresTestStorage? _storage;

    protected override IRoomLog Log => _storage!.Log;

    protected override IIdentityStore Identities => _storage!.Identities;

    [TearDown]
    public void Close() => _storage?.Dispose();

    protected override IRoomCatalog Open(TimeProvider time) => (_storage = new PostgresTestStorage(time)).Catalog;

    protected override Task RemoveForgottenUsersAsync() => Retention.RemoveForgottenUsersAsync(_storage!.Storage, default);
}

[Category(Categories.Slow)] // runs PostgreSQL
[Parallelizable(ParallelScope.Self)]
public sealed class PostgresTokenStoreTests : TokenStoreContract
{
    private PostgresTestStorage? _storage;

    [TearDown]
    public void Close() => _storage?.Dispose();

    protected override (ITokenStore Tokens, IRoomCatalog Catalog) Open()
    {
        _storage = new PostgresTestStorage();
        return (_storage.Tokens, _storage.Catalog);
    }
}

[Category(Categories.Slow)] // runs PostgreSQL
[Parallelizable(ParallelScope.Self)]
public sealed class PostgresIdentityStoreTests : IdentityStoreContract
{
    private PostgresTestStorage? _storage;

    [TearDown]
    public void Close() => _storage?.Dispose();

    protected override IIdentityStore Open() => (_storage = new PostgresTestStorage()).Identities;
}

[Category(Categories.Slow)] // runs PostgreSQL
[Parallelizable(ParallelScope.Self)]
public sealed class PostgresPushStoreTests : PushStoreContract
{
    private PostgresTestStorage? _storage;

    [TearDown]
    public void Close() => _storage?.Dispose();

    protected override (IPushStore Store, IIdentityStore Identities, IRoomCatalog Catalog) Open()
    {
        _storage = new PostgresTestStorage();
        return (new SqlPushStore(_storage.Storage), _storage.Identities, _storage.Catalog);
    }
}

[Category(Categories.Slow)] // runs PostgreSQL
[Parallelizable(ParallelScope.Self)]
public sealed class PostgresWebhookStoreTests : WebhookStoreContract
{
    private PostgresTestStorage? _storage;

    [TearDown]
    public void Close() => _storage?.Dispose();

    protected override (IWebhookStore Webhooks, IRoomCatalog Catalog, IRoomLog Log) Open()
    {
        _storage = new PostgresTestStorage();
        return (_storage.Webhooks, _storage.Catalog, _storage.Log);
    }
}

[Category(Categories.Slow)] // runs PostgreSQL
[Parallelizable(ParallelScope.Self)]
public sealed class PostgresFileStoreTests : FileStoreContract
{
    private readonly List<PostgresTestStorage> _storages = [];

    [TearDown]
    public void Close()
    {
        _storages.ForEach(storage => storage.Dispose());
        _storages.Clear();
    }

    protected override (IFileStore Files, IRoomLog Log, IRoomCatalog Catalog) Open(int keepEvents)
    {
        var storage = new PostgresTestStorage(keepEvents: keepEvents);
        _storages.Add(storage);
        return (storage.Files, storage.Log, storage.Catalog);
    }
}

[Category(Categories.Slow)] // runs PostgreSQL
[Parallelizable(ParallelScope.Self)]
public sealed class PostgresMessageSearchTests : MessageSearchContract
{
    private readonly List<PostgresTestStorage> _storages = [];

    [TearDown]
    public void Close()
    {
        _storages.ForEach(storage => storage.Dispose());
        _storages.Clear();
    }

    protected override (IRoomLog Log, IRoomCatalog Catalog, IMessageSearch Search) Open(int keepEvents, TimeProvider time)
    {
        var storage = new PostgresTestStorage(time, keepEvents);
        _storages.Add(storage);
        return (storage.Log, storage.Catalog, storage.Search);
    }

    protected override IFileStore OpenFiles(IRoomLog log) => _storages[^1].Files;
}
