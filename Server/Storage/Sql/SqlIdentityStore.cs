using Dapper;

namespace RawSocketChat.Server.Storage.Sql;

/// <summary>The accounts and sessions in a SQL database.</summary>
public sealed class SqlIdentityStore(SqlStorage storage) : IIdentityStore
{
    public ValueTask<StoredAccount?> FindAccountAsync(string skeleton, CancellationToken cancellationToken) => FindAccountAsync(
        """
        SELECT u.id AS user, u.name, u.password_hash AS passwordHash, u.created_at AS at
        FROM names n JOIN users u ON u.id = n.user WHERE n.skeleton = @skeleton
        """,
        new { skeleton },
        cancellationToken);

    public ValueTask<StoredAccount?> FindAccountOfUserAsync(string user, CancellationToken cancellationToken) => FindAccountAsync(
        "SELECT id AS user, name, password_hash AS passwordHash, created_at AS at FROM users WHERE id = @user AND password_hash IS NOT NULL",
        new { user },
        cancellationToken);

    public ValueTask<IReadOnlyDictionary<string, string>> FindNameOwnersAsync(IReadOnlyList<string> skeletons, CancellationToken cancellationToken)
    {
        var values = new DynamicParameters();
        var sql = $"SELECT skeleton, \"user\" FROM names WHERE skeleton {values.AddList(skeletons)}";
        return storage.ReadAsync<IReadOnlyDictionary<string, string>>(
            "the names",
            reader => reader.Connection.Query<(string Skeleton, string User)>(sql, values).ToDictionary(row => row.Skeleton, row => row.User),
            cancellationToken);
    }

    public ValueTask<bool> TryAddAccountAsync(StoredAccount account, IReadOnlyList<string> skeletons, CancellationToken cancellationToken) =>
        storage.WriteAsync(writer => TryAdd(writer, account, skeletons), cancellationToken);

    public ValueTask<ExternalAccount?> FindExternalAccountAsync(string issuer, string subject, CancellationToken cancellationToken) =>
        storage.ReadAsync("the accounts", reader => reader.Connection.QueryFirstOrDefault<ExternalAccountRow>(
            """
            SELECT e.user, u.name, e.claimed_name AS claimedName, u.created_at AS at
            FROM external_accounts e JOIN users u ON u.id = e.user WHERE e.issuer = @issuer AND e.subject = @subject
            """,
            new { issuer, subject }) is { } row
                ? new ExternalAccount(issuer, subject, row.User, row.Name, row.ClaimedName, DateTimeOffset.FromUnixTimeMilliseconds(row.At))
                : null, cancellationToken);

    public ValueTask<bool> TryAddExternalAccountAsync(ExternalAccount account, IReadOnlyList<string> skeletons, CancellationToken cancellationToken) =>
        storage.WriteAsync(writer =>
        {
            if (writer.Connection.ExecuteScalar<bool>("SELECT EXISTS (SELECT 1 FROM external_accounts WHERE issuer = @Issuer AND subject = @Subject)", new { account.Issuer, account.Subject })
                || !TryAdd(writer, account.ToAccount(), skeletons))
            {
                return false;
            }

            writer.Connection.Execute(
                "INSERT INTO external_accounts (issuer, subject, \"user\", claimed_name) VALUES (@Issuer, @Subject, @User, @ClaimedName)",
                new { account.Issuer, account.Subject, account.User, account.ClaimedName });
            return true;
        }, cancellationToken);

    public ValueTask<bool> TryRenameExternalAccountAsync(ExternalAccount account, IReadOnlyList<string> skeletons, CancellationToken cancellationToken)
    {
        var values = new DynamicParameters(new { account.Issuer, account.Subject, account.User, account.Name, account.ClaimedName });
        var isAmongSkeletons = values.AddList(skeletons);
        return storage.WriteAsync(writer =>
        {
            if (writer.Connection.ExecuteScalar<bool>(
                $"""
                SELECT EXISTS (SELECT 1 FROM names WHERE skeleton {isAmongSkeletons} AND "user" <> @User)
                    OR NOT EXISTS (SELECT 1 FROM external_accounts WHERE issuer = @Issuer AND subject = @Subject AND "user" = @User)
                """,
                values))
            {
                return false;
            }

            writer.Connection.Execute(
                """
                UPDATE sessions SET name = @Name WHERE "user" = @User AND name = (SELECT name FROM users WHERE id = @User);
                UPDATE users SET name = @Name WHERE id = @User;
                UPDATE external_accounts SET claimed_name = @ClaimedName WHERE issuer = @Issuer AND subject = @Subject;
                DELETE FROM names WHERE "user" = @User;
                """,
                values);
            AddNames(writer, account.User, skeletons);
            return true;
        }, cancellationToken);
    }

