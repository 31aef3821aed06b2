using Dapper;
using Microsoft.Data.Sqlite;
using RawSocketChat.Server.Storage.Sql.Maintenance;
using SQLitePCL;

namespace RawSocketChat.Server.Storage.Sqlite.Maintenance;

/// <summary>Copies the database as it is at one moment. A server may write to the database at the same time.</summary>
public static class DatabaseBackup
{
    // 4 MiB. With steps of this size, the progress bar moves often, and the number of steps does not slow down the copy.
    private const int PagesPerStep = 1024;

    /// <summary>
    /// Copies the database and the contents of the files into <paramref name="file"/>, which must exist and be empty. The result is one file without a
    /// write-ahead log.
    /// </summary>
    /// <returns>The number of contents that are missing or damaged. The copy does not have them.</returns>
    /// <exception cref="StorageException">The database cannot be read, the file cannot be written, or the copy is damaged.</exception>
    public static int Copy(SqliteChatDatabase database, string file, IProgress<WorkProgress> progress, CancellationToken cancel)
    {
        Copy(database.File, file, progress, cancel);
        using var copy = SqliteDatabase.OpenForCopy(file);
        try
        {
            copy.Execute("PRAGMA synchronous = OFF");
            return ContentBackup.Add(copy, database.Contents, hash => ContentCheck.IsUsed(database, hash), progress, cancel);
        }
        catch (SqliteException fault)
        {
            throw SqliteError.Translate(fault, file);
        }
    }

    /// <summary>Moves the contents of the files from a restored database into a folder.</summary>
    /// <returns>The number of contents.</returns>
    /// <exception cref="StorageException">A content cannot be written, or is damaged.</exception>
    public static int ExtractContents(string file, ContentFolder folder, IProgress<WorkProgress> progress, CancellationToken cancel)
    {
        using var database = SqliteDatabase.OpenForCopy(file);
        try
        {
            if (!ContentBackup.HasContents(database))
                return 0;
            database.Execute("PRAGMA synchronous = OFF");
            var count = ContentBackup.Extract(database, folder, progress, cancel);
            database.Execute("VACUUM");
            return count;
        }
        catch (SqliteException fault)
        {
            throw SqliteError.Translate(fault, file);
        }
    }

    /// <summary>Copies a database file, which need not be in a data folder. Does not copy the contents of the uploaded files.</summary>
    public static void Copy(string database, string file, IProgress<WorkProgress> progress, CancellationToken cancel)
    {
        using var source = SqliteSnapshot.Open(database, cancel);
        using var copy = SqliteDatabase.OpenForCopy(file);
        using var interrupt = cancel.Register(() => raw.sqlite3_interrupt(copy.Handle!));
        try
        {
            // The caller syncs the whole file at the end.
            copy.Execute("PRAGMA synchronous = OFF");
            CopyPages(source.Connection, copy, file, progress, cancel);

            // A server that starts with the copy may assign seqs that the original server has assigned to other events. So the logs of the
            // copy must get new epochs. A backup is one file, so it has no write-ahead log beside it.
            copy.Execute("UPDATE rooms SET epoch = ''; PRAGMA journal_mode = DELETE;");
            progress.Report(new WorkProgress("checking the copy", 0, 0));
            if (copy.QueryFirst<string>("PRAGMA quick_check(1)") is not "ok" and var fault)
                throw new StorageException($"the copy is damaged ({fault.ReplaceLineEndings(" ")}), so the database is damaged too; run the \"check\" command") { IsDamage = true };
        }
        catch (SqliteException fault)
        {
            throw SqliteError.Translate(fault, file);
        }
    }

    private static void CopyPages(SqliteConnection source, SqliteConnection copy, string file, IProgress<WorkProgress> progress, CancellationToken cancel)
    {
        using var backup = raw.sqlite3_backup_init(copy.Handle!, "main", source.Handle!, "main");
        if (backup is null || backup.IsInvalid)
            throw SqliteError.Create(copy.Handle!, file);
        int code;
        do
        {
            cancel.ThrowIfCancellationRequested();
            code = raw.sqlite3_backup_step(backup, PagesPerStep);
            var total = raw.sqlite3_backup_pagecount(backup);
            progress.Report(new WorkProgress("copying", total - raw.sqlite3_backup_remaining(backup), total));
        }
        while (code == raw.SQLITE_OK);

        if (code != raw.SQLITE_DONE)
            throw SqliteError.Create(code, copy.Handle!, file);
    }
}
