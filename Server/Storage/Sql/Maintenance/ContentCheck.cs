using System.Security.Cryptography;
using Dapper;

namespace RawSocketChat.Server.Storage.Sql.Maintenance;

/// <summary>Compares the contents in the data folder with the files that the database lists.</summary>
internal static class ContentCheck
{
    /// <summary>Adds a line to the result for each content that is missing or damaged.</summary>
    /// <param name="database">The database. A server may use it at the same time.</param>
    /// <param name="snapshot">A snapshot of the database.</param>
    public static void Run(ChatDatabase database, DatabaseSnapshot snapshot, CheckResult result, IProgress<WorkProgress> progress, CancellationToken cancel)
    {
        var contents = snapshot.Read(connection => connection.Query<Row>(
            """
            SELECT hash, MIN(name) AS name, MAX(bytes) AS bytes, MIN(bytes) <> MAX(bytes) AS differ, COUNT(width) > 0 AS hasPreview, COUNT(*) AS files
            FROM files GROUP BY hash ORDER BY hash
            """).AsList());
        result.Files = contents.Sum(row => row.Files);
        var files = database.Contents;
        for (var done = 0; done < contents.Count; done++)
        {
            cancel.ThrowIfCancellationRequested();
            progress.Report(new WorkProgress("checking files", done, contents.Count));
            var row = contents[done];
            // A server may have removed the file after the snapshot.
            if (FindFault(files, row) is { } fault && IsUsed(database, row.Hash))
                result.Add($"file \"{row.Name}\" ({row.Hash}): {fault}");
        }
    }

    /// <summary>Whether a file in the database has the content with this hash now.</summary>
    public static bool IsUsed(ChatDatabase database, string hash)
    {
        using var snapshot = database.OpenSnapshot(CancellationToken.None);
        return snapshot.Read(connection => connection.ExecuteScalar<bool>("SELECT EXISTS (SELECT 1 FROM files WHERE hash = @hash)", new { hash }));
    }

    private static string? FindFault(ContentFolder files, Row row)
    {
        if (!ContentFolder.IsHash(row.Hash))
            return "the hash is not valid";
        if (row.Differ)
            return "two files with this content have different sizes";
        try
        {
            using var content = new FileStream(files.GetPath(row.Hash), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
            if (content.Length != row.Bytes)
                return $"the content has {content.Length} bytes instead of {row.Bytes}";
            if (Convert.ToHexStringLower(SHA256.HashData(content)) != row.Hash)
                return "the content is damaged";
            return row.HasPreview && !File.Exists(files.GetPreviewPath(row.Hash)) ? "the preview is missing" : null;
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException)
        {
            return "the content is missing";
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return $"the content cannot be read: {fault.Message}";
        }
    }

    // Dapper fills constructor parameters only if the types match, and the driver does not know the type of a computed column. So use properties.
    private sealed class Row
    {
        public required string Hash { get; init; }

        public required string Name { get; init; }

        public long Bytes { get; init; }

        public bool Differ { get; init; }

        public bool HasPreview { get; init; }

        public long Files { get; init; }
    }
}
