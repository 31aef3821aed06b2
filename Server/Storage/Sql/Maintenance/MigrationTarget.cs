using System.Data.Common;
using Dapper;

namespace RawSocketChat.Server.Storage.Sql.Maintenance;

/// <summary>
/// The database into which a migration copies a chat. Each engine has a derived class. No server can use the database until the target is disposed
/// of, and no server starts with the database before <see cref="Complete"/> was called. If the migration is interrupted, the next one continues.
/// </summary>
internal abstract class MigrationTarget : IDisposable
{
    /// <summary>
    /// The table that marks an unfinished migration. Its row has the state of the source (<see cref="MigrationSource.ComputeState"/>).
    /// </summary>
    private protected const string Marker = "unfinished_migration";

    /// <summary>The database, for the check at the end.</summary>
    public abstract ChatDatabase Database { get; }

    private protected abstract DbConnection Connection { get; }

    /// <summary>Prepares the target for a source in this state. Removes the rows of an earlier migration that began with another state.</summary>
    /// <param name="state">The state of the source.</param>
    /// <exception cref="StorageException">The database cannot be written.</exception>
    public void Begin(string state) => Execute(() =>
    {
        Connection.Execute($"CREATE TABLE IF NOT EXISTS {Marker} (source TEXT NOT NULL)");
        if (Connection.QueryFirstOrDefault<string>($"SELECT source FROM {Marker}") == state)
            return true;
        Connection.Execute("BEGIN TRANSACTION");
        foreach (var table in MigratedTable.All.Reverse())
            Connection.Execute($"DELETE FROM {table.Name}");
        // When files are deleted, triggers add their contents to this table.
        Connection.Execute("DELETE FROM unused_contents");
        Connection.Execute($"DELETE FROM {Marker}; INSERT INTO {Marker} (source) VALUES (@state)", new { state });
        Connection.Execute("COMMIT TRANSACTION");
        return true;
    });

    /// <summary>Reads the number of rows that are already copied, and the key of the last one. The key is null if no row is copied.</summary>
    /// <exception cref="StorageException">The database cannot be read.</exception>
    public (long Count, object?[]? LastKey) ReadProgress(MigratedTable table) => Execute<(long, object?[]?)>(() =>
    {
        var count = Connection.ExecuteScalar<long>($"SELECT COUNT(*) FROM {table.Name}");
        var order = string.Join(", ", table.Columns.Take(table.KeyLength).Select(column => $"\"{column.Name}\" DESC"));
        using var last = new Statement(Connection, $"SELECT {table.KeyList} FROM {table.Name} ORDER BY {order} LIMIT 1", 0);
        using var row = last.Query();
        return (count, row.Read() ? MigrationSource.ReadRow(row) : null);
    });

    /// <summary>Stores rows of a table in one transaction.</summary>
    /// <exception cref="StorageException">The database cannot be written.</exception>
    public void Insert(MigratedTable table, IReadOnlyList<object?[]> rows) => Execute(() =>
    {
        Connection.Execute("BEGIN TRANSACTION");
        InsertRows(table, rows);
        Connection.Execute("COMMIT TRANSACTION");
        return true;
    });

    /// <summary>Makes the database usable for a server.</summary>
    /// <exception cref="StorageException">The database cannot be written.</exception>
    public abstract void Complete(IProgress<WorkProgress> progress, CancellationToken cancel);

    public abstract void Dispose();

    /// <summary>Runs statements, and translates the errors of the driver.</summary>
    private protected abstract T Execute<T>(Func<T> work);

    private protected abstract void InsertRows(MigratedTable table, IReadOnlyList<object?[]> rows);
}
