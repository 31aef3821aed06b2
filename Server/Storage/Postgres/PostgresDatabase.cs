using System.Reflection;
using Dapper;
using Npgsql;

namespace RawSocketChat.Server.Storage.Postgres;

/// <summary>Opens connections to a database, with the settings that this server needs, and creates its tables.</summary>
internal sealed class PostgresDatabase(DataOptions options)
{
    /// <summary>The newest version of the tables. The table <c>schema_version</c> has the version of a database.</summary>
    public const int NewestVersion = 1;

    /// <summary>The maximum number of servers that use the same database. Each of them has a share of the search ids.</summary>
    public const int MaxNodes = 8;

    // The keys of the advisory locks: "RSCh" with 1 for the use of the database, 2 for the creation of its tables and 3 for the leader; "RSCn" with the
    // number of a server; and "RSCs" with the number of a share of the search ids.
    private const int LockClass = 0x52534368;
    private const int UseLock = 1;
    private const int MigrationLock = 2;
    private const int LeaderLock = 3;
    private const int NodeLockClass = 0x5253436E;
    private const int ShareLockClass = 0x52534373;

    // A healthy server waits only some milliseconds between two statements of a transaction.
    private const int MaxIdleSeconds = 5;

    /// <summary>The query for the numbers of the servers that are alive.</summary>
    public static readonly string LiveNodes = $"""
        SELECT objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND classid = {NodeLockClass} AND granted
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        """;

    private readonly NpgsqlConnectionStringBuilder _settings = PostgresSettings.Parse(options.Postgres!);

    /// <summary>The database and its hosts, for the operator.</summary>
    public string Location { get; } = PostgresSettings.Describe(PostgresSettings.Parse(options.Postgres!));

    /// <summary>Opens a connection that reads.</summary>
    public NpgsqlConnection OpenForReading() => Open("SET default_transaction_read_only = on");

    /// <summary>Opens a connection that searches.</summary>
    /// <param name="maxTime">The time after which the database ends a search.</param>
    // The best plan depends on the words. For a frequent word, the database should read the newest messages. For a rare word, it should use the index
    // of words. With one plan for all words, the database would read all messages to find a rare word. So the database makes a new plan for
    // each search.
    public NpgsqlConnection OpenForSearch(TimeSpan maxTime) =>
        Open($"SET default_transaction_read_only = on; SET statement_timeout = {(int)maxTime.TotalMilliseconds}; SET plan_cache_mode = force_custom_plan");

    /// <summary>Opens a connection for a command of the operator. It may create temporary tables.</summary>
    public NpgsqlConnection OpenForMaintenance() => Open("SELECT 1");

    /// <summary>Opens a connection that sends or receives announcements. Its commits do not wait for a sync.</summary>
    public NpgsqlConnection OpenForNodes()
    {
        var connection = OpenForWriting();
        connection.Execute("SET synchronous_commit = off");
        return connection;
    }

    /// <summary>
    /// Opens a connection for the commits of a server. If the server hangs in a transaction, the database ends the session after
    /// <see cref="MaxIdleSeconds"/>, because the transaction locks rooms that other servers need.
    /// </summary>
    public NpgsqlConnection OpenForCommits()
    {
        var connection = OpenForWriting();
        connection.Execute($"SET idle_in_transaction_session_timeout = '{MaxIdleSeconds}s'");
        return connection;
    }

