using System.Data.Common;
using System.Text;
using Dapper;

namespace RawSocketChat.Server.Storage.Sql.Maintenance;

/// <summary>A transaction on a database that no server uses. Without a commit, nothing is changed. Each engine has a derived class.</summary>
internal abstract class OfflineTransaction : IDisposable
{
    /// <summary>The connection of the transaction.</summary>
    public abstract DbConnection Connection { get; }

    /// <summary>
    /// Runs the change in a transaction. If the change returns a result, commits the transaction, and removes the contents of the files that
    /// the change has removed. If the change returns null, nothing is changed.
    /// </summary>
    /// <param name="database">The database.</param>
    /// <param name="change">Changes the database, or returns null if there is nothing to change.</param>
    /// <param name="cancel">Interrupts the change. After an interruption, nothing is changed.</param>
    /// <exception cref="StorageException">A server uses the database, or the database cannot be written.</exception>
    public static T? Run<T>(ChatDatabase database, Func<OfflineTransaction, T?> change, CancellationToken cancel)
    {
        using var transaction = database.Begin(cancel);
        cancel.ThrowIfCancellationRequested();
        var result = transaction.Execute(_ => change(transaction));
        if (result is null)
            return result;
        cancel.ThrowIfCancellationRequested();
        transaction.Commit();
        transaction.RemoveUnusedContents(database.Contents);
        return result;
    }

    /// <summary>Runs statements on the connection.</summary>
    /// <exception cref="StorageException">The database cannot be written.</exception>
    public abstract T Execute<T>(Func<DbConnection, T> work);

    /// <summary>Commits the changes. Each later statement is a transaction of its own.</summary>
    /// <exception cref="StorageException">The database cannot be written. Nothing is changed.</exception>
    public abstract void Commit();

    /// <summary>Creates the statements that add events.</summary>
    public abstract EventInserts CreateInserts();

    /// <summary>Removes the words of a user's messages from the search index, unless triggers of the engine do this.</summary>
    /// <param name="author">The id of the user.</param>
    public abstract void RemoveSearchWords(string author);

    /// <summary>Reads the accounts, by name. The letter case of a name does not matter.</summary>
    // SQLite ignores the letter case of ASCII letters only, so the dictionary compares the names. Two accounts never differ only in letter case.
    public Dictionary<string, (string Id, string Name)> ReadAccounts() =>
        Connection.Query<(string Id, string Name)>("SELECT id, name FROM users WHERE password_hash IS NOT NULL")
            .ToDictionary(account => account.Name, StringComparer.OrdinalIgnoreCase);

    /// <summary>Converts a name from the command line to the form of account names (NFKC).</summary>
    public static string NormalizeName(string name) => name.Normalize(NormalizationForm.FormKC);

    public abstract void Dispose();

    /// <summary>Called after the rows of the table <c>unused_contents</c> were removed.</summary>
    protected virtual void OnContentsRemoved()
    {
    }

    // If the removal is interrupted, the server removes the remaining contents at its next start.
    private void RemoveUnusedContents(ContentFolder folder)
    {
        var hashes = Execute(connection => connection.Query<string>("SELECT hash FROM unused_contents u WHERE NOT EXISTS (SELECT 1 FROM files f WHERE f.hash = u.hash)").AsList());
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

        Execute(connection => connection.Execute("DELETE FROM unused_contents"));
        OnContentsRemoved();
    }
}
