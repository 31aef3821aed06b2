using System.Data.Common;
using Dapper;
using Microsoft.Data.Sqlite;
using RawSocketChat.Server.Storage.Sql.Maintenance;
using SQLitePCL;

namespace RawSocketChat.Server.Storage.Sqlite.Maintenance;

/// <summary>A SQLite database as it was at one moment. Until the snapshot is disposed of, the server's write-ahead log cannot shrink.</summary>
internal sealed class SqliteSnapshot : DatabaseSnapshot
{
    private readonly SqliteConnection _connection;
    private readonly CancellationTokenRegistration _interrupt;
    private readonly string _file;

    private SqliteSnapshot(SqliteConnection connection, string file, CancellationToken cancel)
    {
        _connection = connection;
        _file = file;
        // A cancellation interrupts a long call of SQLite, for example the check of all pages.
        _interrupt = cancel.Register(() => raw.sqlite3_interrupt(connection.Handle!));
    }

    public override SqliteConnection Connection => _connection;

    /// <param name="file">The full path of a database.</param>
    /// <param name="cancel">Interrupts reads of the snapshot.</param>
    /// <exception cref="StorageException">The database cannot be opened.</exception>
    public static SqliteSnapshot Open(string file, CancellationToken cancel)
    {
        var snapshot = new SqliteSnapshot(SqliteDatabase.OpenForReading(file), file, cancel);
        try
        {
            // SQLite takes the snapshot at the first read of the transaction, so read something now.
            snapshot.Read(connection => connection.Execute("BEGIN; SELECT COUNT(*) FROM sqlite_schema"));
            return snapshot;
        }
        catch
        {
            snapshot.Dispose();
            throw;
        }
    }

    public override T Read<T>(Func<DbConnection, T> read)
    {
        try
        {
            return read(_connection);
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

    public override void Check(CheckResult result, IProgress<WorkProgress> progress) => Read(connection =>
    {
        progress.Report(new WorkProgress("checking pages", 0, 0));
        foreach (var line in connection.Query<string>($"PRAGMA integrity_check({CheckResult.MaxLines})").Where(line => line != "ok"))
            result.Add($"the database is damaged: {line}");
        progress.Report(new WorkProgress("checking references", 0, 0));
        foreach (var (table, parent) in connection.Query<(string, string)>("SELECT \"table\", parent FROM pragma_foreign_key_check"))
            result.Add($"a row of the table {table} refers to a row of {parent} that does not exist");
        return true;
    });

    public override void Dispose()
    {
        _interrupt.Dispose();
        _connection.Dispose();
    }
}
