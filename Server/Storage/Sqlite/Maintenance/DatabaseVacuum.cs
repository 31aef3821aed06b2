using Dapper;
using Microsoft.Data.Sqlite;
using RawSocketChat.Server.Storage.Sql.Maintenance;
using SQLitePCL;

namespace RawSocketChat.Server.Storage.Sqlite.Maintenance;

/// <summary>Rewrites the database without its free pages. No server may use the folder at the same time.</summary>
public static class DatabaseVacuum
{
    /// <summary>Returns the size of the file before and after, in bytes.</summary>
    /// <exception cref="StorageException">The database cannot be written, for example because the disk has no space for a second copy.</exception>
    public static (long Before, long After) Run(DataFolder folder, IProgress<WorkProgress> progress, CancellationToken cancel)
    {
        using var connection = SqliteDatabase.OpenForWriting(folder.Database, isSynced: true);
        using var interrupt = cancel.Register(() => raw.sqlite3_interrupt(connection.Handle!));
        try
        {
            connection.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
            var before = new FileInfo(folder.Database).Length;
            progress.Report(new WorkProgress("rewriting the database", 0, 0));
            cancel.ThrowIfCancellationRequested();
            connection.Execute("VACUUM; PRAGMA wal_checkpoint(TRUNCATE)");
            return (before, new FileInfo(folder.Database).Length);
        }
        catch (SqliteException fault)
        {
            cancel.ThrowIfCancellationRequested();
            throw SqliteError.Translate(fault, folder.Database);
        }
    }
}
