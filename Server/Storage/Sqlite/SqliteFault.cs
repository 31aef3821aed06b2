using SQLitePCL;

namespace RawSocketChat.Server.Storage.Sqlite;

/// <summary>What SQLite met, in words that name the file and tell an operator what to do.</summary>
internal static class SqliteFault
{
    public static StorageException Of(sqlite3 database, int code) => Of(
        raw.sqlite3_extended_errcode(database) is var extended && (extended & 0xff) == (code & 0xff) ? extended : code,
        raw.sqlite3_errmsg(database).utf8_to_string(),
        raw.sqlite3_db_filename(database, "main").utf8_to_string());

    /// <summary>What was read makes no sense.</summary>
    public static StorageException Damage(sqlite3 database, string what) =>
        new($"\"{raw.sqlite3_db_filename(database, "main").utf8_to_string()}\" is damaged ({what}); restore a backup") { IsDamage = true };

    /// <param name="file">The database's file, in full.</param>
    public static StorageException Of(int code, string message, string file) => new((code & 0xff) switch
    {
        raw.SQLITE_FULL => $"the disk is full, so \"{file}\" cannot grow; free some space",
        raw.SQLITE_READONLY or raw.SQLITE_PERM => $"\"{file}\" cannot be written to",
        raw.SQLITE_CANTOPEN => $"\"{file}\" cannot be opened",
        raw.SQLITE_NOTADB => $"\"{file}\" is damaged, or no database of this server; restore a backup",
        raw.SQLITE_CORRUPT => $"\"{file}\" is damaged ({message}); restore a backup",
        raw.SQLITE_IOERR => $"the disk failed under \"{file}\" ({message}, code {code})",
        _ => $"\"{file}\": {message} (code {code})",
    })
    { IsDamage = (code & 0xff) is raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB };
}
