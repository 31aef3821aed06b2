namespace RawSocketChat.Server.Storage.Memory;

/// <summary>Keeps accounts and sessions in memory, until the process ends. All tasks complete synchronously.</summary>
public sealed class MemoryIdentityStore : IIdentityStore
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, StoredAccount> _accounts = [];

    // The skeletons of the registered names, and the user ids of their owners.
    private readonly Dictionary<string, string> _owners = [];
    private readonly Dictionary<string, StoredSession> _sessions = [];
    private readonly Dictionary<(string Issuer, string Subject), ExternalAccount> _externalAccounts = [];

    public ValueTask<StoredAccount?> FindAccountAsync(string skeleton, CancellationToken cancellationToken)
    {
        lock (_gate)
            return new(_owners.TryGetValue(skeleton, out var user) ? _accounts[user] : null);
    }

    public ValueTask<StoredAccount?> FindAccountOfUserAsync(string user, CancellationToken cancellationToken)
    {
        lock (_gate)
            return new(_accounts.GetValueOrDefault(user));
    }

    public ValueTask<IReadOnlyDictionary<string, string>> FindNameOwnersAsync(IReadOnlyList<string> skeletons, CancellationToken cancellationToken)
    {
        lock (_gate)
            return new(skeletons.Where(_owners.ContainsKey).ToDictionary(skeleton => skeleton, skeleton => _owners[skeleton]));
    }

    public ValueTask<bool> TryAddAccountAsync(StoredAccount account, IReadOnlyList<string> skeletons, CancellationToken cancellationToken)
    {
        lock (_gate)
            return new(TryAdd(account, skeletons));
    }

    public ValueTask<ExternalAccount?> FindExternalAccountAsync(string issuer, string subject, CancellationToken cancellationToken)
    {
        lock (_gate)
            return new(_externalAccounts.GetValueOrDefault((issuer, subject)));
    }

    public ValueTask<bool> TryAddExternalAccountAsync(ExternalAccount account, IReadOnlyList<string> skeletons, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_externalAccounts.ContainsKey((account.Issuer, account.Subject)) || !TryAdd(account.ToAccount(), skeletons))
                return new(false);
            _externalAccounts.Add((account.Issuer, account.Subject), account);
            return new(true);
        }
    }

    public ValueTask<bool> TryRenameExternalAccountAsync(ExternalAccount account, IReadOnlyList<string> skeletons, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_externalAccounts.GetValueOrDefault((account.Issuer, account.Subject)) is not { } known || known.User != account.User
                || skeletons.Any(skeleton => _owners.TryGetValue(skeleton, out var owner) && owner != account.User))
            {
                return new(false);
            }

            foreach (var skeleton in _owners.Where(entry => entry.Value == account.User).Select(entry => entry.Key).ToList())
                _owners.Remove(skeleton);
            foreach (var skeleton in skeletons)
                _owners.Add(skeleton, account.User);
            foreach (var session in _sessions.Values.Where(session => session.User == account.User && session.Name == known.Name).ToList())
                _sessions[session.TokenHash] = session with { Name = account.Name };
            _accounts[account.User] = _accounts[account.User] with { Name = account.Name };
            _externalAccounts[(account.Issuer, account.Subject)] = known with { Name = account.Name, ClaimedName = account.ClaimedName };
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
        {
            if (!session.MustExist || _sessions.ContainsKey(session.TokenHash))
                _sessions[session.TokenHash] = session;
        }

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

    public ValueTask<IReadOnlyList<string>> EndExcessSessionsAsync(string user, int max, CancellationToken cancellationToken)
    {
        lock (_gate)
            return new(RemoveExcess(max, session => !session.IsGuest && session.User == user));
    }

    public ValueTask EndOtherSessionsAsync(string user, string keptTokenHash, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            foreach (var session in _sessions.Values.Where(session => session.User == user && session.TokenHash != keptTokenHash).ToArray())
                _sessions.Remove(session.TokenHash);
        }

        return default;
    }

    public ValueTask RemoveExpiredSessionsAsync(DateTimeOffset guestsBefore, DateTimeOffset accountsBefore, int max, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            var old = _sessions.Values.Where(session => session.AwaySince < (session.IsGuest ? guestsBefore : accountsBefore)).ToList();
            old.ForEach(session => _sessions.Remove(session.TokenHash));
            RemoveExcess(max, session => session.IsGuest);
        }

        return default;
    }

    /// <summary>Whether a user has an account or a session.</summary>
    internal bool HasUser(string user)
    {
        lock (_gate)
            return _accounts.ContainsKey(user) || _sessions.Values.Any(session => session.User == user);
    }

    /// <summary>Finds the user of a session. Returns null if there is no such session.</summary>
    internal string? FindUserOfSession(string tokenHash)
    {
        lock (_gate)
            return _sessions.GetValueOrDefault(tokenHash)?.User;
    }

    private bool TryAdd(StoredAccount account, IReadOnlyList<string> skeletons)
    {
        if (_accounts.ContainsKey(account.User) || skeletons.Any(_owners.ContainsKey))
            return false;
        foreach (var skeleton in skeletons)
            _owners.Add(skeleton, account.User);
        _accounts.Add(account.User, account);
        return true;
    }

    // If more than max sessions match the filter, removes the excess, but only sessions that are away (without a connection). Begins with
    // the session that has been away for the longest time. Returns the hashes of the removed sessions.
    private List<string> RemoveExcess(int max, Func<StoredSession, bool> filter)
    {
        var all = _sessions.Values.Where(filter).ToList();
        var longestAway = all.Where(session => session.AwaySince is not null).OrderBy(session => session.AwaySince).Select(session => session.TokenHash);
        var removed = longestAway.Take(Math.Max(0, all.Count - max)).ToList();
        removed.ForEach(hash => _sessions.Remove(hash));
        return removed;
    }
}
