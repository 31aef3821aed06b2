namespace RawSocketChat.Server.Storage;

/// <summary>
/// Stores accounts and sessions. When a task completes, the change is stored as durably as the room logs are. If the change cannot be
/// stored, the task throws <see cref="StorageException"/>. These calls and the appends to <see cref="IRoomLog"/> take effect in the order
/// in which they are made. So a session that is saved before an event survives each crash that the event survives. Thread-safe.
/// </summary>
public interface IIdentityStore
{
    /// <summary>Finds the account whose name has the given skeleton. Returns null if there is no such account.</summary>
    ValueTask<StoredAccount?> FindAccountAsync(string skeleton, CancellationToken cancellationToken);

    /// <summary>Finds the account of a user. Returns null if the user is a guest.</summary>
    ValueTask<StoredAccount?> FindAccountOfUserAsync(string user, CancellationToken cancellationToken);

    /// <summary>Finds the users who have registered a name with one of the skeletons.</summary>
    /// <returns>The user id for each skeleton that is registered. Skeletons that are not registered are absent.</returns>
    ValueTask<IReadOnlyDictionary<string, string>> FindNameOwnersAsync(IReadOnlyList<string> skeletons, CancellationToken cancellationToken);

    /// <summary>
    /// Adds an account. Returns false if the user already has an account, or if another account has one of the skeletons.
    /// </summary>
    /// <param name="skeletons">The skeletons of the name, without duplicates. Names that look the same share a skeleton.</param>
    ValueTask<bool> TryAddAccountAsync(StoredAccount account, IReadOnlyList<string> skeletons, CancellationToken cancellationToken);

    /// <summary>Finds the account of a user of the operator's own site. Returns null if the user has no account yet.</summary>
    /// <param name="issuer">The site; empty if the site does not name itself.</param>
    /// <param name="subject">The id of the user at the site. The comparison is case-sensitive.</param>
    ValueTask<ExternalAccount?> FindExternalAccountAsync(string issuer, string subject, CancellationToken cancellationToken);

    /// <summary>
    /// Adds the account of a user of the operator's own site. Returns false if the user of the site already has an account, or if another
    /// account has one of the skeletons.
    /// </summary>
    /// <param name="skeletons">The skeletons of the name, without duplicates.</param>
    ValueTask<bool> TryAddExternalAccountAsync(ExternalAccount account, IReadOnlyList<string> skeletons, CancellationToken cancellationToken);

    /// <summary>
    /// Replaces the names of an account that <see cref="TryAddExternalAccountAsync"/> has added. Sessions that use the old name get the new
    /// name too. Returns false if there is no such account, or if another account has one of the skeletons.
    /// </summary>
    /// <param name="account">The account with its new names.</param>
    /// <param name="skeletons">The skeletons of the new name, without duplicates.</param>
    ValueTask<bool> TryRenameExternalAccountAsync(ExternalAccount account, IReadOnlyList<string> skeletons, CancellationToken cancellationToken);

    /// <summary>Replaces the hash of an account's password, for example after an upgrade of the hasher.</summary>
    ValueTask ChangePasswordHashAsync(string user, string passwordHash, CancellationToken cancellationToken);

    /// <summary>Finds a session by the hash of its token. Returns null if there is no such session.</summary>
    ValueTask<StoredSession?> FindSessionAsync(string tokenHash, CancellationToken cancellationToken);

    /// <summary>Adds a session, or replaces the session with the same hash. See also <see cref="StoredSession.MustExist"/>.</summary>
    ValueTask SaveSessionAsync(StoredSession session, CancellationToken cancellationToken);

    /// <summary>Removes a session, so that its token is no longer valid.</summary>
    ValueTask EndSessionAsync(string tokenHash, CancellationToken cancellationToken);

    /// <summary>Removes all sessions of a user except one.</summary>
    /// <param name="keptTokenHash">The hash of the session that stays.</param>
    ValueTask EndOtherSessionsAsync(string user, string keptTokenHash, CancellationToken cancellationToken);

    /// <summary>
    /// Stores for each connected session that it is away since <paramref name="now"/>: it was connected to the previous process, which has ended.
    /// Called once when the server starts, before the first connection.
    /// </summary>
    ValueTask MarkAllAwayAsync(DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>
    /// If an account has more than <paramref name="max"/> sessions, removes its sessions that are away, beginning with the session that is
    /// away longest, until <paramref name="max"/> sessions are left. Connected sessions count, but are not removed.
    /// </summary>
    /// <returns>The hashes of the removed sessions.</returns>
    ValueTask<IReadOnlyList<string>> EndExcessSessionsAsync(string user, int max, CancellationToken cancellationToken);

    /// <summary>
    /// Removes the guests' sessions that went away before <paramref name="guestsBefore"/>, and the accounts' sessions that went away before
    /// <paramref name="accountsBefore"/>. After that, removes guests' sessions, beginning with the session that is away longest, until at
    /// most <paramref name="max"/> guests' sessions are left. Connected sessions of guests count, but are not removed.
    /// </summary>
    ValueTask RemoveExpiredSessionsAsync(DateTimeOffset guestsBefore, DateTimeOffset accountsBefore, int max, CancellationToken cancellationToken);
}

/// <summary>A registered account.</summary>
/// <param name="User">The stable id of the user.</param>
/// <param name="Name">The name as registered, in NFKC.</param>
/// <param name="PasswordHash">The hash, in the format of the password hasher. Empty if the account has no password.</param>
public sealed record StoredAccount(string User, string Name, string PasswordHash, DateTimeOffset At)
{
    /// <summary>False if the account belongs to a user of the operator's own site. Nobody can log in to such an account with a password.</summary>
    public bool HasPassword => PasswordHash.Length > 0;
}

/// <summary>An account of a user of the operator's own site. It has no password.</summary>
/// <param name="Issuer">The site; empty if the site does not name itself.</param>
/// <param name="Subject">The id of the user at the site.</param>
/// <param name="User">The stable id of the user.</param>
/// <param name="Name">The registered name, in NFKC.</param>
/// <param name="ClaimedName">The user's name at the site when the user last logged in. <paramref name="Name"/> is made from it.</param>
public sealed record ExternalAccount(string Issuer, string Subject, string User, string Name, string ClaimedName, DateTimeOffset At)
{
    /// <summary>The same account in the form of all other accounts, without a password.</summary>
    public StoredAccount ToAccount() => new(User, Name, "", At);
}

/// <summary>A session. The token itself is not stored.</summary>
/// <param name="TokenHash">SHA-256 of the token, in hex.</param>
/// <param name="User">The stable id of the user.</param>
/// <param name="Name">The current name.</param>
/// <param name="AwaySince">When the last connection ended. Null while the session is connected.</param>
public sealed record StoredSession(string TokenHash, string User, string Name, bool IsGuest, DateTimeOffset? AwaySince)
{
    /// <summary>Whether to save the session only if it is already stored. If another server has ended the session, a save must not create it again.</summary>
    public bool MustExist { get; init; }
}
