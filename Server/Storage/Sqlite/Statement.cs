using System.Text;
using SQLitePCL;

namespace RawSocketChat.Server.Storage.Sqlite;

/// <summary>
/// A prepared statement, used again and again by one thread at a time. Thinner than <c>SqliteCommand</c>: what is bound and read
/// is boxed nowhere, and text goes over as UTF-8.
/// </summary>
internal sealed class Statement : IDisposable
{
    private readonly sqlite3 _database;
    private readonly sqlite3_stmt _statement;

    public Statement(sqlite3 database, string sql)
    {
        _database = database;
        var code = raw.sqlite3_prepare_v3(database, sql, raw.SQLITE_PREPARE_PERSISTENT, out _statement);
        if (code != raw.SQLITE_OK)
            throw SqliteFault.Of(database, code);
    }

    public Statement Bind(int place, long value)
    {
        Check(raw.sqlite3_bind_int64(_statement, place, value));
        return this;
    }

    public Statement Bind(int place, long? value)
    {
        Check(value is { } known ? raw.sqlite3_bind_int64(_statement, place, known) : raw.sqlite3_bind_null(_statement, place));
        return this;
    }

    public Statement Bind(int place, string? value)
    {
        Check(value is null ? raw.sqlite3_bind_null(_statement, place)
            : value.Length == 0 ? raw.sqlite3_bind_text(_statement, place, ""u8)
            : Bind16(place, value));
        return this;
    }

    /// <param name="value">Not empty.</param>
    public Statement Bind(int place, ReadOnlySpan<byte> value)
    {
        Check(raw.sqlite3_bind_blob(_statement, place, value));
        return this;
    }

    /// <summary>Goes to the next row. False: there is none, and the statement is ready to be used again.</summary>
    public bool Step()
    {
        var code = raw.sqlite3_step(_statement);
        if (code == raw.SQLITE_ROW)
            return true;
        Reset();
        return code == raw.SQLITE_DONE ? false : throw SqliteFault.Of(_database, code);
    }

    /// <summary>Runs a statement that gives no rows.</summary>
    /// <returns>The rows that it changed.</returns>
    public int Run()
    {
        while (Step())
        {
        }

        return raw.sqlite3_changes(_database);
    }

    /// <summary>Ends a reading before its last row.</summary>
    public void Reset() => raw.sqlite3_reset(_statement);

    public long Number(int column) => raw.sqlite3_column_int64(_statement, column);

    public long? NumberOrNull(int column) => IsNull(column) ? null : Number(column);

    public string Text(int column) => Encoding.UTF8.GetString(raw.sqlite3_column_blob(_statement, column));

    public string? TextOrNull(int column) => IsNull(column) ? null : Text(column);

    public void Dispose() => _statement.Dispose();

    /// <summary>A text's or blob's bytes, as they are; valid until the next step.</summary>
    public ReadOnlySpan<byte> Bytes(int column) => raw.sqlite3_column_blob(_statement, column);

    /// <summary>What to throw where what was read makes no sense.</summary>
    public StorageException Damage(string what) => SqliteFault.Damage(_database, what);

    private bool IsNull(int column) => raw.sqlite3_column_type(_statement, column) == raw.SQLITE_NULL;

    // A statement that is still in the middle of its rows would go on with what it was asked before.
    private void Check(int code)
    {
        if (code != raw.SQLITE_OK)
            throw SqliteFault.Of(_database, code);
    }

    // By way of a buffer on the stack: the library's own conversion allocates.
    private int Bind16(int place, string value)
    {
        const int MostOnStack = 1024;
        var most = Encoding.UTF8.GetMaxByteCount(value.Length);
        if (most > MostOnStack)
            return raw.sqlite3_bind_text(_statement, place, Encoding.UTF8.GetBytes(value));

        Span<byte> utf8 = stackalloc byte[MostOnStack];
        return raw.sqlite3_bind_text(_statement, place, utf8[..Encoding.UTF8.GetBytes(value, utf8)]);
    }
}
