using System.Text;
using Dapper;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace RawSocketChat.Server.Storage.Sqlite.Maintenance;

/// <summary>A change of a folder that no server uses, in one transaction: all or nothing.</summary>
internal static class OfflineTransaction
{
    /// <summary>
    /// Runs the change. If its result is not null, commits, and overwrites the removed data in the database file and in the write-ahead log.
    /// Otherwise changes nothing.
    /// </summary>
    /// <param name="folder">The data folder.</param>
    /// <param name="change">Changes the database, or returns null if there is nothing to change.</param>
    /// <param name="cancel">Interrupts the change. Nothing is changed then.</param>
    /// <exception cref="StorageException">The database cannot be written.</exception>
    public static T? Run<T>(DataFolder folder, Func<SqliteConnection, T?> change, CancellationToken cancel)
    {
        // Removed data must not reappear after a power failure, so the change is synced even if the server's messages are not.
        using var connection = SqliteDatabase.OpenForWriting(folder.Database, isSynced: true);
        using var interrupt = cancel.Register(() => raw.sqlite3_interrupt(connection.Handle!));
        try
        {
            connection.Execute("BEGIN IMMEDIATE");
            cancel.ThrowIfCancellationRequested();
            var result = change(connection);
            if (result is null)
                return result;
            cancel.ThrowIfCancellationRequested();
            connection.Execute("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)");
            RemoveUnusedContents(connection, ContentFolder.Of(folder.Path));
            return result;
        }
        catch (SqliteException fault)
        {
            cancel.ThrowIfCancellationRequested();
            throw SqliteError.Translate(fault, folder.Database);
        }
    }

    // If this is interrupted, the next start of the server removes the rest.
    private static void RemoveUnusedContents(SqliteConnection connection, ContentFolder folder)
    {
        var hashes = connection.Query<string>("SELECT hash FROM unused_contents u WHERE NOT EXISTS (SELECT 1 FROM files f WHERE f.hash = u.hash)").AsList();
        if (hashes.Count == 0)
            return;
        try
        {
            foreach (var hash in hashes)
                folder.Remove(hash);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new StorageException($"the database is changed, but a file in \"{folder.Path}\" could not be removed: {fault.Message}; the server removes it at its next start", fault);
        }

        connection.Execute("DELETE FROM unused_contents; PRAGMA wal_checkpoint(TRUNCATE)");
    }

    /// <summary>Reads the accounts, by name. The letter case of a name does not matter.</summary>
    // The database ignores the letter case of ASCII letters only, so the dictionary compares the names. Two accounts never differ only in letter
    // case.
    public static Dictionary<string, (string Id, string Name)> ReadAccounts(SqliteConnection connection) =>
        connection.Query<(string Id, string Name)>("SELECT id, name FROM users WHERE password_hash IS NOT NULL")
            .ToDictionary(account => account.Name, StringComparer.OrdinalIgnoreCase);

    /// <summary>Converts a name that an operator has typed into the form that accounts have.</summary>
    public static string NormalizeName(string name) => name.Normalize(NormalizationForm.FormKC);
}
