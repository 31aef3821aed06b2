using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Sessions;

/// <summary>
/// Manages all sessions and the names of all users. A session is connected while it has a connection; otherwise the session is away.
/// Sessions that are connected, or were connected recently, are in memory. All other sessions are only in the identity store until a client
/// resumes them. A name belongs to a user while the user is connected. A registered name always belongs to its account.
/// <see cref="NameRegistry"/> decides whether a name is available, and <see cref="SessionWriter"/> writes the sessions to the identity
/// store. Thread-safe.
/// </summary>
public sealed class SessionStore : ISessionTokens
{
    // Guards all state of this class, of the session writer and of the name registry.
    private readonly Lock _gate = new();
    private readonly IIdentityStore _storage;
    private readonly INodes _nodes;
    private readonly SessionWriter _writer;
    private readonly SessionOptions _options;
    private readonly AuthOptions _auth;
    private readonly Rate _messageRate;
    private readonly Rate _requestRate;
    private readonly ClockGuard _clock;
    private readonly TimeProvider _time;
    private readonly SessionTable _byHash = new();
    private readonly Dictionary<string, User> _connectedUsers = [];
    private readonly NameRegistry _names;

    // Sessions without a connection, in the order in which they lost their last connection.
    private readonly LinkedList<Session> _away = [];

    // Evicted sessions that must stay in memory for now: their last save is in progress or has failed, so the identity store has an
    // older version. They are removed from memory when SessionWriter.IsSettled is true.
    private readonly HashSet<Session> _evicted = [];

    // Incremented when a session ends, or when a user gets another registered name. If the number changes while ResumeAsync reads the
    // storage, ResumeAsync reads again, because the session may have ended or may have the old name.
    private long _changeCount;

    public SessionStore(
        IIdentityStore storage, IOptions<SessionOptions> options, IOptions<LimitsOptions> limits, IOptions<AuthOptions> auth, ClockGuard clock, TimeProvider time,
        ILogger<SessionStore> logger, INodes? nodes = null)
    {
        _nodes = nodes ?? SingleNode.Instance;
        _storage = storage;
        _writer = new SessionWriter(storage, _gate, _nodes, RemoveIfSettled, logger);
        _names = new NameRegistry(storage, _gate, _nodes, logger);
        _options = options.Value;
        _auth = auth.Value;
        _messageRate = new Rate(limits.Value.MessagesPerSecond, limits.Value.MessageBurst, time);
        _requestRate = new Rate(limits.Value.RequestsPerSecond, limits.Value.RequestsPerSecond * 10, time);
        _clock = clock;
        _time = time;
    }

