using Microsoft.Data.Sqlite;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Sql;
using RawSocketChat.Server.Storage.Sqlite;
using RawSocketChat.Tests.Contracts;

namespace RawSocketChat.Tests.Storage;

public sealed class SqlitePushStoreTests : PushStoreContract
{
    private TestStorage? _storage;

    [TearDown]
    public void Close() => _storage?.Dispose();

    [Test]
    public async Task Database_of_version_1_gets_the_table_of_push_subscriptions()
    {
        using var storage = new TestStorage();
        await storage.Catalog.CreateRoomAsync(new StoredRoom("garden", "", "u1", IsPrivate: false), int.MaxValue, default);
        using (var connection = new SqliteConnection($"Data Source={Path.Combine(storage.Folder, DataFolder.DatabaseName)};Pooling=False"))
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = "DROP TABLE push_subscriptions; PRAGMA user_version = 1";
            command.ExecuteNonQuery();
        }

        storage.Reopen();
        await storage.Identities.SaveSessionAsync(new StoredSession("s1", "u1", "ann", IsGuest: true, AwaySince: null), default);
        var subscription = new StoredPushSubscription("e1", "s1", "key", "secret", OnlyMentions: false, QuietUntil: null, DateTimeOffset.UnixEpoch);
        (await new SqlPushStore(storage.Storage).SaveAsync(subscription, 1, 1, default)).Should().BeTrue();
        (await storage.Catalog.FindRoomAsync("garden", default)).Should().NotBeNull("the earlier tables stay");
    }

    protected override (IPushStore Store, IIdentityStore Identities, IRoomCatalog Catalog) Open()
    {
        _storage = new TestStorage();
        return (new SqlPushStore(_storage.Storage), _storage.Identities, _storage.Catalog);
    }
}
