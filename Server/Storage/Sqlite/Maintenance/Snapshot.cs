using SQLitePCL;

namespace RawSocketChat.Server.Storage.Sqlite.Maintenance;

/// <summary>
/// The database as it was at one moment, however much a server beside it goes on writing. As long as it is open the server's
/// write-ahead log cannot shrink.
/// </summary>
internal sealed class Snapshot : IDisposable
{
    private readonly CancellationTokenRegistration _interrupt;

    private Snapshot(Database database, CancellationToken cancel)
    {
        Database = database;
        // What SQLite does in one call, a check of all pages say, ends early by this.
        _interrupt = cancel.Register(() => raw.sqlite3_interrupt(database.Handle));
    }

    public Database Database { get; }

    /// <param name="anyVersion">Whether it may be of an older version too.</param>
    /// <exception cref="StorageException">It cannot be opened.</exception>
    public static Snapshot Open(DataFolder folder, CancellationToken cancel, bool anyVersion = false)
    {
        var database = Database.OpenForReading(folder.Database);
        try
        {
            database.Execute("BEGIN");
            // A transaction sees what there is at its first read.
            database.Execute("SELECT COUNT(*) FROM sqlite_schema");
            if (!anyVersion && (Migrations.CheckVersion(database.Handle) < Migrations.Newest || Conversion.IsDue(database)))
                throw new StorageException("the database was written by an older version of the server; start this one on it once");
            return new Snapshot(database, cancel);
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        _interrupt.Dispose();
        Database.Dispose();
    }
}
