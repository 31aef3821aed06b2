namespace RawSocketChat.Server.Storage.Sqlite;

/// <summary>Accounts and sessions. Used by the writer's thread alone.</summary>
internal sealed class IdentityTable(Database database) : IDisposable
{
    private readonly Statement _addAccount = database.Prepare("INSERT OR IGNORE INTO accounts (user, name, skeleton, password_hash, at) VALUES (?, ?, ?, ?, ?)");
    private readonly Statement _changeHash = database.Prepare("UPDATE accounts SET password_hash = ? WHERE user = ?");
    private readonly Statement _save = database.Prepare(
        """
        INSERT INTO sessions (token_hash, user, name, guest, away_since) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET user = excluded.user, name = excluded.name, guest = excluded.guest, away_since = excluded.away_since
        """);
    private readonly Statement _end = database.Prepare("DELETE FROM sessions WHERE token_hash = ?");
    private readonly Statement _allAway = database.Prepare("UPDATE sessions SET away_since = ? WHERE away_since IS NULL");
    private readonly Statement _forget = database.Prepare("DELETE FROM sessions WHERE guest = ? AND away_since < ?");
    private readonly Statement _forgetBeyond = database.Prepare(
        """
        DELETE FROM sessions WHERE token_hash IN (
            SELECT token_hash FROM sessions WHERE guest = 1 AND away_since IS NOT NULL ORDER BY away_since
            LIMIT MAX(0, (SELECT COUNT(*) FROM sessions WHERE guest = 1) - ?))
        """);
    private readonly Statement _endBeyond = database.Prepare(
        """
        DELETE FROM sessions WHERE token_hash IN (
            SELECT token_hash FROM sessions WHERE user = ?1 AND guest = 0 AND away_since IS NOT NULL ORDER BY away_since
            LIMIT MAX(0, (SELECT COUNT(*) FROM sessions WHERE user = ?1 AND guest = 0) - ?2))
        RETURNING token_hash
        """);

    public bool TryAdd(StoredAccount account) => _addAccount
        .Bind(1, account.User).Bind(2, account.Name).Bind(3, account.Skeleton).Bind(4, account.PasswordHash).Bind(5, account.At.ToUnixTimeMilliseconds())
        .Run() > 0;

    public void ChangeHash(string user, string passwordHash) => _changeHash.Bind(1, passwordHash).Bind(2, user).Run();

    public void Save(StoredSession session) => _save
        .Bind(1, session.TokenHash).Bind(2, session.User).Bind(3, session.Name).Bind(4, session.IsGuest ? 1 : 0).Bind(5, session.AwaySince?.ToUnixTimeMilliseconds())
        .Run();

    public void End(string tokenHash) => _end.Bind(1, tokenHash).Run();

    public IReadOnlyList<string> EndBeyond(string user, int most)
    {
        var ended = new List<string>();
        _endBeyond.Bind(1, user).Bind(2, most);
        while (_endBeyond.Step())
            ended.Add(_endBeyond.Text(0));
        return ended;
    }

    public void MarkAllAway(DateTimeOffset now) => _allAway.Bind(1, now.ToUnixTimeMilliseconds()).Run();

    public void Forget(DateTimeOffset guestsBefore, DateTimeOffset accountsBefore, int most)
    {
        _forget.Bind(1, 1).Bind(2, guestsBefore.ToUnixTimeMilliseconds()).Run();
        _forget.Bind(1, 0).Bind(2, accountsBefore.ToUnixTimeMilliseconds()).Run();
        _forgetBeyond.Bind(1, most).Run();
    }

    public void Dispose()
    {
        foreach (var statement in (Statement[])[_addAccount, _changeHash, _save, _end, _endBeyond, _allAway, _forget, _forgetBeyond])
            statement.Dispose();
    }
}
