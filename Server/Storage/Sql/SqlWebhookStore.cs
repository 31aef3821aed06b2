using System.Data.Common;
using Dapper;

namespace RawSocketChat.Server.Storage.Sql;

/// <summary>The webhooks of rooms in a SQL database.</summary>
public sealed class SqlWebhookStore(SqlStorage storage) : IWebhookStore
{
    // The removal of a room also deletes its webhook, so the statements need no condition for removed rooms.
    private const string Select = """
        SELECT w.id, r.name AS room, w.url, w.secret, w.delivered_seq AS deliveredSeq, w.failures, w.attempts, w.failing_since AS failingSince,
            w.next_attempt_at AS nextAttemptAt, w.error, w.is_off AS isOff, EXISTS (SELECT 1 FROM webhook_failures f WHERE f.room = w.room AND f.is_retried = 1) AS hasRetries
        FROM webhooks w JOIN rooms r ON r.id = w.room
        """;

    // Matches the webhook only if it was not removed or set again since it was read. Each SetAsync creates a new secret.
    private const string IsSame = "id = @Id AND secret = @Secret";

    private const string SameRoom = $"(SELECT room FROM webhooks WHERE {IsSame})";

    public ValueTask<StoredWebhook?> SetAsync(string room, string id, string url, string secret, CancellationToken cancellationToken)
    {
        var values = new { Key = RoomCache.GetKey(room), id, url, secret };
        return storage.WriteAsync(
            writer =>
            {
                writer.Connection.Execute("DELETE FROM webhooks WHERE is_off = 1 AND room = (SELECT id FROM rooms WHERE name_key = @Key)", values);
                writer.Connection.Execute(
                    """
                    INSERT INTO webhooks (room, id, url, secret, delivered_seq)
                    SELECT r.id, @id, @url, @secret, COALESCE((SELECT MAX(seq) FROM events WHERE room = r.id), r.first_seq - 1) FROM rooms r WHERE r.name_key = @Key
                    ON CONFLICT (room) DO UPDATE SET
                        url = excluded.url, secret = excluded.secret, failures = 0, attempts = 0, failing_since = NULL, next_attempt_at = NULL, error = NULL
                    """,
                    values);
                return Find(writer.Connection, values.Key);
            },
            cancellationToken);
    }

    public ValueTask<bool> RemoveAsync(string room, CancellationToken cancellationToken)
    {
        var values = new { Key = RoomCache.GetKey(room) };
        return storage.WriteAsync(writer => writer.Connection.Execute("DELETE FROM webhooks WHERE room = (SELECT id FROM rooms WHERE name_key = @Key)", values) > 0, cancellationToken);
    }

    public ValueTask<StoredWebhook?> FindAsync(string room, CancellationToken cancellationToken) =>
        storage.ReadAsync("the webhooks", reader => Find(reader.Connection, RoomCache.GetKey(room)), cancellationToken);

    public ValueTask<IReadOnlyList<string>> ListRoomsAsync(string after, int max, CancellationToken cancellationToken) => storage.ReadAsync<IReadOnlyList<string>>(
        "the webhooks",
        reader => reader.Connection.Query<string>(
            "SELECT r.name FROM webhooks w JOIN rooms r ON r.id = w.room WHERE r.name_key > @Key ORDER BY r.name_key LIMIT @max", new { Key = RoomCache.GetKey(after), max }).AsList(),
        cancellationToken);

    public ValueTask<bool> UpdateAsync(StoredWebhook webhook, IReadOnlyList<FailedEvent> failed, int maxFailed, CancellationToken cancellationToken)
    {
        var progress = webhook.Progress;
        var values = new
        {
            webhook.Id,
            webhook.Secret,
            progress.DeliveredSeq,
            progress.Failures,
            progress.Attempts,
            FailingSince = progress.FailingSince?.ToUnixTimeMilliseconds(),
            NextAttemptAt = progress.NextAttemptAt?.ToUnixTimeMilliseconds(),
            progress.Error,
            IsOff = progress.IsOff ? 1 : 0,
            Max = maxFailed,
        };
        return storage.WriteAsync(
            writer =>
            {
                var isChanged = writer.Connection.Execute(
                    $"""
                    UPDATE webhooks SET delivered_seq = @DeliveredSeq, failures = @Failures, attempts = @Attempts, failing_since = @FailingSince,
                        next_attempt_at = @NextAttemptAt, error = @Error, is_off = @IsOff WHERE {IsSame}
                    """,
                    values) > 0;
                if (!isChanged || failed.Count == 0)
                    return isChanged;
                writer.Connection.Execute(
                    $"""
                    INSERT INTO webhook_failures (room, seq, at, attempts, error, is_retried) VALUES ({SameRoom}, @Seq, @At, @Attempts, @Error, 0)
                    ON CONFLICT (room, seq) DO UPDATE SET at = excluded.at, attempts = excluded.attempts, error = excluded.error, is_retried = 0
                    """,
                    failed.Select(each => CreateValues(webhook, each)));
                writer.Connection.Execute(
                    $"DELETE FROM webhook_failures WHERE room = {SameRoom} AND seq <= (SELECT seq FROM webhook_failures WHERE room = {SameRoom} ORDER BY seq DESC LIMIT 1 OFFSET @Max)",
                    values);
                return true;
            },
            cancellationToken,
            rows: 1 + failed.Count);
    }