    /// <summary>Opens a connection that writes.</summary>
    /// <exception cref="StorageException">The database is a standby.</exception>
    public NpgsqlConnection OpenForWriting()
    {
        // With these settings, the database notices within 30 s that the machine of this server is gone, and releases the lock.
        var connection = Open(
            $"SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 4; SET tcp_user_timeout = 30000{(options.Durability == Durability.Process ? "; SET synchronous_commit = off" : "")}");
        try
        {
            return connection.ExecuteScalar<bool>("SELECT pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on'")
                ? throw Create("the database is a standby or read-only; name the primary, or all hosts with Target Session Attributes=primary")
                : connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Locks the database for the session of a connection. The database releases the lock when the session ends, even if this process is killed.
    /// </summary>
    /// <param name="isShared">Whether other servers may use the database too.</param>
    public static bool TryLock(NpgsqlConnection connection, bool isShared) =>
        connection.ExecuteScalar<bool>($"SELECT pg_try_advisory_lock{(isShared ? "_shared" : "")}({LockClass}, {UseLock})");

    /// <summary>
    /// Locks the number of a server for the session of a connection. While a session has this lock, no transaction of an earlier session of the server can
    /// be running. The lock also shows the other servers that this server is alive.
    /// </summary>
    public static bool TryLockNode(NpgsqlConnection connection, int node) => connection.ExecuteScalar<bool>($"SELECT pg_try_advisory_lock({NodeLockClass}, @node)", new { node });

    /// <summary>Locks a share of the search ids that no other server uses. Returns the number of the share; null if all shares are in
    /// use.</summary>
    public static int? TryLockShare(NpgsqlConnection connection)
    {
        for (var share = 0; share < MaxNodes; share++)
        {
            if (connection.ExecuteScalar<bool>($"SELECT pg_try_advisory_lock({ShareLockClass}, @share)", new { share }))
                return share;
        }

        return null;
    }

    /// <summary>
    /// Makes the server of a connection the leader, if no other server is the leader. Call this only while the server is not the leader.
    /// </summary>
    public static Task<bool> TryLeadAsync(NpgsqlConnection connection) => connection.ExecuteScalarAsync<bool>($"SELECT pg_try_advisory_lock({LockClass}, {LeaderLock})");

    /// <summary>Reads the numbers of the servers that are alive.</summary>
    public static async Task<IReadOnlyList<long>> ReadLiveNodesAsync(NpgsqlConnection connection) => (await connection.QueryAsync<long>(LiveNodes)).AsList();

    /// <summary>Ends a session of this server, if the session still has the lock of the server's number.</summary>
    /// <param name="session">The process id of the session.</param>
    public static void EndSession(NpgsqlConnection connection, int session) => connection.Execute(
        $"""
        SELECT pg_terminate_backend(pid) FROM pg_locks
        WHERE locktype = 'advisory' AND classid = {NodeLockClass} AND granted AND pid = @session
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        """,
        new { session });

    /// <summary>Checks that the database has the tables of this version.</summary>
    /// <exception cref="StorageException">There are no tables, or they belong to another version.</exception>
    public void CheckTables(NpgsqlConnection connection)
    {
        if (ReadVersion(connection) is var version && version < NewestVersion)
            throw Create(version == 0 ? "the database has no chat; name the database with --Data:Postgres, or start the server once" : "an older version of the server has written the database; start this version of the server once");
    }

    /// <summary>Creates the tables in an empty database, or migrates the tables of an older version, in one transaction.</summary>
    /// <exception cref="StorageException">The tables belong to a newer version or another program.</exception>
    public void Migrate(NpgsqlConnection connection)
    {
        // Two servers may start at the same time.
        using var transaction = connection.BeginTransaction();
        connection.Execute($"SELECT pg_advisory_xact_lock({LockClass}, {MigrationLock})", transaction: transaction);
        var version = ReadVersion(connection);
        if (version == NewestVersion)
            return;
        if (version == 0 && connection.ExecuteScalar<bool>("SELECT to_regclass('users') IS NOT NULL OR to_regclass('rooms') IS NOT NULL OR to_regclass('events') IS NOT NULL"))
            throw Create("the database has tables of another program; use an empty database");

        // Each version has its own script. The statements of a released script never change.
        connection.Execute(
            $"CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL); {ReadScript("postgres-schema.sql")}; INSERT INTO schema_version (version) VALUES ({NewestVersion})",
            transaction: transaction, commandTimeout: 0);
        transaction.Commit();
    }

    // Returns 0 if there are no tables.
    private int ReadVersion(NpgsqlConnection connection)
    {
        if (!connection.ExecuteScalar<bool>("SELECT to_regclass('schema_version') IS NOT NULL"))
            return 0;
        var version = connection.ExecuteScalar<int>("SELECT version FROM schema_version");
        if (version > NewestVersion)
            throw Create($"a newer version of the server has written the database (format {version}); this version reads up to format {NewestVersion}");
        return connection.ExecuteScalar<bool>("SELECT to_regclass('unfinished_migration') IS NULL") ? version : throw Create("the chat is not yet complete in this database; run the \"migrate\" command again");
    }

    private NpgsqlConnection Open(string setUp)
    {
        var connection = new NpgsqlConnection(_settings.ConnectionString);
        try
        {
            connection.Open();
            connection.Execute(setUp);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private StorageException Create(string message) => new($"{Location}: {message}") { Setting = nameof(DataOptions.Postgres) };

    private static string ReadScript(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
