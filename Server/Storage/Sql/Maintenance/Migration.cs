namespace RawSocketChat.Server.Storage.Sql.Maintenance;

/// <summary>Copies a whole chat into a database of another engine.</summary>
public static class Migration
{
    /// <summary>
    /// Copies all rooms, events, accounts, sessions and files. The logs keep their epochs and seqs, so clients continue with their cursors. If the
    /// migration is interrupted, the next call continues. If the source has changed meanwhile, the next call begins again.
    /// </summary>
    /// <param name="source">The chat. No server may use it.</param>
    /// <param name="target">The database to fill. It must be empty, or have an unfinished migration.</param>
    /// <returns>What the check of the target has found.</returns>
    /// <exception cref="StorageException">The source is damaged or used, or the target is not empty or cannot be written.</exception>
    public static CheckResult Run(ChatDatabase source, ChatDatabase target, IProgress<WorkProgress> progress, CancellationToken cancel)
    {
        using var transaction = source.Begin(cancel);
        var checkedSource = DatabaseCheck.Run(source, progress, cancel);
        cancel.ThrowIfCancellationRequested();
        if (checkedSource.Faults > 0)
            throw new StorageException($"{source.Location} is damaged: {checkedSource.Lines[0]}; run the \"check\" command for details") { IsDamage = true };

        using var copy = target.OpenMigration(cancel);
        var rows = new MigrationSource(transaction);
        progress.Report(new WorkProgress("reading the state of the chat", 0, 0));
        copy.Begin(rows.ComputeState(cancel));
        CopyRows(rows, copy, progress, cancel);
        CopyContents(source.Contents, target.Contents, progress, cancel);
        var result = DatabaseCheck.Run(copy.Database, progress, cancel);
        cancel.ThrowIfCancellationRequested();
        if (result.Faults > 0)
            throw new StorageException($"the copy is damaged: {result.Lines[0]}; empty {target.Location}, and run the command again") { IsDamage = true };
        copy.Complete(progress, cancel);
        return result;
    }

    private static void CopyRows(MigrationSource source, MigrationTarget target, IProgress<WorkProgress> progress, CancellationToken cancel)
    {
        var counts = MigratedTable.All.Select(source.Count).ToList();
        var (done, total) = (0L, counts.Sum());
        foreach (var (table, expected) in MigratedTable.All.Zip(counts))
        {
            var (count, last) = target.ReadProgress(table);
            done += count;
            while (source.Read(table, last) is { Count: > 0 } rows)
            {
                cancel.ThrowIfCancellationRequested();
                target.Insert(table, rows);
                last = rows[^1];
                count += rows.Count;
                done += rows.Count;
                progress.Report(new WorkProgress("copying", done, total));
            }

            if (count != expected)
                throw new StorageException($"the copy of the table {table.Name} has {count} rows instead of {expected}; empty the target, and run the command again");
        }
    }

    // Copies nothing if both databases use the same data folder.
    private static void CopyContents(ContentFolder source, ContentFolder target, IProgress<WorkProgress> progress, CancellationToken cancel)
    {
        if (source.Path == target.Path)
            return;
        var hashes = source.ListHashes().ToList();
        try
        {
            for (var done = 0; done < hashes.Count; done++)
            {
                cancel.ThrowIfCancellationRequested();
                progress.Report(new WorkProgress("copying files", done, hashes.Count));
                var hash = hashes[done];
                CopyContent(source.GetPath(hash), target, copy => target.TryMoveIn(copy, hash));
                CopyContent(source.GetPreviewPath(hash), target, copy => target.TryMoveInPreview(copy, hash));
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new StorageException($"the files cannot be copied to \"{target.Path}\": {fault.Message}", fault);
        }
    }

    private static void CopyContent(string file, ContentFolder target, Func<string, bool> tryMoveIn)
    {
        if (!File.Exists(file))
            return;
        ContentFolder.CreateForOwner(target.Path);
        ContentFolder.CreateForOwner(target.Incoming);
        var copy = Path.Combine(target.Incoming, Path.GetRandomFileName());
        try
        {
            using (var from = new FileStream(file, FileMode.Open, FileAccess.Read))
            using (var to = new FileStream(copy, ContentFolder.CreateOptions()))
            {
                from.CopyTo(to);
                to.Flush(flushToDisk: true);
            }

            tryMoveIn(copy);
        }
        finally
        {
            // The copy still exists if the folder already had the content from an interrupted migration.
            File.Delete(copy);
        }
    }
}
