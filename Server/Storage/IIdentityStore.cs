namespace RawSocketChat.Server.Storage;

/// <summary>
/// Stores accounts and sessions. When a task completes, the change is stored as durably as the room logs are. If the change cannot be
/// stored, the task throws <see cref="StorageException"/>. These calls and the appends to <see cref="IRoomLog"/> take effect in the order
/// in which they are made. So a session that is saved before an event survives each crash that the event survives. Safe from any thread.
/// </summary>
public interface IIdentityStore
{
    /// <summary>Finds the account whose name has a skeleton. Returns null if there is no such account.</summary>
    ValueTask<StoredAccount?> FindAccountAsync(string skeleton, CancellationToken cancellationToken);

    /// <summary>Finds the account of a user. Returns null if the user is a guest.</summary>
    ValueTask<StoredAccount?> FindAccountOfUserAsync(string user, CancellationToken cancellationToken);

    /// <summary>Finds the users who have registered a name with one of the skeletons.</summary>
    /// <returns>The user id for each skeleton that is registered. Skeletons that are not registered are absent.</returns>
    ValueTask<IReadOnlyDictionary<string, string>> FindNameOwnersAsync(IReadOnlyList<string> skeletons, CancellationToken cancellationToken);

    /// <summary>
    /// Adds an account. Returns false if the user already has an account, or if another account has one of the skeletons.
    /// </summary>
    /// <param name="skeletons">The skeletons of the name, without duplicates. Names that look the same have a common skeleton.</param>
    ValueTask<bool> TryAddAccountAsync(StoredAccount account, IReadOnlyList<string> skeletons, CancellationToken cancellationToken);

    /// <summary>Replaces the hash of an account's password, for example after an upgrade of the hasher.</summary>
    ValueTask ChangePasswordHashAsync(string user, string passwordHash, CancellationToken cancellationToken);

    /// <summary>Finds a session by the hash of its token. Returns null if there is no such session.</summary>
    ValueTask<StoredSession?> FindSessionAsync(string tokenHash, CancellationToken cancellationToken);

    /// <summary>Adds a session, or replaces the session with the same hash.</summary>
    ValueTask SaveSessionAsync(StoredSession session, CancellationToken cancellationToken);

    /// <summary>Removes a session, so that its token is no longer valid.</summary>
    ValueTask EndSessionAsync(string tokenHash, CancellationToken cancellationToken);

    /// <summary>Removes all sessions of a user but one.</summary>
    /// <param name="keptTokenHash">The hash of the session that stays.</param>
    ValueTask EndOtherSessionsAsync(string user, string keptTokenHash, CancellationToken cancellationToken);

    /// <summary>
    /// Changes every session that is stored as connected: the session is away since <paramref name="now"/>. Called once when the server
    /// starts, before the first connection. These sessions were connected when the previous process ended.
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
/// <param name="PasswordHash">The hash, in the format of the password hasher.</param>
public sealed record StoredAccount(string User, string Name, string PasswordHash, DateTimeOffset At);

/// <summary>A session. The token itself is not stored.</summary>
/// <param name="TokenHash">SHA-256 of the token, in hex.</param>
/// <param name="User">The stable id of the user.</param>
/// <param name="Name">The current name.</param>
/// <param name="AwaySince">When the last connection ended. Null while the session is connected.</param>
public sealed record StoredSession(string TokenHash, string User, string Name, bool IsGuest, DateTimeOffset? AwaySince);
