using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace RawSocketChat.Server.Storage.Sqlite;

/// <summary>Translates errors of SQLite into texts that name the file and tell an operator what to do.</summary>
internal static class SqliteError
{
    /// <summary>
    /// Translates an exception. The text of the result contains all that an operator needs, so the result has no inner exception.
    /// </summary>
    /// <param name="file">The full path of the database.</param>
    public static StorageException Translate(SqliteException fault, string file) => Create(fault.SqliteErrorCode, fault.SqliteExtendedErrorCode, fault.Message, file);

    /// <param name="fault">The exception for a stored value that no server writes, for example a time beyond the year 9999.</param>
    public static StorageException Translate(ArgumentOutOfRangeException fault, string file) =>
        new($"\"{file}\" is damaged ({fault.Message.ReplaceLineEndings(" ")}); restore a backup", fault) { IsDamage = true };

    /// <summary>Creates the exception for the last error of a connection.</summary>
    public static StorageException Create(sqlite3 database, string file) => Create(raw.sqlite3_errcode(database), database, file);

    /// <summary>Creates the exception for a result code of SQLite's C interface.</summary>
    public static StorageException Create(int code, sqlite3 database, string file) =>
        Create(code & 0xff, code, raw.sqlite3_errmsg(database).utf8_to_string(), file);

    private static StorageException Create(int code, int extendedCode, string message, string file) => new(code switch
    {
        raw.SQLITE_FULL => $"the disk is full or \"{file}\" has reached Data:MaxBytes, so it cannot grow; free some space",
        raw.SQLITE_READONLY or raw.SQLITE_PERM => $"\"{file}\" cannot be written to",
        raw.SQLITE_CANTOPEN => $"\"{file}\" cannot be opened",
        raw.SQLITE_NOTADB => $"\"{file}\" is damaged, or it is not a database of this server; restore a backup",
        raw.SQLITE_CORRUPT => $"\"{file}\" is damaged ({message}); restore a backup",
        raw.SQLITE_IOERR => $"the disk of \"{file}\" failed ({message}, code {extendedCode})",
        _ => $"\"{file}\": {message} (code {extendedCode})",
    })
    { IsDamage = code is raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB };
}
