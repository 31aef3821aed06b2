using SQLitePCL;

namespace RawSocketChat.Server.Storage.Sqlite;

/// <summary>What SQLite met, in words that tell an operator what to do.</summary>
internal static class SqliteFault
{
    public static StorageException Of(sqlite3 database, int code) =>
        Of(raw.sqlite3_extended_errcode(database) is var extended && (extended & 0xff) == (code & 0xff) ? extended : code, raw.sqlite3_errmsg(database).utf8_to_string());

    public static StorageException Of(int code, string message) => new((code & 0xff) switch
    {
        raw.SQLITE_FULL => "the disk is full",
        raw.SQLITE_READONLY or raw.SQLITE_PERM => "the data folder cannot be written to",
        raw.SQLITE_CANTOPEN => "the database cannot be opened",
        raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB => $"the database is damaged ({message})",
        raw.SQLITE_IOERR => $"the disk failed ({message}, code {code})",
        _ => $"{message} (code {code})",
    })
    { IsDamage = (code & 0xff) is raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB };
}
