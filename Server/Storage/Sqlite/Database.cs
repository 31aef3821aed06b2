using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace RawSocketChat.Server.Storage.Sqlite;

/// <summary>One connection to the database; used by one thread at a time.</summary>
internal sealed class Database : IDisposable
{
    // Enough for the upper levels of every tree of a room of ten million events.
    private const int CacheKibibytes = 16 * 1024;

    // 64 MB of write-ahead log: what was written many times meanwhile goes to its place once. At the default of 1,000 pages the
    // same load is acknowledged at 0.82 of the rate.
    private const int CheckpointPages = 16_000;

    // For a lock that a command beside the server may hold for a moment.
    private const int BusyMilliseconds = 5_000;

    private readonly SqliteConnection _connection;

    private Database(SqliteConnection connection) => _connection = connection;

    public sqlite3 Handle => _connection.Handle!;

    /// <summary>Opens the database for writing, makes it where there is none and brings it to the newest version.</summary>
    /// <param name="synced">Whether a commit waits for the disk.</param>
    /// <param name="logger">Is told how far a long conversion has come.</param>
    /// <exception cref="StorageException">It cannot be opened: damaged, of a newer version, the disk full or read-only.</exception>
    public static Database OpenForWriting(string file, bool synced, ILogger? logger = null)
    {
        MakeOwners(file);
        var database = Open(file, SqliteOpenMode.ReadWriteCreate);
        try
        {
            database.Execute("PRAGMA journal_mode = WAL");
            database.Execute($"PRAGMA wal_autocheckpoint = {CheckpointPages}");
            database.Execute($"PRAGMA synchronous = {(synced ? "FULL" : "NORMAL")}");
            database.Execute($"PRAGMA cache_size = -{CacheKibibytes}");
            Migrations.Run(database.Handle);
            Conversion.Run(database, logger);
            // On a backup that was restored: from here on its logs are others than those that people have cursors of.
            database.Execute("UPDATE rooms SET epoch = lower(hex(randomblob(8))) WHERE epoch = ''");
            return database;
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    /// <summary>Opens the database for reading, beside whoever writes it.</summary>
    public static Database OpenForReading(string file)
    {
        var database = Open(file, SqliteOpenMode.ReadOnly);
        try
        {
            database.Execute($"PRAGMA cache_size = -{CacheKibibytes}");
            Migrations.CheckVersion(database.Handle);
            return database;
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }

    /// <summary>Opens an empty file, for a copy that goes into it.</summary>
    public static Database OpenForCopy(string file) => Open(file, SqliteOpenMode.ReadWrite);

    public Statement Prepare(string sql) => new(Handle, sql);

    /// <summary>Does something in a transaction of its own.</summary>
    /// <returns>Its result.</returns>
    public T Transact<T>(Func<T> write)
    {
        Execute("BEGIN IMMEDIATE");
        var result = write();
        Execute("COMMIT");
        return result;
    }

    public void Execute(string sql)
    {
        var code = raw.sqlite3_exec(Handle, sql);
        if (code != raw.SQLITE_OK)
            throw SqliteFault.Of(Handle, code);
    }

    /// <summary>Puts the write-ahead log into its place and gives its space back, where that is possible.</summary>
    public void TryCheckpoint()
    {
        try
        {
            Execute("PRAGMA wal_checkpoint(TRUNCATE)");
        }
        catch (StorageException)
        {
            // Then it stays where it is, and is read from there.
        }
    }

    public void Dispose() => _connection.Dispose();

    // An empty file is an empty database. Made here, it is its owner's alone in any folder; SQLite gives its other files the same mode.
    private static void MakeOwners(string file)
    {
        if (OperatingSystem.IsWindows() || File.Exists(file))
            return;
        try
        {
            new FileStream(file, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite }).Dispose();
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // Whatever is in the way is told in SQLite's words by the opening.
        }
    }

    private static Database Open(string file, SqliteOpenMode mode)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Mode = mode, Pooling = false }.ToString());
        try
        {
            connection.Open();
            raw.sqlite3_busy_timeout(connection.Handle!, BusyMilliseconds);
            return new Database(connection);
        }
        catch (SqliteException fault)
        {
            connection.Dispose();
            throw SqliteFault.Of(fault.SqliteExtendedErrorCode, fault.Message, file);
        }
    }
}
