using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Sessions;

/// <summary>
/// Writes sessions to the identity store, and retries failed writes. <see cref="SessionStore"/> has the state of the sessions; this class
/// has the lists of the writes that have not succeeded yet.
/// <para>
/// Threads: <paramref name="gate"/> is the lock of the session store and guards all state of this class. The caller starts a write under
/// the lock and awaits the write outside the lock. The identity store applies calls in the order in which they are made, so the last save
/// of a session is the newest version.
/// </para>
/// </summary>
/// <param name="nodes">The other servers, which may end sessions too.</param>
/// <param name="onSaveEnded">Called under the lock after each save of a session, successful or not.</param>
internal sealed class SessionWriter(IIdentityStore storage, Lock gate, INodes nodes, Action<Session> onSaveEnded, ILogger logger)
{
    // Background writes that have not ended.
    private readonly HashSet<Task> _pendingWrites = [];

    // Sessions whose last save failed. RetryAsync saves them again.
    private readonly HashSet<Session> _unsaved = [];

    // Token hashes of sessions that have ended in memory but not yet in the storage.
    private readonly HashSet<string> _unendedHashes = [];

    /// <summary>Whether a session has ended in memory but not yet in the storage. The caller holds the lock.</summary>
    public bool IsUnended(string tokenHash) => _unendedHashes.Contains(tokenHash);

    /// <summary>
    /// Whether a session without connections may be removed from memory. True if the storage has the newest version of the session. Also
    /// true if the session was never stored and its last save has failed: such sessions would fill the memory while the disk is full. The
    /// caller holds the lock.
    /// </summary>
    public bool IsSettled(Session session) =>
        session.StoredVersion == session.Version || (!session.IsStored && _unsaved.Contains(session));

    /// <summary>Stops retrying the save of a session. The caller holds the lock.</summary>
    public void Forget(Session session) => _unsaved.Remove(session);

    /// <summary>Marks all stored sessions as away. Called once before the first connection.</summary>
    public ValueTask MarkAllAwayAsync(DateTimeOffset now, CancellationToken cancellationToken) => storage.MarkAllAwayAsync(now, cancellationToken);

    /// <summary>
    /// Saves the current version of a session, unless the session has ended. The caller holds the lock and awaits the task outside the lock.
    /// </summary>
    /// <returns>False if the session has ended, or if the save failed; the clean-up retries a failed save.</returns>
    public async Task<bool> SaveAsync(Session session)
    {
        if (session.IsEnded)
            return false;
        var version = ++session.Version;
        var hash = session.TokenHash;
        var stored = new StoredSession(hash, session.User.Id, session.User.Name, session.User.IsGuest, session.AwaySince) { MustExist = nodes.IsEnabled && session.IsStored };
        try
        {
            await storage.SaveSessionAsync(stored, CancellationToken.None);
        }
        catch (StorageException fault)
        {
            Log.SessionNotSaved(logger, fault);
            lock (gate)
            {
                _unsaved.Add(session);
                onSaveEnded(session);
            }

            return false;
        }

        lock (gate)
        {
            session.StoredVersion = Math.Max(session.StoredVersion, version);
            session.IsStored |= hash == session.TokenHash;
            onSaveEnded(session);
        }

        return true;
    }

    /// <summary>Saves a session in the background. The caller holds the lock.</summary>
    public void SaveInBackground(Session session) => TrackWrite(SaveAsync(session));

    /// <summary>
    /// Lets a write continue in the background. <see cref="WaitForPendingWritesAsync"/> waits for this write. The caller holds the lock.
    /// </summary>
    public void TrackWrite(Task write)
    {
        if (write.IsCompleted)
            return;
        _pendingWrites.Add(write);
        _ = RemoveAsync();

        async Task RemoveAsync()
        {
            await write;
            lock (gate)
                _pendingWrites.Remove(write);
        }
    }

    /// <summary>Ends a session in the storage. The caller holds the lock and awaits the task outside the lock.</summary>
    /// <exception cref="StorageException">The storage could not end the session.</exception>
    public ValueTask EndAsync(string tokenHash) => storage.EndSessionAsync(tokenHash, CancellationToken.None);

    /// <summary>
    /// Ends a session in the storage. The token becomes invalid immediately, even if the storage fails. After a failure, the clean-up
    /// retries.
    /// </summary>
    public async Task EndWithRetryAsync(string tokenHash)
    {
        lock (gate)
            _unendedHashes.Add(tokenHash);
        try
        {
            await storage.EndSessionAsync(tokenHash, CancellationToken.None);
        }
        catch (StorageException fault)
        {
            Log.SessionNotEnded(logger, fault);
            return;
        }

        lock (gate)
            _unendedHashes.Remove(tokenHash);
    }

    /// <summary>Ends the sessions of an account that are away longest, until the account has at most <paramref name="max"/>.</summary>
    /// <returns>The token hashes of the ended sessions, or null if the storage failed.</returns>
    public async Task<IReadOnlyList<string>?> EndExcessAsync(string user, int max)
    {
        try
        {
            return await storage.EndExcessSessionsAsync(user, max, CancellationToken.None);
        }
        catch (StorageException fault)
        {
            Log.SessionNotEnded(logger, fault);
            return null;
        }
    }

    /// <summary>Retries the failed saves, and the failed attempts to end a session.</summary>
    public async Task RetryAsync()
    {
        List<Session> unsaved;
        List<string> unended;
        lock (gate)
        {
            unsaved = [.. _unsaved];
            unended = [.. _unendedHashes];
        }

        foreach (var session in unsaved)
            await SaveIfStaleAsync(session);
        foreach (var hash in unended)
            await EndWithRetryAsync(hash);
    }

    /// <summary>
    /// Removes from the storage the sessions that went away before the given times. If more than <paramref name="max"/> guests' sessions
    /// remain, removes the guests' sessions that are away longest.
    /// </summary>
    public async Task RemoveExpiredAsync(DateTimeOffset guestsBefore, DateTimeOffset accountsBefore, int max)
    {
        try
        {
            await storage.RemoveExpiredSessionsAsync(guestsBefore, accountsBefore, max, CancellationToken.None);
        }
        catch (StorageException fault)
        {
            Log.CleanupFailed(logger, fault);
        }
    }

    /// <summary>Waits for the background writes that have not ended.</summary>
    public Task WaitForPendingWritesAsync(CancellationToken cancellationToken)
    {
        lock (gate)
            return Task.WhenAll(_pendingWrites).WaitAsync(cancellationToken);
    }

    private Task SaveIfStaleAsync(Session session)
    {
        lock (gate)
        {
            _unsaved.Remove(session);
            return session.IsEnded || session.StoredVersion == session.Version ? Task.CompletedTask : SaveAsync(session);
        }
    }
}
