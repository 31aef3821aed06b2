using RawSocketChat.Server.Storage;
using RawSocketChat.Tests.Contracts;

namespace RawSocketChat.Tests.Storage;

public sealed class SqliteTokenStoreTests : TokenStoreContract
{
    private TestStorage? _storage;

    [TearDown]
    public void Close() => _storage?.Dispose();

    protected override (ITokenStore Tokens, IRoomCatalog Catalog) Open()
    {
        _storage = new TestStorage();
        return (_storage.Tokens, _storage.Catalog);
    }
}
