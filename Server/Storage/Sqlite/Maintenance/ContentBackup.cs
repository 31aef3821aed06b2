using System.Security.Cryptography;
using Dapper;
using Microsoft.Data.Sqlite;
using RawSocketChat.Server.Storage.Sql;
using RawSocketChat.Server.Storage.Sql.Maintenance;

namespace RawSocketChat.Server.Storage.Sqlite.Maintenance;

/// <summary>
/// Copies the contents of files into a backup, and back into the data folder. So a backup is one file. In the backup, the table
/// <c>backup_contents</c> has the contents in parts.
/// </summary>
internal static class ContentBackup
{
    private const int PartBytes = 1024 * 1024;

    private const string Table =
        """
        CREATE TABLE backup_contents (
            hash TEXT NOT NULL, is_preview INTEGER NOT NULL, part INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (hash, is_preview, part)
        ) STRICT
        """;

    // Removes the files with a hash from the copy. Their messages were deleted after the snapshot of the database, so the content is gone.
    private const string RemoveFiles =
        """
        UPDATE events SET body = (
            SELECT CASE WHEN COUNT(*) = 0 THEN json_remove(events.body, '$.files') ELSE json_set(events.body, '$.files', json_group_array(json(f.value))) END
            FROM json_each(events.body, '$.files') f WHERE f.value ->> 'id' NOT IN (SELECT id FROM files WHERE hash = @hash))
        WHERE (room, seq) IN (SELECT room, seq FROM message_files WHERE file IN (SELECT id FROM files WHERE hash = @hash));
        DELETE FROM message_files WHERE file IN (SELECT id FROM files WHERE hash = @hash);
        DELETE FROM files WHERE hash = @hash;
        """;

    /// <summary>Adds the contents of a folder to a copy of its database.</summary>
    /// <param name="copy">The copy.</param>
    /// <param name="folder">The folder. A server may use it at the same time.</param>
    /// <param name="isUsed">Returns whether a file in the folder's database has the content with this hash now.</param>
    /// <returns>The number of contents that are missing or damaged in the folder. The copy does not have them.</returns>
    public static int Add(SqliteConnection copy, ContentFolder folder, Func<string, bool> isUsed, IProgress<WorkProgress> progress, CancellationToken cancel)
    {
        var hashes = copy.Query<string>("SELECT DISTINCT hash FROM files ORDER BY hash").AsList();
        if (hashes.Count == 0)
            return 0;
        var faults = 0;
        copy.Execute($"BEGIN; {Table}");
        using (var insert = new Statement(copy, "INSERT INTO backup_contents (hash, is_preview, part, data) VALUES (@p1, @p2, @p3, @p4)", 4))
        {
            for (var done = 0; done < hashes.Count; done++)
            {
                progress.Report(new WorkProgress("copying files", done, hashes.Count));
                var hash = hashes[done];
                if (TryAdd(insert, folder.GetPath(hash), hash, isPreview: false, cancel))
                {
                    if (File.Exists(folder.GetPreviewPath(hash)))
                        TryAdd(insert, folder.GetPreviewPath(hash), hash, isPreview: true, cancel);
                    continue;
                }

                if (isUsed(hash))
                    faults++;
                else
                    copy.Execute(RemoveFiles, new { hash });
                copy.Execute("DELETE FROM backup_contents WHERE hash = @hash", new { hash });
            }
        }

        copy.Execute("DELETE FROM unused_contents; COMMIT");
        return faults;
    }

    /// <summary>Whether a database is a backup that has contents.</summary>
    public static bool HasContents(SqliteConnection database) =>
        database.ExecuteScalar<bool>("SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'backup_contents')");

    /// <summary>Writes the contents of a backup into a folder, and removes them from the database.</summary>
    /// <returns>The number of contents.</returns>
    /// <exception cref="StorageException">A content cannot be written, or is damaged in the backup.</exception>
    public static int Extract(SqliteConnection database, ContentFolder folder, IProgress<WorkProgress> progress, CancellationToken cancel)
    {
        var contents = database.Query<(string Hash, long IsPreview)>("SELECT DISTINCT hash, is_preview FROM backup_contents ORDER BY hash, is_preview").AsList();
        try
        {
            ContentFolder.CreateForOwner(folder.Path);
            ContentFolder.CreateForOwner(folder.Incoming);
            for (var done = 0; done < contents.Count; done++)
            {
                progress.Report(new WorkProgress("copying files", done, contents.Count));
                Extract(database, folder, contents[done].Hash, contents[done].IsPreview != 0, cancel);
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new StorageException($"the files cannot be written to \"{folder.Path}\": {fault.Message}", fault);
        }

        database.Execute("DROP TABLE backup_contents");
        return contents.Count(content => content.IsPreview == 0);
    }

    private static bool TryAdd(Statement insert, string path, string hash, bool isPreview, CancellationToken cancel)
    {
        try
        {
            using var content = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0);
            using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            var part = 0L;
            var buffer = new byte[(int)Math.Min(PartBytes, Math.Max(content.Length, 1))];
            do
            {
                cancel.ThrowIfCancellationRequested();
                var bytes = buffer[..content.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false)];
                sha.AppendData(bytes);
                insert.Execute(hash, isPreview ? 1L : 0L, part++, bytes);
            }
            while (content.Position < content.Length);
            return isPreview || Convert.ToHexStringLower(sha.GetHashAndReset()) == hash;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static void Extract(SqliteConnection database, ContentFolder folder, string hash, bool isPreview, CancellationToken cancel)
    {
        if (!ContentFolder.IsHash(hash))
            throw new StorageException("the backup is damaged: a file has no valid hash") { IsDamage = true };
        var partial = Path.Combine(folder.Incoming, $"{Guid.NewGuid():n}.part");
        try
        {
            using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            using (var content = new FileStream(partial, ContentFolder.CreateOptions()))
            {
                foreach (var part in database.Query<byte[]>("SELECT data FROM backup_contents WHERE hash = @hash AND is_preview = @preview ORDER BY part", new { hash, preview = isPreview ? 1 : 0 }, buffered: false))
                {
                    cancel.ThrowIfCancellationRequested();
                    sha.AppendData(part);
                    content.Write(part);
                }

                content.Flush(flushToDisk: true);
            }

            if (!isPreview && Convert.ToHexStringLower(sha.GetHashAndReset()) != hash)
                throw new StorageException($"the backup is damaged: the content {hash} of a file is not complete") { IsDamage = true };
            if (isPreview)
                folder.TryMoveInPreview(partial, hash);
            else
                folder.TryMoveIn(partial, hash);
        }
        finally
        {
            File.Delete(partial);
        }
    }
}
