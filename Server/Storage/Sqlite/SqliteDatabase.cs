using System.Data.Common;
using System.Reflection;
using Dapper;
using Microsoft.Data.Sqlite;

namespace RawSocketChat.Server.Storage.Sqlite;

/// <summary>Opens connections to a database file, with the settings that this server needs.</summary>
internal static class SqliteDatabase
{
    /// <summary>The newest version of the schema. <c>PRAGMA user_version</c> returns the version of a database.</summary>
    public const int NewestVersion = 2;

    // "RSCh". The databases of builds before version 1 have the application id 0.
    private const int ApplicationId = 0x52534368;

    private const int CacheKibibytes = 64 * 1024;

    // About 64 MiB. With SQLite's default of 1,000 pages, the server acknowledges 18% fewer messages per second
    // (Tests/Benchmarks/README.md).
    private const int CheckpointPages = 16_000;
    private const long PageBytes = 4096;
    private const long CheckpointBytes = CheckpointPages * PageBytes;

    /// <summary>
    /// Opens the database for writing. Creates the file and the tables if they do not exist. Migrates the tables of an older version.
    /// </summary>
    /// <param name="isSynced">Whether a commit waits until the disk has the data.</param>
    /// <param name="maxBytes">The maximum size of the file; 0 for no limit.</param>
    /// <exception cref="StorageException">The database is damaged, has another format, or cannot be written to.</exception>
    public static SqliteConnection OpenForWriting(string file, bool isSynced, long maxBytes = 0)
    {
        CreateForOwner(file);
        return Open(file, SqliteOpenMode.ReadWriteCreate, connection =>
        {
            CheckFormat(connection, file);
            connection.Execute(
                $"""
                PRAGMA journal_mode = WAL;
                PRAGMA wal_autocheckpoint = {CheckpointPages};
                PRAGMA journal_size_limit = {CheckpointBytes};
                PRAGMA synchronous = {(isSynced ? "FULL" : "NORMAL")};
                PRAGMA secure_delete = ON;
                """);
            if (maxBytes > 0)
                connection.Execute($"PRAGMA max_page_count = {maxBytes / PageBytes}");
            Migrate(connection);
            // An empty epoch shows that this is a restored backup. The clients' cursors do not fit the restored logs, so the logs get new
            // epochs.
            connection.Execute("UPDATE rooms SET epoch = lower(hex(randomblob(8))) WHERE epoch = ''");
        });
    }

    /// <summary>Opens the database for reading. A server may write to it at the same time.</summary>
    /// <exception cref="StorageException">The database cannot be read, or has another format.</exception>
    public static SqliteConnection OpenForReading(string file) => Open(file, SqliteOpenMode.ReadOnly, connection =>
    {
        CheckFormat(connection, file);
        if (GetVersion(connection) < NewestVersion)
            throw new StorageException("an older version of the server has written the database; start this version of the server once");
    });

    /// <summary>Opens an empty file that becomes a copy of a database.</summary>
    public static SqliteConnection OpenForCopy(string file) => Open(file, SqliteOpenMode.ReadWrite, _ => { });

    /// <summary>Returns the size of the pages that have data, in bytes.</summary>
    public static long GetUsedBytes(DbConnection connection) =>
        (connection.ExecuteScalar<long>("PRAGMA page_count") - connection.ExecuteScalar<long>("PRAGMA freelist_count")) * PageBytes;

    private static SqliteConnection Open(string file, SqliteOpenMode mode, Action<SqliteConnection> prepare)
    {
        // Commands wait at most five seconds for a lock that another program holds.
        var connection = new SqliteConnection(
            new SqliteConnectionStringBuilder { DataSource = file, Mode = mode, Pooling = false, ForeignKeys = true, DefaultTimeout = 5 }.ToString());
        try
        {
            connection.Open();
            connection.Execute($"PRAGMA cache_size = -{CacheKibibytes}");
            // SQLite does not have GREATEST, which other SQL databases have.
            connection.CreateFunction("greatest", (long first, long second) => Math.Max(first, second), isDeterministic: true);
            SearchIndex.AddFunctions(connection);
            prepare(connection);
            return connection;
        }
        catch (SqliteException fault)
        {
            connection.Dispose();
            throw SqliteError.Translate(fault, file);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private static int GetVersion(SqliteConnection connection) => connection.ExecuteScalar<int>("PRAGMA user_version");

    // Throws if a newer version of the server, or another program, has written the database. An empty database is fine.
    private static void CheckFormat(SqliteConnection connection, string file)
    {
        if (connection.ExecuteScalar<int>("SELECT COUNT(*) FROM sqlite_schema") == 0)
            return;
        if (connection.ExecuteScalar<int>("PRAGMA application_id") != ApplicationId)
            throw new StorageException($"\"{file}\" is no database of this server, or was written by a build before version 1; to keep the rooms of such a build, write them to files with its \"export\" command, and import them into an empty folder");
        if (GetVersion(connection) is > NewestVersion and var version)
            throw new StorageException($"a newer version of the server has written \"{file}\" (format {version}); this version reads up to format {NewestVersion}");
    }

    // Each version of the schema has its own script. The statements of a released script never change.
    private static readonly string[] Scripts = ["schema.sql", "push.sql"];

    private static void Migrate(SqliteConnection connection)
    {
        var version = GetVersion(connection);
        if (version == NewestVersion)
            return;
        connection.Execute("BEGIN IMMEDIATE");
        foreach (var script in Scripts[version..])
            connection.Execute(ReadScript(script));
        connection.Execute($"PRAGMA application_id = {ApplicationId}; PRAGMA user_version = {NewestVersion}; COMMIT");
    }

    private static string ReadScript(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    // Creates an empty file, which SQLite accepts as an empty database. SQLite creates its other files with the same mode.
    private static void CreateForOwner(string file)
    {
        if (OperatingSystem.IsWindows() || File.Exists(file))
            return;
        try
        {
            new FileStream(file, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite }).Dispose();
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // Ignore this error: when the caller opens the database, SQLite reports the reason.
        }
    }
}
