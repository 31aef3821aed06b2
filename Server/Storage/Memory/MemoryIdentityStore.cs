namespace RawSocketChat.Server.Storage.Memory;

/// <summary>Accounts and sessions that live as long as the process. All tasks complete at once.</summary>
public sealed class MemoryIdentityStore : IIdentityStore
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, StoredAccount> _accounts = [];
    private readonly HashSet<string> _skeletons = [];
    private readonly Dictionary<string, StoredSession> _sessions = [];

    public ValueTask<IReadOnlyList<StoredAccount>> LoadAccountsAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
            return new([.. _accounts.Values]);
    }

    public ValueTask<bool> TryAddAccountAsync(StoredAccount account, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_accounts.ContainsKey(account.User) || !_skeletons.Add(account.Skeleton))
                return new(false);
            _accounts.Add(account.User, account);
            return new(true);
        }
    }

    public ValueTask ChangePasswordHashAsync(string user, string passwordHash, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_accounts.TryGetValue(user, out var account))
                _accounts[user] = account with { PasswordHash = passwordHash };
        }

        return default;
    }

    public ValueTask<StoredSession?> FindSessionAsync(string tokenHash, CancellationToken cancellationToken)
    {
        lock (_gate)
            return new(_sessions.GetValueOrDefault(tokenHash));
    }

    public ValueTask SaveSessionAsync(StoredSession session, CancellationToken cancellationToken)
    {
        lock (_gate)
            _sessions[session.TokenHash] = session;
        return default;
    }

    public ValueTask EndSessionAsync(string tokenHash, CancellationToken cancellationToken)
    {
        lock (_gate)
            _sessions.Remove(tokenHash);
        return default;
    }

    public ValueTask MarkAllAwayAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            foreach (var session in _sessions.Values.Where(session => session.AwaySince is null).ToList())
                _sessions[session.TokenHash] = session with { AwaySince = now };
        }

        return default;
    }

    public ValueTask<IReadOnlyList<string>> EndSessionsBeyondAsync(string user, int most, CancellationToken cancellationToken)
    {
        lock (_gate)
            return new(RemoveBeyond(most, session => !session.IsGuest && session.User == user));
    }

    public ValueTask ForgetSessionsAsync(DateTimeOffset guestsBefore, DateTimeOffset accountsBefore, int most, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            var old = _sessions.Values.Where(session => session.AwaySince < (session.IsGuest ? guestsBefore : accountsBefore)).ToList();
            old.ForEach(session => _sessions.Remove(session.TokenHash));
            RemoveBeyond(most, session => session.IsGuest);
        }

        return default;
    }

    // Of those, the ones longest away.
    private List<string> RemoveBeyond(int most, Func<StoredSession, bool> which)
    {
        var all = _sessions.Values.Where(which).ToList();
        var longestAway = all.Where(session => session.AwaySince is not null).OrderBy(session => session.AwaySince).Select(session => session.TokenHash);
        var removed = longestAway.Take(Math.Max(0, all.Count - most)).ToList();
        removed.ForEach(hash => _sessions.Remove(hash));
        return removed;
    }
}
