using RawSocketChat.Server.Storage;
using RawSocketChat.Tests.Contracts;

namespace RawSocketChat.Tests.Storage;

public sealed class SqliteIdentityStoreTests : IdentityStoreContract
{
    private TestStorage? _storage;

    [TearDown]
    public void Close() => _storage?.Dispose();

    protected override IIdentityStore Open() => (_storage = new TestStorage()).Identities;
}