    public ValueTask<IReadOnlyList<FailedEvent>> ListFailedAsync(string room, CancellationToken cancellationToken) => storage.ReadAsync<IReadOnlyList<FailedEvent>>(
        "the failed events of webhooks",
        reader =>
        [
            .. reader.Connection.Query<FailedRow>(
                """
                SELECT f.seq, f.at, f.attempts, f.error, f.is_retried AS isRetried FROM webhook_failures f JOIN rooms r ON r.id = f.room
                WHERE r.name_key = @Key ORDER BY f.seq
                """,
                new { Key = RoomCache.GetKey(room) }).Select(row => row.ToFailed()),
        ],
        cancellationToken);

    public ValueTask<StoredWebhook?> RetryAsync(string room, CancellationToken cancellationToken)
    {
        var values = new { Key = RoomCache.GetKey(room) };
        return storage.WriteAsync(
            writer =>
            {
                writer.Connection.Execute(
                    """
                    UPDATE webhook_failures SET is_retried = 1 WHERE room = (SELECT id FROM rooms WHERE name_key = @Key);
                    UPDATE webhooks SET next_attempt_at = NULL WHERE room = (SELECT id FROM rooms WHERE name_key = @Key);
                    """,
                    values);
                return Find(writer.Connection, values.Key);
            },
            cancellationToken);
    }

    public async ValueTask UpdateFailedAsync(StoredWebhook webhook, FailedEvent failed, CancellationToken cancellationToken) => await ExecuteAsync(
        $"UPDATE webhook_failures SET at = @At, attempts = @Attempts, error = @Error, is_retried = @IsRetried WHERE room = {SameRoom} AND seq = @Seq",
        CreateValues(webhook, failed), cancellationToken);

    public async ValueTask RemoveFailedAsync(StoredWebhook webhook, long seq, CancellationToken cancellationToken) =>
        await ExecuteAsync($"DELETE FROM webhook_failures WHERE room = {SameRoom} AND seq = @seq", new { webhook.Id, webhook.Secret, seq }, cancellationToken);

    public async ValueTask StopRetryAsync(StoredWebhook webhook, CancellationToken cancellationToken) =>
        await ExecuteAsync($"UPDATE webhook_failures SET is_retried = 0 WHERE room = {SameRoom}", new { webhook.Id, webhook.Secret }, cancellationToken);

    private ValueTask<int> ExecuteAsync(string sql, object values, CancellationToken cancellationToken) =>
        storage.WriteAsync(writer => writer.Connection.Execute(sql, values), cancellationToken);

    private static StoredWebhook? Find(DbConnection connection, string key) =>
        connection.QueryFirstOrDefault<WebhookRow>($"{Select} WHERE r.name_key = @key", new { key })?.ToWebhook();

    private static object CreateValues(StoredWebhook webhook, FailedEvent failed) => new
    {
        webhook.Id,
        webhook.Secret,
        failed.Seq,
        At = failed.At.ToUnixTimeMilliseconds(),
        failed.Attempts,
        failed.Error,
        IsRetried = failed.IsRetried ? 1 : 0,
    };

    private static DateTimeOffset? ReadTime(long? at) => at is { } time ? DateTimeOffset.FromUnixTimeMilliseconds(time) : null;

    private sealed record FailedRow(long Seq, long At, long Attempts, string Error, long IsRetried)
    {
        public FailedEvent ToFailed() => new(Seq, DateTimeOffset.FromUnixTimeMilliseconds(At), (int)Attempts, Error, IsRetried != 0);
    }

    // Dapper fills constructor parameters only if the types match, and the driver does not know the type of a computed column. So use properties.
    private sealed class WebhookRow
    {
        public required string Id { get; init; }

        public required string Room { get; init; }

        public required string Url { get; init; }

        public required string Secret { get; init; }

        public long DeliveredSeq { get; init; }

        public int Failures { get; init; }

        public int Attempts { get; init; }

        public long? FailingSince { get; init; }

        public long? NextAttemptAt { get; init; }

        public string? Error { get; init; }

        public bool IsOff { get; init; }

        public bool HasRetries { get; init; }

        public StoredWebhook ToWebhook() => new(
            Id, Room, Url, Secret,
            new WebhookProgress(DeliveredSeq)
            {
                Failures = Failures,
                Attempts = Attempts,
                FailingSince = ReadTime(FailingSince),
                NextAttemptAt = ReadTime(NextAttemptAt),
                Error = Error,
                IsOff = IsOff,
            })
        {
            HasRetries = HasRetries,
        };
    }
}
