using System.Data.Common;
using Dapper;
using Microsoft.Data.Sqlite;
using RawSocketChat.Server.Storage.Sql;
using RawSocketChat.Server.Storage.Sql.Maintenance;
using SQLitePCL;

namespace RawSocketChat.Server.Storage.Sqlite.Maintenance;

/// <summary>A transaction on a database file. The commit overwrites the removed data in the file and in the write-ahead log.</summary>
/// <param name="folder">The data folder, which this process has locked. The transaction disposes of it.</param>
/// <param name="connection">The connection, on which the transaction has begun. The transaction disposes of it.</param>
/// <param name="file">The full path of the database.</param>
/// <param name="cancel">Interrupts the statements.</param>
internal sealed class SqliteOfflineTransaction(DataFolder folder, SqliteConnection connection, string file, CancellationToken cancel) : OfflineTransaction
{
    private readonly CancellationTokenRegistration _interrupt = cancel.Register(() => raw.sqlite3_interrupt(connection.Handle!));

    public override SqliteConnection Connection => connection;

    public override T Execute<T>(Func<DbConnection, T> work)
    {
        try
        {
            return work(connection);
        }
        catch (SqliteException fault)
        {
            cancel.ThrowIfCancellationRequested();
            throw SqliteError.Translate(fault, file);
        }
    }

    public override void Commit() => Execute(database => database.Execute("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)"));

    public override EventInserts CreateInserts() => new(connection, isIndexed: true);

    // The triggers of the table of events update the index.
    public override void RemoveSearchWords(string author)
    {
    }

    public override void Dispose()
    {
        _interrupt.Dispose();
        connection.Dispose();
        folder.Dispose();
    }

    protected override void OnContentsRemoved() => Execute(database => database.Execute("PRAGMA wal_checkpoint(TRUNCATE)"));
}
