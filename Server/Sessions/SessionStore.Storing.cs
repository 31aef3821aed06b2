using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Sessions;

/// <content>What is written to the storage, what is tried again, and what is forgotten.</content>
public sealed partial class SessionStore
{
    private readonly HashSet<Task> _behind = [];
    private readonly HashSet<Session> _unsaved = [];
    private readonly HashSet<string> _unended = [];

    /// <summary>Called once before anybody connects.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var accounts = await storage.LoadAccountsAsync(cancellationToken);
        lock (_gate)
        {
            foreach (var account in accounts)
                _names.Add(account);
        }

        await storage.MarkAllAwayAsync(time.GetUtcNow(), cancellationToken);
    }

    /// <summary>Waits for what is still being written.</summary>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
            return Task.WhenAll(_behind).WaitAsync(cancellationToken);
    }

    /// <summary>Forgets who is away too long, here and in the storage, and tries again what could not be written.</summary>
    public async Task TidyAsync()
    {
        List<Session> unsaved;
        List<string> unended;
        lock (_gate)
        {
            ForgetAway();
            unsaved = [.. _unsaved];
            unended = [.. _unended];
        }

        foreach (var session in unsaved)
            await EnsureNewestSavedAsync(session);
        foreach (var hash in unended)
            await EndStoredAsync(hash);
        try
        {
            var now = time.GetUtcNow();
            await storage.ForgetSessionsAsync(now - GuestTime, now - AccountTime, _options.Most, CancellationToken.None);
        }
        catch (StorageException fault)
        {
            Log.NotTidied(logger, fault);
        }
    }

    /// <summary>False: the session is not stored, and cannot be now. To be asked before its user's events are.</summary>
    public ValueTask<bool> EnsureSavedAsync(Session session)
    {
        if (session.IsStored)
            return new(true);
        lock (_gate)
            return new(SaveAsync(session));
    }

    private Task EnsureNewestSavedAsync(Session session)
    {
        lock (_gate)
        {
            _unsaved.Remove(session);
            return session.IsEnded || session.StoredChange == session.Changes ? Task.CompletedTask : SaveAsync(session);
        }
    }

    // Nobody waits for it; what comes later is called later, so it is stored later.
    private void SaveBehind(Session session) => Behind(SaveAsync(session));

    private void Behind(Task writing)
    {
        if (writing.IsCompleted)
            return;
        _behind.Add(writing);
        _ = RemoveAsync();

        async Task RemoveAsync()
        {
            await writing;
            lock (_gate)
                _behind.Remove(writing);
        }
    }

    // Begun under the gate, so that the call is made there.
    private async Task<bool> SaveAsync(Session session)
    {
        if (session.IsEnded)
            return false;
        var change = ++session.Changes;
        var hash = session.TokenHash;
        var stored = new StoredSession(hash, session.User.Id, session.User.Name, session.User.IsGuest, session.AwaySince);
        try
        {
            await storage.SaveSessionAsync(stored, CancellationToken.None);
        }
        catch (StorageException fault)
        {
            Log.SessionNotSaved(logger, fault);
            lock (_gate)
            {
                _unsaved.Add(session);
                LeaveIfStored(session);
            }

            return false;
        }

        lock (_gate)
        {
            session.StoredChange = Math.Max(session.StoredChange, change);
            session.IsStored |= hash == session.TokenHash;
            LeaveIfStored(session);
        }

        return true;
    }

    // Ends the stored session of a token that is no session's any more. Here it is worth nothing at once.
    private async Task EndStoredAsync(string hash)
    {
        lock (_gate)
            _unended.Add(hash);
        try
        {
            await storage.EndSessionAsync(hash, CancellationToken.None);
        }
        catch (StorageException fault)
        {
            Log.SessionNotEnded(logger, fault);
            return;
        }

        lock (_gate)
            _unended.Remove(hash);
    }
}