    public ValueTask ChangePasswordHashAsync(string user, string passwordHash, CancellationToken cancellationToken) =>
        ExecuteAsync("UPDATE users SET password_hash = @passwordHash WHERE id = @user AND password_hash IS NOT NULL", new { user, passwordHash }, cancellationToken);

    public ValueTask<StoredSession?> FindSessionAsync(string tokenHash, CancellationToken cancellationToken) =>
        storage.ReadAsync("the sessions", reader => reader.Connection.QueryFirstOrDefault<SessionRow>(
            "SELECT \"user\", name, is_guest AS isGuest, away_since AS awaySince FROM sessions WHERE token_hash = @tokenHash",
            new { tokenHash }) is { } row
                ? new StoredSession(tokenHash, row.User, row.Name, row.IsGuest != 0, row.AwaySince is { } at ? DateTimeOffset.FromUnixTimeMilliseconds(at) : null)
                : null, cancellationToken);

    public ValueTask SaveSessionAsync(StoredSession session, CancellationToken cancellationToken) => ExecuteAsync(
        session.MustExist
            ? """
              UPDATE users SET name = @Name WHERE id = @User AND password_hash IS NULL;
              UPDATE sessions SET "user" = @User, name = @Name, is_guest = @IsGuest, away_since = @AwaySince WHERE token_hash = @TokenHash;
              """
            : """
              INSERT INTO users (id, name, created_at) VALUES (@User, @Name, @Now)
              ON CONFLICT (id) DO UPDATE SET name = excluded.name WHERE users.password_hash IS NULL;
              INSERT INTO sessions (token_hash, "user", name, is_guest, away_since) VALUES (@TokenHash, @User, @Name, @IsGuest, @AwaySince)
              ON CONFLICT (token_hash) DO UPDATE SET
                  "user" = excluded.user, name = excluded.name, is_guest = excluded.is_guest, away_since = excluded.away_since;
              """,
        new
        {
            session.TokenHash,
            session.User,
            session.Name,
            IsGuest = session.IsGuest ? 1 : 0,
            AwaySince = session.AwaySince?.ToUnixTimeMilliseconds(),
            Now = storage.Time.GetUtcNow().ToUnixTimeMilliseconds(),
        },
        cancellationToken);

    public ValueTask EndSessionAsync(string tokenHash, CancellationToken cancellationToken) =>
        ExecuteAsync("DELETE FROM sessions WHERE token_hash = @tokenHash", new { tokenHash }, cancellationToken);

    public ValueTask MarkAllAwayAsync(DateTimeOffset now, CancellationToken cancellationToken) =>
        // With the condition on is_guest, SQLite uses the index on (is_guest, away_since). Without this condition, SQLite reads all
        // sessions.
        ExecuteAsync(
            "UPDATE sessions SET away_since = @Now WHERE is_guest IN (0, 1) AND away_since IS NULL",
            new { Now = now.ToUnixTimeMilliseconds() },
            cancellationToken);

    public ValueTask<IReadOnlyList<string>> EndExcessSessionsAsync(string user, int max, CancellationToken cancellationToken) =>
        storage.WriteAsync<IReadOnlyList<string>>(writer => writer.Connection.Query<string>(
            """
            DELETE FROM sessions WHERE token_hash IN (
                SELECT token_hash FROM sessions WHERE "user" = @user AND is_guest = 0 AND away_since IS NOT NULL ORDER BY away_since
                LIMIT GREATEST(0, (SELECT COUNT(*) FROM sessions WHERE "user" = @user AND is_guest = 0) - @max))
            RETURNING token_hash
            """,
            new { user, max }).AsList(), cancellationToken);

