using RawSocketChat.Server.Storage.Postgres.Maintenance;
using RawSocketChat.Server.Storage.Sql.Maintenance;
using RawSocketChat.Server.Storage.Sqlite.Maintenance;

namespace RawSocketChat.Server.Storage;

/// <summary>Chooses the database for an operator's command from the settings of the server.</summary>
public static class ChatDatabases
{
    /// <summary>Returns the database, which must exist.</summary>
    /// <exception cref="StorageException">There is no database in the data folder.</exception>
    public static ChatDatabase Find(DataOptions options) => options.Postgres is null ? SqliteChatDatabase.Find(options.Path) : Get(options);

    /// <summary>
    /// Returns the database. If the tables do not exist, the first transaction creates them. With SQLite, it also creates the file.
    /// </summary>
    public static ChatDatabase Get(DataOptions options) => options.Postgres is null ? new SqliteChatDatabase(options.Path) : new PostgresChatDatabase(options);
}
