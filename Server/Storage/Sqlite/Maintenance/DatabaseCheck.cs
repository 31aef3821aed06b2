namespace RawSocketChat.Server.Storage.Sqlite.Maintenance;

/// <summary>Looks for damage, in one consistent view, beside a server or where none runs. Changes nothing.</summary>
public static class DatabaseCheck
{
    /// <exception cref="StorageException">It cannot be checked: there is no database, or it cannot be read for a reason that is no damage.</exception>
    public static CheckResult Run(DataFolder folder, DataOptions options, DateTimeOffset now, IProgress<Advance> progress, CancellationToken cancel)
    {
        var result = new CheckResult();
        Snapshot? snapshot = null;
        try
        {
            snapshot = Snapshot.Open(folder, cancel);
            CheckPages(snapshot.Database, result, progress);
            DateTimeOffset? cutoff = options.KeepDays > 0 ? now - TimeSpan.FromDays(options.KeepDays) : null;
            CheckContents(snapshot.Database, new CheckedRooms(options, cutoff), result, progress, cancel);
        }
        catch (StorageException fault) when (fault.IsDamage)
        {
            result.Add(fault.Message);
        }
        finally
        {
            snapshot?.Dispose();
        }

        return result;
    }

    private static void CheckPages(Database database, CheckResult result, IProgress<Advance> progress)
    {
        progress.Report(new Advance("checking pages", 0, 0));
        using var faults = database.Prepare($"PRAGMA integrity_check({CheckResult.MostLines})");
        while (faults.Step())
        {
            if (faults.Text(0) != "ok")
                result.Add($"the database is damaged: {faults.Text(0)}");
        }
    }

    private static void CheckContents(Database database, CheckedRooms rooms, CheckResult result, IProgress<Advance> progress, CancellationToken cancel)
    {
        rooms.Load(database, result);
        result.Rooms = rooms.Count;
        using (var clientIds = new ClientIdCheck(database, rooms, result))
        {
            new EventCheck(database, rooms, clientIds, result).Run(progress, cancel);
            clientIds.Run(progress, cancel);
        }

        CheckAccounts(database, result);
    }

    private static void CheckAccounts(Database database, CheckResult result)
    {
        // By the rows themselves (+), not by the index that should have kept them apart.
        using var rows = database.Prepare("SELECT COUNT(*), MIN(name), MAX(name) FROM accounts GROUP BY +skeleton");
        while (rows.Step())
        {
            result.Accounts += rows.Number(0);
            if (rows.Number(0) > 1)
                result.Add($"the accounts \"{rows.Text(1)}\" and \"{rows.Text(2)}\" have names that look the same");
        }
    }
}
