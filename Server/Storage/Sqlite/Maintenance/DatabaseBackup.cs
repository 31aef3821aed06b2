using SQLitePCL;

namespace RawSocketChat.Server.Storage.Sqlite.Maintenance;

/// <summary>Copies the database as it is at one moment, beside a server that goes on writing it.</summary>
public static class DatabaseBackup
{
    // 4 MiB: often enough for a bar that moves, seldom enough to cost nothing.
    private const int PagesPerStep = 1024;

    /// <summary>Copies it into <paramref name="file"/>, which is there and empty: afterwards a whole database in that one file.</summary>
    /// <exception cref="StorageException">It cannot be read or written, or the copy is not sound.</exception>
    public static void Copy(DataFolder folder, string file, IProgress<Advance> progress, CancellationToken cancel)
    {
        using var source = Snapshot.Open(folder, cancel, anyVersion: true);
        using var copy = Database.OpenForCopy(file);
        using var interrupt = cancel.Register(() => raw.sqlite3_interrupt(copy.Handle));
        // It is synced once, at its end, by whoever called.
        copy.Execute("PRAGMA synchronous = OFF");
        CopyPages(source.Database, copy, progress, cancel);

        // A server on the copy gives seqs anew that the original has given since: its logs get names of their own by its first start.
        if (Migrations.CheckVersion(copy.Handle) > 0)
            copy.Execute("UPDATE rooms SET epoch = ''");

        // The copy says that it has a write-ahead log beside it, as the original has. It is to be one file.
        copy.Execute("PRAGMA journal_mode = DELETE");
        progress.Report(new Advance("checking the copy", 0, 0));
        using var check = copy.Prepare("PRAGMA quick_check(1)");
        if (!check.Step() || check.Text(0) != "ok")
            throw new StorageException($"the copy is damaged ({check.Text(0).ReplaceLineEndings(" ")}), and so is the database it was made of; run: check") { IsDamage = true };
    }

    private static void CopyPages(Database source, Database copy, IProgress<Advance> progress, CancellationToken cancel)
    {
        using var backup = raw.sqlite3_backup_init(copy.Handle, "main", source.Handle, "main");
        if (backup is null || backup.IsInvalid)
            throw SqliteFault.Of(copy.Handle, raw.sqlite3_errcode(copy.Handle));
        int code;
        do
        {
            cancel.ThrowIfCancellationRequested();
            code = raw.sqlite3_backup_step(backup, PagesPerStep);
            var total = raw.sqlite3_backup_pagecount(backup);
            progress.Report(new Advance("copying", total - raw.sqlite3_backup_remaining(backup), total));
        }
        while (code == raw.SQLITE_OK);

        if (code != raw.SQLITE_DONE)
            throw SqliteFault.Of(code, raw.sqlite3_errmsg(copy.Handle).utf8_to_string(), raw.sqlite3_db_filename(copy.Handle, "main").utf8_to_string());
    }
}
