namespace RawSocketChat.Server.Storage;

/// <summary>
/// Who may come back: accounts and sessions. A completed task means that it is stored, as durably as the room logs are; one
/// that cannot be done throws <see cref="StorageException"/>. Calls take effect in the order in which they are made, also
/// among appends to <see cref="IRoomLog"/>: an event that survives a crash is never without the session of its author
/// where that was saved before it.
/// </summary>
public interface IIdentityStore
{
    /// <summary>All accounts, for the names that nobody else may take.</summary>
    ValueTask<IReadOnlyList<StoredAccount>> LoadAccountsAsync(CancellationToken cancellationToken);

    /// <summary>Adds an account. False: its user id, or an account with the same skeleton, is there already.</summary>
    ValueTask<bool> TryAddAccountAsync(StoredAccount account, CancellationToken cancellationToken);

    /// <summary>Replaces the hash of an account's password, where the hasher asks for it.</summary>
    ValueTask ChangePasswordHashAsync(string user, string passwordHash, CancellationToken cancellationToken);

    /// <summary>The session of that hash; null where there is none.</summary>
    ValueTask<StoredSession?> FindSessionAsync(string tokenHash, CancellationToken cancellationToken);

    /// <summary>Adds a session, or replaces the one of the same hash.</summary>
    ValueTask SaveSessionAsync(StoredSession session, CancellationToken cancellationToken);

    /// <summary>Ends a session: its token is worth nothing from here on.</summary>
    ValueTask EndSessionAsync(string tokenHash, CancellationToken cancellationToken);

    /// <summary>
    /// Called once before anybody connects: sessions that were connected when the process ended are away since
    /// <paramref name="now"/>.
    /// </summary>
    ValueTask MarkAllAwayAsync(DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>
    /// Ends sessions of an account that are away, those longest away first, until it has <paramref name="most"/> at the most;
    /// those that are connected count, and do not end.
    /// </summary>
    /// <returns>The hashes of those that ended.</returns>
    ValueTask<IReadOnlyList<string>> EndSessionsBeyondAsync(string user, int most, CancellationToken cancellationToken);

    /// <summary>Forgets the sessions that are away since before the two moments, then the guests longest away beyond <paramref name="most"/> guests' sessions.</summary>
    ValueTask ForgetSessionsAsync(DateTimeOffset guestsBefore, DateTimeOffset accountsBefore, int most, CancellationToken cancellationToken);
}

/// <summary>A kept name.</summary>
/// <param name="User">The stable id.</param>
/// <param name="Name">As it was registered, NFKC.</param>
/// <param name="Skeleton">What all names that look the same share; unique.</param>
/// <param name="PasswordHash">As the password hasher writes it.</param>
public sealed record StoredAccount(string User, string Name, string Skeleton, string PasswordHash, DateTimeOffset At);

/// <summary>A session. Its token itself is stored nowhere.</summary>
/// <param name="TokenHash">SHA-256 of the token, in hex.</param>
/// <param name="User">The stable id of the user.</param>
/// <param name="Name">The name of the moment.</param>
/// <param name="AwaySince">When its last connection ended; null while there is one.</param>
public sealed record StoredSession(string TokenHash, string User, string Name, bool IsGuest, DateTimeOffset? AwaySince);
