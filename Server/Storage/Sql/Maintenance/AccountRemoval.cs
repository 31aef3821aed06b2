using Dapper;

namespace RawSocketChat.Server.Storage.Sql.Maintenance;

/// <summary>Removes accounts from a database that no server uses, in one transaction.</summary>
public static class AccountRemoval
{
    /// <summary>
    /// Removes accounts with their names, sessions, memberships and read marks. Their events stay, with the author's name. The letter case
    /// of the names does not matter.
    /// </summary>
    /// <param name="database">The database.</param>
    /// <param name="names">The names of the accounts.</param>
    /// <param name="missing">The first name that no account has, if the result is null.</param>
    /// <param name="known">The names of all accounts, if the result is null.</param>
    /// <param name="cancel">Interrupts the removal. After an interruption, nothing is removed.</param>
    /// <returns>Each removed account, with the number of its sessions; null if one of the names has no account.</returns>
    /// <exception cref="StorageException">A server uses the database, or the database cannot be written.</exception>
    public static IReadOnlyList<(string Name, long Sessions)>? Run(
        ChatDatabase database, IReadOnlyList<string> names, out string missing, out IReadOnlyCollection<string> known, CancellationToken cancel)
    {
        string unknown = "";
        IReadOnlyCollection<string> accountNames = [];
        var removed = OfflineTransaction.Run<IReadOnlyList<(string, long)>>(
            database,
            transaction =>
            {
                var connection = transaction.Connection;
                var accounts = transaction.ReadAccounts();
                var removed = new List<(string, long)>();
                foreach (var name in names.Select(OfflineTransaction.NormalizeName).Distinct(StringComparer.OrdinalIgnoreCase))
                {
                    cancel.ThrowIfCancellationRequested();
                    if (!accounts.TryGetValue(name, out var account))
                    {
                        (unknown, accountNames) = (name, accounts.Keys);
                        return null;
                    }

                    var sessions = connection.ExecuteScalar<long>("SELECT COUNT(*) FROM sessions WHERE \"user\" = @Id", new { account.Id });
                    // The rows in the other tables refer to this row, so the database removes them too.
                    connection.Execute("DELETE FROM users WHERE id = @Id", new { account.Id });
                    removed.Add((account.Name, sessions));
                }

                return removed;
            },
            cancel);
        (missing, known) = (unknown, accountNames);
        return removed;
    }
}
