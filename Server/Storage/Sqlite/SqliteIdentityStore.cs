namespace RawSocketChat.Server.Storage.Sqlite;

/// <summary>The accounts and sessions in the database.</summary>
public sealed class SqliteIdentityStore(SqliteStorage storage) : IIdentityStore
{
    public ValueTask<IReadOnlyList<StoredAccount>> LoadAccountsAsync(CancellationToken cancellationToken) =>
        storage.ReadAsync<IReadOnlyList<StoredAccount>>("the accounts", reader => reader.Accounts(), cancellationToken);

    public ValueTask<bool> TryAddAccountAsync(StoredAccount account, CancellationToken cancellationToken) =>
        storage.WriteAsync(writer => writer.Identities.TryAdd(account), cancellationToken);

    public ValueTask ChangePasswordHashAsync(string user, string passwordHash, CancellationToken cancellationToken) =>
        storage.WriteAsync(writer => writer.Identities.ChangeHash(user, passwordHash), cancellationToken);

    public ValueTask<StoredSession?> FindSessionAsync(string tokenHash, CancellationToken cancellationToken) =>
        storage.ReadAsync("the sessions", reader => reader.Session(tokenHash), cancellationToken);

    public ValueTask SaveSessionAsync(StoredSession session, CancellationToken cancellationToken) =>
        storage.WriteAsync(writer => writer.Identities.Save(session), cancellationToken);

    public ValueTask EndSessionAsync(string tokenHash, CancellationToken cancellationToken) =>
        storage.WriteAsync(writer => writer.Identities.End(tokenHash), cancellationToken);

    public ValueTask MarkAllAwayAsync(DateTimeOffset now, CancellationToken cancellationToken) =>
        storage.WriteAsync(writer => writer.Identities.MarkAllAway(now), cancellationToken);

    public ValueTask<IReadOnlyList<string>> EndSessionsBeyondAsync(string user, int most, CancellationToken cancellationToken) =>
        storage.WriteAsync(writer => writer.Identities.EndBeyond(user, most), cancellationToken);

    public ValueTask ForgetSessionsAsync(DateTimeOffset guestsBefore, DateTimeOffset accountsBefore, int most, CancellationToken cancellationToken) =>
        storage.WriteAsync(writer => writer.Identities.Forget(guestsBefore, accountsBefore, most), cancellationToken);
}
