using Dapper;
using Npgsql;
using RawSocketChat.Server.Storage.Sql.Maintenance;

namespace RawSocketChat.Server.Storage.Postgres.Maintenance;

/// <summary>A PostgreSQL database, with the uploaded files in the data folder.</summary>
public sealed class PostgresChatDatabase : ChatDatabase
{
    private readonly PostgresDatabase _database;

    /// <exception cref="StorageException">The setting is not a connection string.</exception>
    public PostgresChatDatabase(DataOptions options)
    {
        // A command works on the whole chat, so its statements have no timeout.
        var settings = PostgresSettings.Parse(options.Postgres!);
        settings.CommandTimeout = 0;
        _database = new PostgresDatabase(new DataOptions { Postgres = settings.ConnectionString });
        Contents = ContentFolder.Of(Path.GetFullPath(options.Path));
    }

    private PostgresChatDatabase(PostgresDatabase database, ContentFolder contents) => (_database, Contents) = (database, contents);

    public override string Location => _database.Location;

    internal override ContentFolder Contents { get; }

    /// <summary>Whether the database is the target of a migration that is not complete yet.</summary>
    private bool IsUnfinished { get; init; }

    internal override DatabaseSnapshot OpenSnapshot(CancellationToken cancel) => Open<DatabaseSnapshot>(_database.OpenForMaintenance, connection =>
    {
        if (!IsUnfinished)
            _database.CheckTables(connection);
        // This is not a read-only transaction, because such a transaction could not create a temporary table.
        connection.Execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1");
        return new PostgresSnapshot(connection, Location, Interrupt(connection, cancel), cancel);
    });

    internal override OfflineTransaction Begin(CancellationToken cancel, bool isSynced = true) => OpenLocked<OfflineTransaction>(connection =>
    {
        _database.Migrate(connection);
        connection.Execute("BEGIN TRANSACTION");
        return new PostgresOfflineTransaction(connection, Location, Interrupt(connection, cancel), cancel);
    });

    internal override MigrationTarget OpenMigration(CancellationToken cancel) => OpenLocked<MigrationTarget>(connection =>
    {
        if (!PostgresMigrationTarget.IsUnfinished(connection))
        {
            _database.Migrate(connection);
            if (connection.ExecuteScalar<bool>("SELECT EXISTS (SELECT 1 FROM rooms) OR EXISTS (SELECT 1 FROM users)"))
                throw new StorageException($"{Location} already has a chat; name an empty database");
        }

        return new PostgresMigrationTarget(connection, new PostgresChatDatabase(_database, Contents) { IsUnfinished = true }, Interrupt(connection, cancel), cancel);
    });

    // Opens and prepares a connection that locks the database. No server can use the database while this connection is open.
    private T OpenLocked<T>(Func<NpgsqlConnection, T> prepare) => Open(
        _database.OpenForWriting,
        connection => PostgresDatabase.TryLock(connection, isShared: false) ? prepare(connection) : throw new StorageException($"another server uses {Location}; stop it first"));

    // Opens and prepares a connection. Closes the connection if the preparation fails.
    private T Open<T>(Func<NpgsqlConnection> open, Func<NpgsqlConnection, T> prepare) => PostgresError.Run(
        Location,
        () =>
        {
            var connection = open();
            try
            {
                return prepare(connection);
            }
            catch
            {
                connection.Dispose();
                throw;
            }
        },
        CancellationToken.None);

    /// <summary>Cancels the statement of a connection when a token is cancelled.</summary>
    private CancellationTokenRegistration Interrupt(NpgsqlConnection connection, CancellationToken cancel)
    {
        var process = connection.ProcessID;
        return cancel.Register(() =>
        {
            try
            {
                using var other = _database.OpenForMaintenance();
                other.Execute("SELECT pg_cancel_backend(@process)", new { process });
            }
            catch (Exception fault) when (fault is NpgsqlException or TimeoutException or IOException)
            {
                // The statement cannot be cancelled. So the command ends after this statement.
            }
        });
    }
}
