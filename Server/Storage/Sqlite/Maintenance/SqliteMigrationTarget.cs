using System.Data.Common;
using Dapper;
using Microsoft.Data.Sqlite;
using RawSocketChat.Server.Storage.Sql;
using RawSocketChat.Server.Storage.Sql.Maintenance;
using SQLitePCL;

namespace RawSocketChat.Server.Storage.Sqlite.Maintenance;

/// <summary>A database file with a temporary name. When the migration is complete, the file gets the name that a server opens.</summary>
internal sealed class SqliteMigrationTarget : MigrationTarget
{
    private const string UnfinishedName = DataFolder.DatabaseName + ".migrating";

    // A step adds only a part of the messages to the search index, so one transaction has many steps.
    private const int StepsPerTransaction = 200;
    private const int MessagesPerStep = 1000;

    private readonly DataFolder _folder;
    private readonly SqliteChatDatabase _database;
    private readonly SqliteConnection _connection;
    private readonly CancellationTokenRegistration _interrupt;
    private readonly CancellationToken _cancel;

    /// <exception cref="StorageException">The folder has a database, or cannot be written to.</exception>
    public SqliteMigrationTarget(string folder, CancellationToken cancel)
    {
        _folder = DataFolder.LockWithoutCheck(folder, "stop it first");
        try
        {
            if (File.Exists(_folder.Database))
                throw new StorageException($"\"{_folder.Path}\" already has a chat; name another folder");
            _database = new SqliteChatDatabase(_folder.Path, UnfinishedName);
            _connection = SqliteDatabase.OpenForWriting(_database.File, isSynced: false);
            _cancel = cancel;
            _interrupt = cancel.Register(() => raw.sqlite3_interrupt(_connection.Handle!));
        }
        catch
        {
            _folder.Dispose();
            throw;
        }
    }

    public override ChatDatabase Database => _database;

    private protected override DbConnection Connection => _connection;

    public override void Complete(IProgress<WorkProgress> progress, CancellationToken cancel)
    {
        AddToSearchIndex(progress, cancel);
        Execute(() => _connection.Execute($"DROP TABLE {Marker}; PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE"));
        _connection.Dispose();
        using (var file = new FileStream(_database.File, FileMode.Open, FileAccess.ReadWrite))
            file.Flush(flushToDisk: true);
        File.Move(_database.File, _folder.Database);
    }

    public override void Dispose()
    {
        _interrupt.Dispose();
        _connection.Dispose();
        _folder.Dispose();
    }

    private protected override T Execute<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (SqliteException fault)
        {
            _cancel.ThrowIfCancellationRequested();
            throw SqliteError.Translate(fault, _database.File);
        }
    }

    private protected override void InsertRows(MigratedTable table, IReadOnlyList<object?[]> rows)
    {
        var values = string.Join(", ", Enumerable.Range(1, table.Columns.Count).Select(number => $"@p{number}"));
        using var insert = new Statement(_connection, $"INSERT INTO {table.Name} ({table.ColumnList}) VALUES ({values})", table.Columns.Count);
        foreach (var row in rows)
            insert.Execute(row);
    }

    // Without this step, the first searches would miss most messages, because the server would still be indexing them.
    private void AddToSearchIndex(IProgress<WorkProgress> progress, CancellationToken cancel)
    {
        var total = Execute(() => _connection.ExecuteScalar<long>("SELECT COUNT(*) FROM unindexed"));
        for (var isComplete = total == 0; !isComplete;)
        {
            cancel.ThrowIfCancellationRequested();
            isComplete = Execute(() =>
            {
                _connection.Execute("BEGIN TRANSACTION");
                var isLast = false;
                for (var step = 0; step < StepsPerTransaction && !isLast; step++)
                    isLast = SearchIndexer.IndexNext(_connection, MessagesPerStep);
                progress.Report(new WorkProgress("indexing", total - _connection.ExecuteScalar<long>("SELECT COUNT(*) FROM unindexed"), total));
                _connection.Execute("COMMIT TRANSACTION");
                return isLast;
            });
        }
    }
}