    public async ValueTask EndOtherSessionsAsync(string user, string keptTokenHash, CancellationToken cancellationToken) => await storage.WriteAsync(
        writer => writer.Connection.Execute("DELETE FROM sessions WHERE \"user\" = @user AND token_hash <> @keptTokenHash", new { user, keptTokenHash }), cancellationToken);

    public async ValueTask RemoveExpiredSessionsAsync(DateTimeOffset guestsBefore, DateTimeOffset accountsBefore, int max, CancellationToken cancellationToken)
    {
        var steps = new WriteSteps(storage);
        await RemoveAwayAsync(steps, isGuest: 1, guestsBefore.ToUnixTimeMilliseconds(), cancellationToken);
        await RemoveAwayAsync(steps, isGuest: 0, accountsBefore.ToUnixTimeMilliseconds(), cancellationToken);

        // Use a reader for the count: it reads the index of all guests' sessions, and would block the writer for this time. Count again
        // after each step, because other sessions may have ended.
        while (await CountGuestsAsync(cancellationToken) is var count && count > max)
        {
            if (await steps.ExecuteAsync((writer, rows) => RemoveOldest(writer, isGuest: 1, long.MaxValue, (int)Math.Min(rows, count - max)), cancellationToken) == 0)
                return;
        }
    }

    private static bool TryAdd(StorageWriter writer, StoredAccount account, IReadOnlyList<string> skeletons)
    {
        var values = new DynamicParameters(new { account.User });
        if (writer.Connection.ExecuteScalar<bool>($"SELECT EXISTS (SELECT 1 FROM names WHERE \"user\" = @User OR skeleton {values.AddList(skeletons)})", values))
            return false;

        writer.Connection.Execute(
            """
            INSERT INTO users (id, name, password_hash, created_at) VALUES (@User, @Name, @PasswordHash, @At)
            ON CONFLICT (id) DO UPDATE SET name = excluded.name, password_hash = excluded.password_hash, created_at = excluded.created_at
            """,
            new { account.User, account.Name, account.PasswordHash, At = account.At.ToUnixTimeMilliseconds() });
        AddNames(writer, account.User, skeletons);
        return true;
    }

    private static void AddNames(StorageWriter writer, string user, IReadOnlyList<string> skeletons) =>
        writer.Connection.Execute("INSERT INTO names (skeleton, \"user\") VALUES (@skeleton, @user)", skeletons.Select(skeleton => new { skeleton, user }));

    private ValueTask<StoredAccount?> FindAccountAsync(string sql, object values, CancellationToken cancellationToken) =>
        storage.ReadAsync("the accounts", reader => reader.Connection.QueryFirstOrDefault<AccountRow>(sql, values) is { } row
            ? new StoredAccount(row.User, row.Name, row.PasswordHash, DateTimeOffset.FromUnixTimeMilliseconds(row.At))
            : null, cancellationToken);

    private static async Task RemoveAwayAsync(WriteSteps steps, int isGuest, long before, CancellationToken cancellationToken)
    {
        var (removed, max) = (0, 0);
        do
            removed = await steps.ExecuteAsync((writer, rows) => RemoveOldest(writer, isGuest, before, max = rows), cancellationToken);
        while (removed == max);
    }

    // Removes the sessions that have been without a connection for the longest time, at most `max`. Both parts of the statement find their rows by an
    // index.
    private static int RemoveOldest(StorageWriter writer, int isGuest, long before, int max) => writer.Connection.Execute(
        """
        DELETE FROM sessions WHERE token_hash IN (
            SELECT token_hash FROM sessions WHERE is_guest = @isGuest AND away_since < @before ORDER BY away_since LIMIT @max)
        """,
        new { isGuest, before, max });

    private ValueTask<long> CountGuestsAsync(CancellationToken cancellationToken) => storage.ReadAsync(
        "the sessions", reader => reader.Connection.ExecuteScalar<long>("SELECT COUNT(*) FROM sessions WHERE is_guest = 1"), cancellationToken);

    private async ValueTask ExecuteAsync(string sql, object values, CancellationToken cancellationToken) =>
        await storage.WriteAsync(writer => writer.Connection.Execute(sql, values), cancellationToken);

    private sealed record ExternalAccountRow(string User, string Name, string ClaimedName, long At);

    private sealed record AccountRow(string User, string Name, string PasswordHash, long At);

    private sealed record SessionRow(string User, string Name, long IsGuest, long? AwaySince);
}
