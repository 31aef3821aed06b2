using System.Data.Common;
using Dapper;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace RawSocketChat.Server.Storage.Sqlite.Maintenance;

/// <summary>
/// The database as it was at one moment. A server may write to the database at the same time. Until the snapshot is disposed of, the
/// server's write-ahead log cannot shrink.
/// </summary>
internal sealed class Snapshot : IDisposable
{
    private readonly CancellationTokenRegistration _interrupt;
    private readonly string _file;

    private Snapshot(SqliteConnection connection, string file, CancellationToken cancel)
    {
        Connection = connection;
        _file = file;
        // A cancellation interrupts a long call of SQLite, for example the check of all pages.
        _interrupt = cancel.Register(() => raw.sqlite3_interrupt(connection.Handle!));
    }

    public SqliteConnection Connection { get; }

    /// <exception cref="StorageException">The database cannot be opened.</exception>
    public static Snapshot Open(DataFolder folder, CancellationToken cancel) => Open(folder.Database, cancel);

    /// <param name="file">The full path of a database.</param>
    /// <param name="cancel">Interrupts reads of the snapshot.</param>
    /// <exception cref="StorageException">The database cannot be opened.</exception>
    public static Snapshot Open(string file, CancellationToken cancel)
    {
        var snapshot = new Snapshot(SqliteDatabase.OpenForReading(file), file, cancel);
        // SQLite takes the snapshot at the first read of the transaction, so read something now.
        snapshot.Read(connection => connection.Execute("BEGIN; SELECT COUNT(*) FROM sqlite_schema"));
        return snapshot;
    }

    /// <exception cref="StorageException">The database cannot be read.</exception>
    public T Read<T>(Func<DbConnection, T> read)
    {
        try
        {
            return read(Connection);
        }
        catch (SqliteException fault)
        {
            throw SqliteError.Translate(fault, _file);
        }
        catch (ArgumentOutOfRangeException fault)
        {
            throw SqliteError.Translate(fault, _file);
        }
    }

    public void Dispose()
    {
        _interrupt.Dispose();
        Connection.Dispose();
    }
}
