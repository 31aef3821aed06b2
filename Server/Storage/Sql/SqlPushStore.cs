using Dapper;

namespace RawSocketChat.Server.Storage.Sql;

/// <summary>The subscriptions to push messages in a SQL database. The database removes them together with their sessions.</summary>
public sealed class SqlPushStore(SqlStorage storage) : IPushStore
{
    private static readonly string RemoveExcessOfSession = RemoveExcess("s.token_hash = @Session", "@maxOfSession");

    private static readonly string RemoveExcessOfUser = RemoveExcess("s.user = (SELECT o.user FROM sessions o WHERE o.token_hash = @Session)", "@maxOfUser");

    public ValueTask<bool> SaveAsync(StoredPushSubscription subscription, int maxOfSession, int maxOfUser, CancellationToken cancellationToken)
    {
        var values = new
        {
            subscription.Endpoint,
            subscription.Session,
            subscription.Key,
            subscription.Secret,
            OnlyMentions = subscription.OnlyMentions ? 1 : 0,
            QuietUntil = subscription.QuietUntil?.ToUnixTimeMilliseconds(),
            CreatedAt = subscription.CreatedAt.ToUnixTimeMilliseconds(),
            maxOfSession,
            maxOfUser,
        };
        return storage.WriteAsync(
            writer =>
            {
                var isSaved = writer.Connection.Execute(
                    """
                    INSERT INTO push_subscriptions (endpoint, session, p256dh, auth, only_mentions, quiet_until, created_at)
                    SELECT @Endpoint, token_hash, @Key, @Secret, @OnlyMentions, @QuietUntil, @CreatedAt FROM sessions WHERE token_hash = @Session
                    ON CONFLICT (endpoint) DO UPDATE SET session = excluded.session, p256dh = excluded.p256dh, auth = excluded.auth,
                        only_mentions = excluded.only_mentions, quiet_until = excluded.quiet_until, created_at = excluded.created_at
                    """,
                    values) > 0;
                if (!isSaved)
                    return false;
                writer.Connection.Execute(RemoveExcessOfSession, values);
                writer.Connection.Execute(RemoveExcessOfUser, values);
                return true;
            },
            cancellationToken);
    }

    public ValueTask<bool> RemoveAsync(string endpoint, string? session, CancellationToken cancellationToken) => storage.WriteAsync(
        writer => writer.Connection.Execute(
            $"DELETE FROM push_subscriptions WHERE endpoint = @endpoint{(session is null ? "" : " AND session = @session")}", new { endpoint, session }) > 0,
        cancellationToken);

    public ValueTask<bool> HasAnyAsync(CancellationToken cancellationToken) => storage.ReadAsync(
        "the subscriptions to push messages", reader => reader.Connection.ExecuteScalar<bool>("SELECT EXISTS (SELECT 1 FROM push_subscriptions)"), cancellationToken);

    public ValueTask<IReadOnlyList<PushReceiver>> ListReceiversAsync(string room, int max, CancellationToken cancellationToken) =>
        storage.ReadAsync<IReadOnlyList<PushReceiver>>("the subscriptions to push messages", reader =>
        [
            .. reader.Connection.Query<Row>(
                """
                SELECT p.endpoint, p.session, p.p256dh, p.auth, p.only_mentions AS onlyMentions, p.quiet_until AS quietUntil, p.created_at AS createdAt,
                    s.user, m.notify, m.read_seq AS readSeq
                FROM push_subscriptions p JOIN sessions s ON s.token_hash = p.session
                    JOIN members m ON m.user = s.user AND m.room = (SELECT id FROM rooms WHERE name_key = @Key)
                WHERE m.joined_at IS NOT NULL ORDER BY p.created_at, p.endpoint LIMIT @max
                """,
                new { Key = RoomCache.GetKey(room), max }).Select(row => row.ToReceiver()),
        ], cancellationToken);

    // Removes the oldest subscriptions if there are more than a maximum. The subscription that was just saved stays.
    private static string RemoveExcess(string filter, string max) => $"""
        DELETE FROM push_subscriptions WHERE endpoint IN (
            SELECT p.endpoint FROM push_subscriptions p JOIN sessions s ON s.token_hash = p.session
            WHERE {filter} AND p.endpoint <> @Endpoint ORDER BY p.created_at DESC, p.endpoint LIMIT 1000 OFFSET {max} - 1)
        """;

    private sealed record Row(
        string Endpoint, string Session, string P256dh, string Auth, long OnlyMentions, long? QuietUntil, long CreatedAt, string User, string Notify, long ReadSeq)
    {
        public PushReceiver ToReceiver() => new(
            new StoredPushSubscription(
                Endpoint, Session, P256dh, Auth, OnlyMentions != 0, QuietUntil is { } until ? DateTimeOffset.FromUnixTimeMilliseconds(until) : null, DateTimeOffset.FromUnixTimeMilliseconds(CreatedAt)),
            User,
            Notify,
            ReadSeq);
    }
}
