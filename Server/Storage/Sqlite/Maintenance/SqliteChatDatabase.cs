using Dapper;
using Microsoft.Data.Sqlite;
using RawSocketChat.Server.Storage.Sql.Maintenance;

namespace RawSocketChat.Server.Storage.Sqlite.Maintenance;

/// <summary>The database file in a data folder.</summary>
/// <param name="folder">The path of the data folder.</param>
/// <param name="file">The name of the database file.</param>
public sealed class SqliteChatDatabase(string folder, string file = DataFolder.DatabaseName) : ChatDatabase
{
    private readonly string _folder = Path.GetFullPath(folder);

    public override string Location => _folder;

    /// <summary>The full path of the database file.</summary>
    internal string File => Path.Combine(_folder, file);

    internal override ContentFolder Contents => ContentFolder.Of(_folder);

    /// <summary>Finds the database of a folder.</summary>
    /// <exception cref="StorageException">The folder has no database.</exception>
    public static SqliteChatDatabase Find(string folder) => new(DataFolder.Find(folder).Path);

    internal override DatabaseSnapshot OpenSnapshot(CancellationToken cancel) => SqliteSnapshot.Open(File, cancel);

    internal override OfflineTransaction Begin(CancellationToken cancel, bool isSynced = true)
    {
        var held = DataFolder.Lock(_folder, "stop it first");
        SqliteConnection? connection = null;
        try
        {
            connection = SqliteDatabase.OpenForWriting(File, isSynced);
            connection.Execute("BEGIN IMMEDIATE");
            return new SqliteOfflineTransaction(held, connection, File, cancel);
        }
        catch (Exception fault)
        {
            connection?.Dispose();
            held.Dispose();
            if (fault is SqliteException known)
                throw SqliteError.Translate(known, File);
            throw;
        }
    }

    internal override MigrationTarget OpenMigration(CancellationToken cancel) => new SqliteMigrationTarget(_folder, cancel);
}
