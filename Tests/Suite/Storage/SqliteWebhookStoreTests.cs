using RawSocketChat.Server.Storage;
using RawSocketChat.Tests.Contracts;

namespace RawSocketChat.Tests.Storage;

public sealed class SqliteWebhookStoreTests : WebhookStoreContract
{
    private TestStorage? _storage;

    [TearDown]
    public void Close() => _storage?.Dispose();

    protected override (IWebhookStore Webhooks, IRoomCatalog Catalog, IRoomLog Log) Open()
    {
        _storage = new TestStorage();
        return (_storage.Webhooks, _storage.Catalog, _storage.Log);
    }
}