    /// <summary>Number of sessions in memory.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
                return _byHash.Count;
        }
    }

    /// <summary>Number of sessions in memory that have no connection.</summary>
    public int AwayCount
    {
        get
        {
            lock (_gate)
                return _away.Count;
        }
    }

    /// <summary>A copy of the list of the users who have a connection.</summary>
    public IReadOnlyList<User> ConnectedUsers
    {
        get
        {
            lock (_gate)
                return [.. _connectedUsers.Values];
        }
    }

    private TimeSpan GuestLifetime => TimeSpan.FromMinutes(_options.GuestMinutes);

    private TimeSpan AccountLifetime => TimeSpan.FromDays(_options.AccountDays);

    /// <summary>
    /// Marks all stored sessions as away, unless another server uses the same storage. Call this method once before the first connection.
    /// </summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        // The stored sessions may be connected to one of the other servers.
        if (!await _nodes.HasOthersAsync(cancellationToken))
            await _writer.MarkAllAwayAsync(_time.GetUtcNow(), cancellationToken);
    }

    /// <summary>Waits for the background writes that have not ended.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => _writer.WaitForPendingWritesAsync(cancellationToken);

    /// <summary>
    /// Evicts sessions from memory (see <see cref="EvictAway"/>), removes expired sessions from the identity store, and retries failed
    /// writes.
    /// </summary>
    public async Task CleanUpAsync()
    {
        lock (_gate)
            EvictAway();
        await _writer.RetryAsync();
        // With several servers, only the leader removes expired sessions.
        if (_nodes.IsLeader)
            await _writer.RemoveExpiredAsync(GetOldest(GuestLifetime), GetOldest(AccountLifetime), _options.Most);
    }

    /// <summary>
    /// Starts a session of a new guest with one connection. The session is stored when the task completes. If the storage fails, the session
    /// is only in memory, and <see cref="EnsureSavedAsync"/> saves it later.
    /// </summary>
    /// <param name="wanted">The name to use if it is available. If null, the server chooses a name.</param>
    public async Task<SessionStart> BeginAsync(string? wanted)
    {
        var id = CreateUserId();
        while (true)
        {
            var lookup = await _names.LookUpAsync(wanted, user: null, id);
            Session session;
            NameStatus status;
            Task saving;
            lock (_gate)
            {
                EvictAway();
                if (!_names.TryChooseName(lookup, user: null, out var name, out status))
                    continue;
                session = new Session(SessionToken.Create(), CreateUser(id, name, registeredName: null));
                AddConnection(session, name);
                saving = _writer.SaveAsync(session);
            }

            await saving;
            return new SessionStart(session, await _names.CreateRejectionAsync(lookup, status));
        }
    }

    /// <summary>Finds the session with this token, and adds a connection to it.</summary>
    /// <param name="token">The token from an earlier welcome.</param>
    /// <returns>
    /// Null if there is no such session. In two cases the result has a rejection, and the session's user has another name: another user has
    /// taken the name while the session was away, or the storage cannot be read to check the name.
    /// </returns>
    /// <exception cref="StorageException">The session is not in memory, and the storage cannot be read.</exception>
    public async ValueTask<SessionStart?> ResumeAsync(string token)
    {
        var hash = SessionToken.ComputeHash(token);
        while (true)
        {
            Session? known;
            long changeCount;
            lock (_gate)
            {
                EvictAway();
                known = _byHash.Find(hash);
                if (known is null ? _writer.IsUnended(hash) : IsEndedOrExpired(known))
                    return null;
                if (known is not null && _connectedUsers.TryGetValue(known.User.Id, out var connected))
                {
                    Resume(known, connected.Name);
                    return new SessionStart(known, null);
                }

                changeCount = _changeCount;
            }

            var session = known ?? await FindStoredAsync(token, hash);
            var lookup = session is null ? null : await _names.LookUpAsync(session.User.Name, session.User);
            NameStatus status;
            lock (_gate)
            {
                // Read again if one of these events happened during the read: a session has ended (perhaps this one), this session was
                // added to memory or removed from memory, or the user has another name.
                if (changeCount != _changeCount || _byHash.Find(hash) != known || lookup?.Wanted != session?.User.Name)
                    continue;
                if (session is null || IsEndedOrExpired(session))
                    return null;
                if (_connectedUsers.TryGetValue(session.User.Id, out var connected))
                {
                    Resume(session, connected.Name);
                    return new SessionStart(session, null);
                }

                if (!_names.TryChooseName(lookup!, session.User, out var name, out status))
                    continue;
                Resume(session, name);
            }

            return new SessionStart(session, await _names.CreateRejectionAsync(lookup!, status));
        }
    }

    /// <inheritdoc/>
    public async ValueTask<SessionStatus> LookUpAsync(string token)
    {
        var hash = SessionToken.ComputeHash(token);
        lock (_gate)
        {
            if (_byHash.Find(hash) is { } known)
                return IsEndedOrExpired(known) ? SessionStatus.Unknown : SessionStatus.Active;
            if (_writer.IsUnended(hash))
                return SessionStatus.Unknown;
        }

        try
        {
            // The session can end while the storage is being read. In that case a later ResumeAsync detects the end.
            return await FindStoredAsync(token, hash) is null ? SessionStatus.Unknown : SessionStatus.Active;
        }
        catch (StorageException)
        {
            return SessionStatus.Unavailable;
        }
    }

    /// <summary>Finds the user of a session's token. Changes nothing: the session gets no connection.</summary>
    /// <returns>Null if there is no such session, or if it has ended.</returns>
    /// <exception cref="StorageException">The session is not in memory, and the storage cannot be read.</exception>
    public async ValueTask<NamedUser?> FindUserByTokenAsync(string token)
    {
        var hash = SessionToken.ComputeHash(token);
        lock (_gate)
        {
            if (_byHash.Find(hash) is { } known)
                return IsEndedOrExpired(known) ? null : new NamedUser(known.User.Id, known.User.Name, known.User.IsGuest);
            if (_writer.IsUnended(hash))
                return null;
        }

        return await FindStoredAsync(token, hash) is { User: { } user } ? new NamedUser(user.Id, user.Name, user.IsGuest) : null;
    }

    /// <summary>
    /// Removes a connection from a session. If this was the user's last connection, the user's name becomes free for other users, unless
    /// the name is registered.
    /// </summary>
    public void RemoveConnection(Session session)
    {
        lock (_gate)
        {
            if (--session.ConnectionCount > 0)
                return;
            var user = session.User;
            user.ConnectedSessions = [.. user.ConnectedSessions.Where(other => other != session)];
            if (user.ConnectedSessions.Length == 0)
            {
                _connectedUsers.Remove(user.Id);
                _names.MarkFree(user);
                _nodes.ReleaseNames(user.Id, current: null);
            }

            if (!session.IsEnded)
                MarkAway(session);
        }
    }

    /// <summary>Gives the user another name.</summary>
    /// <returns>Null if the user has the new name. In that case <see cref="User.Name"/> is the normalized form of the new name.</returns>
    public ValueTask<NameRejection?> RenameAsync(User user, string wanted) => ClaimNameAsync(user, wanted, name =>
    {
        SetName(user, name);
        foreach (var session in user.ConnectedSessions)
            _writer.SaveInBackground(session);
        _nodes.Announce(new UserRenamedNotice(user.Id, name));
    });

    /// <summary>
    /// Finds a user by name: a connected user, or an account. Names that look the same find the same user. Returns null if no user has
    /// the name. If guests may not use the chat, finds no guest.
    /// </summary>
    /// <param name="onRead">
    /// Called before this method reads the storage; not called if a connected user has the name. May be null.
    /// </param>
    /// <exception cref="StorageException">The storage cannot be read.</exception>
    public async ValueTask<NamedUser?> FindUserAsync(string name, Action? onRead = null)
    {
        if (NameRule.Accept(name, out _) is not { } accepted)
            return null;
        lock (_gate)
        {
            if (_names.FindBearer(accepted) is { } id && _connectedUsers.TryGetValue(id, out var user) && (_auth.Guests || !user.IsGuest))
                return new NamedUser(user.Id, user.Name, user.IsGuest);
        }

        onRead?.Invoke();
        if (await _storage.FindAccountAsync(NameSkeleton.Create(accepted), CancellationToken.None) is { } account)
            return new NamedUser(account.User, account.Name, IsGuest: false);
        if (await _nodes.FindBearerAsync(NameSkeleton.Create(accepted), CancellationToken.None) is not { } bearer)
            return null;
        var isGuest = await _storage.FindAccountOfUserAsync(bearer.User, CancellationToken.None) is null;
        return _auth.Guests || !isGuest ? new NamedUser(bearer.User, bearer.Name, isGuest) : null;
    }

    /// <summary>Finds the current name of a connected user, or the name of an account. Returns null for a guest who is away.</summary>
    /// <exception cref="StorageException">The storage cannot be read.</exception>
    public async ValueTask<string?> FindNameAsync(string user) =>
        FindConnectedUser(user)?.Name ?? (await _storage.FindAccountOfUserAsync(user, CancellationToken.None))?.Name;

    /// <summary>Finds a connected user by id. Returns null if the user has no connection.</summary>
    public User? FindConnectedUser(string id)
    {
        lock (_gate)
            return _connectedUsers.GetValueOrDefault(id);
    }

    /// <summary>The connections of a user, in no particular order.</summary>
    public IReadOnlyList<Connection> GetConnections(string user)
    {
        lock (_gate)
            return _connectedUsers.TryGetValue(user, out var connected) ? [.. connected.ConnectedSessions.SelectMany(session => session.AttachedConnections)] : [];
    }

    /// <summary>The sessions that have a connection to this server.</summary>
    /// <param name="user">The user; null for all users.</param>
    public IReadOnlyList<Session> GetConnectedSessions(string? user = null)
    {
        lock (_gate)
        {
            return user is null ? [.. _connectedUsers.Values.SelectMany(connected => connected.ConnectedSessions)]
                : _connectedUsers.TryGetValue(user, out var one) ? [.. one.ConnectedSessions]
                : [];
        }
    }

    /// <summary>Ends a session in memory, because another server has ended it in the storage. The caller must close the session's connections.</summary>
    /// <param name="tokenHash">The hash of the session's token. The storage has no session with this hash.</param>
    /// <returns>False if the session has another token now.</returns>
    public bool EndLocally(Session session, string tokenHash)
    {
        lock (_gate)
        {
            if (session.IsEnded || session.TokenHash != tokenHash)
                return false;
            _changeCount++;
            session.IsEnded = true;
            _byHash.Remove(tokenHash);
            _evicted.Remove(session);
            if (session.AwayNode is { } node)
                _away.Remove(node);
            session.AwayNode = null;
            return true;
        }
    }

    /// <summary>Gives a connected user the name that the user has at another server.</summary>
    /// <returns>The earlier name; null if nothing has changed.</returns>
    public string? FollowRename(string user, string name)
    {
        lock (_gate)
        {
            if (!_connectedUsers.TryGetValue(user, out var connected) || connected.Name == name)
                return null;
            var previousName = connected.Name;
            SetName(connected, name);
            return previousName;
        }
    }

    /// <summary>Ends a session permanently. The caller must close the session's connections.</summary>
    /// <exception cref="StorageException">The storage could not end the session, so the session continues.</exception>
    public async Task EndAsync(Session session)
    {
        try
        {
            ValueTask ending;
            lock (_gate)
            {
                _changeCount++;
                session.IsEnded = true;
                ending = _writer.EndAsync(session.TokenHash);
            }

            await ending;
        }
        catch (StorageException)
        {
            lock (_gate)
            {
                session.IsEnded = false;
                // The last connection may have left in the meantime. In that case RemoveConnection did not mark the session as away,
                // because IsEnded was true.
                if (session.ConnectionCount == 0)
                    MarkAway(session);
                else
                    _writer.SaveInBackground(session);
            }

            throw;
        }

        _nodes.Announce(new SessionsEndedNotice(session.User.Id));
        lock (_gate)
            _byHash.Remove(session.TokenHash);
    }

    /// <summary>Ends all sessions of a session's user except this session.</summary>
    /// <returns>The ended sessions that may have connections. The caller must close these connections.</returns>
    /// <exception cref="StorageException">Some of the sessions may not have ended.</exception>
    public async Task<IReadOnlyList<Session>> EndOthersAsync(Session kept)
    {
        List<Session> others;
        Task ending;
        lock (_gate)
        {
            others = [.. kept.User.ConnectedSessions.Concat(_away.Where(session => session.User.Id == kept.User.Id)).Where(session => session != kept)];
            ending = Task.WhenAll(others.Select(EndNowAsync));
        }

        await ending;
        await _storage.EndOtherSessionsAsync(kept.User.Id, kept.TokenHash, CancellationToken.None);
        _nodes.Announce(new SessionsEndedNotice(kept.User.Id));
        // A client may be resuming one of these sessions, and may have read it from the storage before it ended. Make ResumeAsync read again.
        lock (_gate)
            _changeCount++;
        return others;
    }

    /// <summary>Saves the session if it is not stored. Call this before an event of the session's user is stored.</summary>
    /// <returns>False if the session cannot be stored now.</returns>
    public ValueTask<bool> EnsureSavedAsync(Session session)
    {
        if (session.IsStored)
            return new(true);
        lock (_gate)
            return new(_writer.SaveAsync(session));
    }

    /// <summary>Reserves a name for a guest whose account is being created. <see cref="UnreserveName(User)"/> ends the reservation.</summary>
    /// <returns>
    /// The normalized name, or the reason why it is not available. If both results are null, the user is already registering a name or has
    /// registered one.
    /// </returns>
    internal async ValueTask<(string? Name, NameRejection? Rejection)> ReserveNameAsync(User user, string wanted)
    {
        string? reserved = null;
        var rejection = await ClaimNameAsync(user, wanted, name => reserved = user.IsGuest && _names.TryReserve(name, user.Id) ? name : null);
        return (reserved, rejection);
    }

    internal void UnreserveName(User user) => UnreserveName(user.Id);

    internal void UnreserveName(string user)
    {
        lock (_gate)
            _names.Unreserve(user);
    }

    /// <inheritdoc cref="NameRegistry.ReserveSimilarAsync"/>
    internal ValueTask<string?> ReserveSimilarNameAsync(string user, string wanted, Predicate<string> isOffLimits, bool isExact = false) =>
        _names.ReserveSimilarAsync(wanted, user, isOffLimits, isExact);

    /// <summary>Ends the reservation of a user whose account is now stored.</summary>
    internal void CompleteRegistration(string user)
    {
        lock (_gate)
            _names.CompleteRegistration(user);
    }

    /// <summary>
    /// Gives the sessions of an account the new registered name of the account. A user who has chosen another name with <c>nick</c> keeps it.
    /// </summary>
    /// <param name="user">The user id. The storage already has the new name.</param>
    /// <returns>The old name if the name of a connected user has changed; otherwise null.</returns>
    internal string? RenameAccount(string user, string oldName, string newName)
    {
        lock (_gate)
        {
            // Make ResumeAsync read again: a session that is being read may still have the old name.
            _changeCount++;
            _names.CompleteRegistration(user);
            // A session without connections may have its own object for the user, so change the name in each of these objects.
            foreach (var away in _away.Concat(_evicted).Select(session => session.User).Where(other => other.Id == user && !IsConnected(other)))
            {
                away.RegisteredName = newName;
                if (away.Name == oldName)
                    away.Name = newName;
            }

            if (!_connectedUsers.TryGetValue(user, out var connected))
                return null;
            connected.RegisteredName = newName;
            if (connected.Name != oldName || oldName == newName)
                return null;
            SetName(connected, newName);
            foreach (var session in connected.ConnectedSessions)
                _writer.SaveInBackground(session);
            _nodes.Announce(new UserRenamedNotice(user, newName));
            return oldName;
        }
    }

    internal static string CreateUserId() => $"u{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8))}";

    /// <summary>
    /// Turns the session's guest into a registered user: the user gets the account's name, and the session gets a new token. The old token
    /// becomes invalid; the session's connections stay.
    /// </summary>
    /// <param name="account">The account, which is already stored.</param>
    internal async Task RegisterAsync(Session session, StoredAccount account)
    {
        Task storing;
        lock (_gate)
        {
            _names.CompleteRegistration(account.User);
            var user = session.User;
            user.RegisteredName = account.Name;
            if (session.IsEnded)
                return;

            _changeCount++;
            var oldHash = session.TokenHash;
            _byHash.Remove(oldHash);
            session.Token = SessionToken.Create();
            session.IsStored = false;
            _byHash.Set(session);
            // The session may have been evicted while the password was hashed. Keep it in memory until the new token is stored.
            if (session.ConnectionCount == 0 && session.AwayNode is null)
                _evicted.Add(session);
            if (user.Name != account.Name)
                SetName(user, account.Name);
            // Store the new token first. Otherwise a crash between the two writes would leave the user without a session.
            storing = Task.WhenAll(_writer.SaveAsync(session), _writer.EndWithRetryAsync(oldHash));
        }

        await storing;
        _nodes.Announce(new SessionsEndedNotice(account.User));
    }

    /// <summary>
    /// Starts a session of an account with one connection. The caller has verified the password. If the account then has more than
    /// <see cref="SessionOptions.PerAccount"/> sessions, the server ends the sessions that are away longest. If there are still too many
    /// sessions, the server also ends the sessions that are connected longest.
    /// </summary>
    /// <returns>The session, and the ended sessions that still have connections. The caller must close these connections.</returns>
    internal async Task<(Session Session, IReadOnlyList<Session> Ended)> BeginAsync(StoredAccount account)
    {
        Session session;
        List<Session> ended;
        Task storing;
        lock (_gate)
        {
            EvictAway();
            session = new Session(SessionToken.Create(), CreateUser(account.User, account.Name, account.Name));
            AddConnection(session, account.Name);
            // Set the name here too: RegisterAsync may not have changed the connected user yet, although the account is already stored.
            session.User.RegisteredName = account.Name;
            var connected = session.User.ConnectedSessions.Where(other => !other.IsEnded).ToList();
            ended = connected[..Math.Max(0, connected.Count - _options.PerAccount)];
            // Store the new session first. If the server crashes before the other sessions end, the account has one session too many. The
            // next login ends the excess session.
            var saving = _writer.SaveAsync(session);
            storing = Task.WhenAll([saving, .. ended.Select(EndNowAsync), EndExcessAwayAsync(account.User)]);
        }

        await storing;
        _nodes.Announce(new SessionsEndedNotice(account.User));
        return (session, ended);
    }

    // Calls the function under the lock with the normalized name, if the user may take the name. Otherwise returns the reason.
    private async ValueTask<NameRejection?> ClaimNameAsync(User user, string wanted, Action<string> claim)
    {
        while (true)
        {
            var lookup = await _names.LookUpAsync(wanted, user);
            NameStatus status;
            lock (_gate)
            {
                if (!_names.IsCurrent(lookup))
                    continue;
                status = _names.GetStatus(lookup, user);
                if (status == NameStatus.Available)
                    claim(lookup.Name!);
            }

            return await _names.CreateRejectionAsync(lookup, status);
        }
    }

    // Finds a session in the storage, unless it has expired.
    private async ValueTask<Session?> FindStoredAsync(string token, string hash)
    {
        if (await _storage.FindSessionAsync(hash, CancellationToken.None) is not { } stored)
            return null;
        var account = await _storage.FindAccountOfUserAsync(stored.User, CancellationToken.None);
        return IsExpired(isGuest: account is null, stored.AwaySince)
            ? null
            : new Session(token, CreateUser(stored.User, stored.Name, account?.Name)) { IsStored = true };
    }

    // The caller holds the lock when it calls this method. So the storage gets the request after all earlier saves, and counts all
    // sessions that exist now.
    private async Task EndExcessAwayAsync(string user)
    {
        _changeCount++;
        if (await _writer.EndExcessAsync(user, _options.PerAccount) is not { } hashes)
            return;
        lock (_gate)
        {
            _changeCount++;
            foreach (var hash in hashes)
            {
                // Skip a session that a client has resumed in the meantime. The store has saved this session again, so the session
                // continues.
                if (_byHash.Find(hash) is { ConnectionCount: 0 } session)
                    _writer.TrackWrite(EndNowAsync(session));
            }
        }
    }

    // The caller of each method below holds the lock.

    // Ends the session in memory immediately, even if the storage fails.
    private Task EndNowAsync(Session session)
    {
        _changeCount++;
        session.IsEnded = true;
        _byHash.Remove(session.TokenHash);
        _evicted.Remove(session);
        if (session.AwayNode is { } node)
            _away.Remove(node);
        session.AwayNode = null;
        return _writer.EndWithRetryAsync(session.TokenHash);
    }

    private void Resume(Session session, string name)
    {
        AddConnection(session, name);
        if (session.ConnectionCount == 1)
            _writer.SaveInBackground(session);
    }

    // A session's first connection makes the user connected. All connected sessions of a user share one user object. The user gets the
    // name, unless the user is already connected.
    private void AddConnection(Session session, string name)
    {
        if (session.ConnectionCount++ > 0)
            return;
        if (session.AwayNode is { } node)
            _away.Remove(node);
        (session.AwayNode, session.AwaySince) = (null, null);
        _evicted.Remove(session);
        _byHash.Set(session);

        if (_connectedUsers.TryGetValue(session.User.Id, out var connected))
            session.User = connected;
        else
        {
            session.User.Name = name;
            _connectedUsers.Add(session.User.Id, session.User);
            // The rooms must be loaded again, because another session of the user may have changed them while this session was away.
            session.User.Rooms = null;
            _names.MarkInUse(session.User);
        }

        session.User.ConnectedSessions = [.. session.User.ConnectedSessions, session];
    }

    private bool IsConnected(User user) => _connectedUsers.GetValueOrDefault(user.Id) == user;

    private void SetName(User user, string name)
    {
        _names.MarkFree(user);
        user.Name = name;
        if (user.ConnectedSessions.Length > 0)
        {
            _names.MarkInUse(user);
            _nodes.ReleaseNames(user.Id, name);
        }
    }

    private void MarkAway(Session session)
    {
        session.AwaySince = _time.GetUtcNow();
        session.AwayNode = _away.AddLast(session);
        _writer.SaveInBackground(session);
        EvictAway();
    }

    // On a single server, evicts from memory the sessions that are away longer than the lifetime of a guest's session. If memory still has more
    // sessions than the maximum, evicts the sessions that are away longest. With several servers, evicts all sessions that are away. The identity
    // store may keep the evicted sessions longer.
    private void EvictAway()
    {
        var oldest = GetOldest(GuestLifetime);
        // With several servers, a session without a connection may change at another server, so only the storage keeps it.
        while (_away.First is { } first && (_nodes.IsEnabled || first.Value.AwaySince < oldest || _byHash.Count - _evicted.Count > _options.Most))
        {
            _away.RemoveFirst();
            first.Value.AwayNode = null;
            _evicted.Add(first.Value);
            RemoveIfSettled(first.Value);
        }
    }

    private void RemoveIfSettled(Session session)
    {
        if (_writer.IsSettled(session) && _evicted.Remove(session))
        {
            _writer.Forget(session);
            _byHash.Remove(session.TokenHash);
        }
    }

    private bool IsEndedOrExpired(Session session) => session.IsEnded || IsExpired(session.User.IsGuest, session.AwaySince);

    private bool IsExpired(bool isGuest, DateTimeOffset? awaySince) => awaySince < GetOldest(isGuest ? GuestLifetime : AccountLifetime);

    // A session is expired if it lost its last connection before the returned time. After a leap of the clock, no session expires.
    private DateTimeOffset GetOldest(TimeSpan lifetime) => _clock.IsTrusted() ? _time.GetUtcNow() - lifetime : DateTimeOffset.MinValue;

    private User CreateUser(string id, string name, string? registeredName) => new(id, name, registeredName, new RateLimit(_messageRate), new RateLimit(_requestRate));
}

/// <summary>A session that a connection has started or resumed.</summary>
/// <param name="Rejection">
/// The reason why the user does not have the wanted name; null if the user has the name, or if no name was wanted.
/// </param>
public sealed record SessionStart(Session Session, NameRejection? Rejection);

/// <summary>The user to whom a request refers.</summary>
/// <param name="Id">The stable id.</param>
/// <param name="Name">The current name of a connected user, or the name of an account.</param>
public sealed record NamedUser(string Id, string Name, bool IsGuest);
