using System.Data.Common;
using Dapper;

namespace RawSocketChat.Server.Storage.Sql;

/// <summary>The files in a SQL database. Triggers of the schema remove a file with its last message, and list the contents that no file uses any
/// more.</summary>
public sealed class SqlFileStore(SqlStorage storage) : IFileStore
{
    private const string Columns = "id, hash, name, type, bytes, width, height, uploader, created_at AS createdAt";

    public event Action? FilesRemoved
    {
        add => storage.FilesRemoved += value;
        remove => storage.FilesRemoved -= value;
    }

    public ValueTask<FileAddition> AddAsync(StoredFile file, FileQuota quota, CancellationToken cancellationToken) => storage.WriteAsync(
        writer =>
        {
            var result = CheckQuota(writer.Connection, file.Uploader, file.Bytes, quota);
            if (result == FileAddition.Added)
            {
                writer.Connection.Execute(
                    """
                    INSERT INTO files (id, hash, name, type, bytes, width, height, uploader, created_at)
                    VALUES (@Id, @Hash, @Name, @Type, @Bytes, @Width, @Height, @Uploader, @CreatedAt)
                    """,
                    new { file.Id, file.Hash, file.Name, file.Type, file.Bytes, file.Width, file.Height, file.Uploader, CreatedAt = file.CreatedAt.ToUnixTimeMilliseconds() });
            }

            return result;
        },
        cancellationToken);

    public ValueTask<FileAddition> CheckQuotaAsync(string uploader, long bytes, FileQuota quota, CancellationToken cancellationToken) =>
        storage.ReadAsync("the files", reader => CheckQuota(reader.Connection, uploader, bytes, quota), cancellationToken);

    public ValueTask<FoundFile?> FindAsync(string id, CancellationToken cancellationToken) => storage.ReadAsync(
        "the files",
        reader => reader.Connection.QueryFirstOrDefault<FileRow>($"SELECT {Columns} FROM files WHERE id = @id", new { id }) is { } row
            ? new FoundFile(row.ToFile(), FindRooms(reader.Connection, id))
            : null,
        cancellationToken);

    public async ValueTask<IReadOnlyList<StoredFile>> FindUploadsAsync(string uploader, IReadOnlyList<string> ids, CancellationToken cancellationToken)
    {
        var values = new DynamicParameters(new { uploader });
        var sql = $"SELECT {Columns} FROM files WHERE id {values.AddList(ids)} AND uploader = @uploader";
        var found = await storage.ReadAsync("the files", reader => reader.Connection.Query<FileRow>(sql, values).ToDictionary(row => row.Id), cancellationToken);
        return [.. ids.Select(id => found.GetValueOrDefault(id)?.ToFile()).OfType<StoredFile>()];
    }

    public async ValueTask<int> RemoveUnusedAsync(DateTimeOffset createdBefore, CancellationToken cancellationToken)
    {
        var (steps, removed) = (new WriteSteps(storage), 0);
        var before = createdBefore.ToUnixTimeMilliseconds();
        if (!await storage.ReadAsync("the files", reader => reader.Connection.ExecuteScalar<bool>("SELECT EXISTS (SELECT 1 FROM files WHERE is_posted = 0 AND created_at < @before)", new { before }), cancellationToken))
            return removed;
        for (var last = -1; last != 0;)
        {
            last = await steps.ExecuteAsync(
                (writer, rows) => writer.Connection.Execute("DELETE FROM files WHERE id IN (SELECT id FROM files WHERE is_posted = 0 AND created_at < @before LIMIT @rows)", new { before, rows }), cancellationToken);
            removed += last;
        }

        return removed;
    }

    public ValueTask<long> GetContentBytesAsync(CancellationToken cancellationToken) => storage.ReadAsync(
        "the files", reader => reader.Connection.ExecuteScalar<long>("SELECT COALESCE(SUM(bytes), 0) FROM (SELECT MAX(bytes) AS bytes FROM files GROUP BY hash) c"), cancellationToken);

    public ValueTask<IReadOnlyList<string>> ListUnusedContentsAsync(int max, CancellationToken cancellationToken) => storage.ReadAsync<IReadOnlyList<string>>(
        "the unused contents", reader => reader.Connection.Query<string>("SELECT hash FROM unused_contents ORDER BY hash LIMIT @max", new { max }).AsList(), cancellationToken);

    public ValueTask<long?> FindContentBytesAsync(string hash, CancellationToken cancellationToken) => storage.ReadAsync(
        "the files", reader => reader.Connection.QueryFirstOrDefault<long?>("SELECT bytes FROM files WHERE hash = @hash LIMIT 1", new { hash }), cancellationToken);

    public async ValueTask ForgetUnusedContentAsync(string hash, CancellationToken cancellationToken) =>
        await storage.WriteAsync(writer => writer.Connection.Execute("DELETE FROM unused_contents WHERE hash = @hash", new { hash }), cancellationToken);

    private static FileAddition CheckQuota(DbConnection connection, string uploader, long bytes, FileQuota quota)
    {
        var used = connection.QueryFirst<Usage>("SELECT COUNT(*) AS files, CAST(COALESCE(SUM(bytes), 0) AS BIGINT) AS bytes FROM files WHERE uploader = @uploader", new { uploader });
        return used.Files >= quota.Files ? FileAddition.TooManyFiles
            : used.Bytes + bytes > quota.Bytes ? FileAddition.TooManyBytes
            : FileAddition.Added;
    }

    // LoggedRoom hides trimmed events before they are deleted from the table.
    private List<string> FindRooms(DbConnection connection, string id) =>
    [
        .. connection.Query<RoomRow>(
            $"""
            SELECT r.name, r.name_key AS key, MAX(f.seq) AS seq FROM message_files f JOIN rooms r ON r.id = f.room
            WHERE f.file = @id AND NOT r.{SqlRoomCatalog.IsRemoved} GROUP BY r.id, r.name, r.name_key
            """,
            new { id }).Where(row => row.Seq >= (storage.Rooms.FindOpen(row.Key)?.FirstSeq ?? 0)).Select(row => row.Name),
    ];

    // Dapper fills constructor parameters only if the types match, and the driver does not know the type of a computed column. So use properties.
    private sealed class Usage
    {
        public long Files { get; init; }

        public long Bytes { get; init; }
    }

    private sealed class RoomRow
    {
        public required string Name { get; init; }

        public required string Key { get; init; }

        public long Seq { get; init; }
    }

    private sealed class FileRow
    {
        public required string Id { get; init; }

        public required string Hash { get; init; }

        public required string Name { get; init; }

        public required string Type { get; init; }

        public long Bytes { get; init; }

        public long? Width { get; init; }

        public long? Height { get; init; }

        public required string Uploader { get; init; }

        public long CreatedAt { get; init; }

        public StoredFile ToFile() => new(Id, Hash, Name, Type, Bytes, Uploader, DateTimeOffset.FromUnixTimeMilliseconds(CreatedAt))
        {
            Width = (int?)Width,
            Height = (int?)Height,
        };
    }
}
