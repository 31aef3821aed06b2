using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Sessions;

/// <summary>
/// All sessions, by the hash of their tokens, and all names. Those that are connected, and those that were a while ago, are
/// in memory; the others are looked up in the storage. A name belongs to a user while connected, and to an account always.
/// Safe from any thread.
/// </summary>
public sealed partial class SessionStore(
    IIdentityStore storage, IOptions<SessionOptions> options, IOptions<LimitsOptions> limits, TimeProvider time, ILogger<SessionStore> logger) : ISessionTokens
{
    // Calls to the storage that say how things stand are made under the gate too, and awaited outside: they take effect in
    // the order in which they are made, so the last one says what is so.
    private readonly Lock _gate = new();
    private readonly SessionOptions _options = options.Value;
    private readonly Rate _says = new(limits.Value.MessagesPerSecond, limits.Value.MessageBurst, time);
    private readonly SessionTable _byHash = new();
    private readonly Dictionary<string, User> _present = [];
    private readonly NameBook _names = new();
    private readonly LinkedList<Session> _away = [];

    // Forgotten, but for what the storage lacks of them: there they still are connected. They go once that is stored.
    private readonly HashSet<Session> _leaving = [];
    private long _ends;

    /// <summary>How many are in memory.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
                return _byHash.Count;
        }
    }

    /// <summary>How many of them have no connection at the moment.</summary>
    public int AwayCount
    {
        get
        {
            lock (_gate)
                return _away.Count;
        }
    }

    /// <summary>
    /// A new guest, by the wanted name where that can be had. Its session is stored before this completes, unless the
    /// storage fails: then it is in memory, and <see cref="EnsureSavedAsync"/> tries again.
    /// </summary>
    /// <param name="wanted">Null for a name of the server's choice.</param>
    public async Task<SessionStart> BeginAsync(string? wanted)
    {
        SessionStart start;
        Task saving;
        lock (_gate)
        {
            ForgetAway();
            var name = _names.Choose(wanted, user: null, out var refusal);
            var user = new User($"u{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8))}", name, isGuest: true, NewSayLimit());
            start = new SessionStart(new Session(SessionToken.New(), user), refusal);
            Connect(start.Session);
            saving = SaveAsync(start.Session);
        }

        await saving;
        return start;
    }

    /// <summary>Takes up an earlier session with one more connection; null where there is none of that token.</summary>
    /// <param name="token">As an earlier welcome gave it.</param>
    /// <returns>With a refusal where its name was taken meanwhile; it then has another name.</returns>
    /// <exception cref="StorageException">It is not in memory, and the storage cannot be asked.</exception>
    public async ValueTask<SessionStart?> ResumeAsync(string token)
    {
        var hash = SessionToken.HashOf(token);
        while (true)
        {
            long ends;
            lock (_gate)
            {
                ForgetAway();
                if (_byHash.TryGetValue(hash, out var known))
                    return IsOver(known) ? null : Resume(known);
                if (_unended.Contains(hash))
                    return null;
                ends = _ends;
            }

            var stored = await storage.FindSessionAsync(hash, CancellationToken.None);
            lock (_gate)
            {
                // A session may have ended since the storage was asked, this one too.
                if (ends != _ends)
                    continue;
                if (_byHash.TryGetValue(hash, out var known))
                    return IsOver(known) ? null : Resume(known);
                if (stored is null || IsOver(stored.User, stored.AwaySince))
                    return null;
                var user = new User(stored.User, stored.Name, isGuest: _names.AccountOf(stored.User) is null, NewSayLimit());
                return Resume(new Session(token, user) { IsStored = true });
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask<SessionStanding> LookUpAsync(string token)
    {
        var hash = SessionToken.HashOf(token);
        lock (_gate)
        {
            if (_byHash.TryGetValue(hash, out var known))
                return IsOver(known) ? SessionStanding.Unknown : SessionStanding.Stands;
            if (_unended.Contains(hash))
                return SessionStanding.Unknown;
        }

        try
        {
            // Where it ends meanwhile, whoever takes it up finds out.
            return await storage.FindSessionAsync(hash, CancellationToken.None) is { } stored && !IsOver(stored.User, stored.AwaySince)
                ? SessionStanding.Stands
                : SessionStanding.Unknown;
        }
        catch (StorageException)
        {
            return SessionStanding.CannotTell;
        }
    }

    /// <summary>One connection of the session less. With its user's last one the name is free for others, unless it is kept.</summary>
    public void Release(Session session)
    {
        lock (_gate)
        {
            if (--session.Connections > 0)
                return;
            var user = session.User;
            user.Present = [.. user.Present.Where(other => other != session)];
            if (user.Present.Length == 0)
            {
                _present.Remove(user.Id);
                _names.Free(user);
            }

            if (!session.IsEnded)
                GoAway(session);
        }
    }

    /// <summary>Gives the user another name. Null: done, and the name is as <see cref="User.Name"/> has it.</summary>
    public NameRefusal? Rename(User user, string wanted)
    {
        lock (_gate)
        {
            if (!_names.CanHave(wanted, user.Id, out var name, out var refusal))
                return refusal;
            Rename(user, name, session => SaveBehind(session));
            return null;
        }
    }

    /// <summary>Ends the session for good. Its connections still stand, and are to be closed.</summary>
    /// <exception cref="StorageException">It could not be ended, and goes on.</exception>
    public async Task EndAsync(Session session)
    {
        try
        {
            ValueTask ending;
            lock (_gate)
            {
                _ends++;
                session.IsEnded = true;
                ending = storage.EndSessionAsync(session.TokenHash, CancellationToken.None);
            }

            await ending;
        }
        catch (StorageException)
        {
            lock (_gate)
            {
                session.IsEnded = false;
                // Its last connection may have gone meanwhile, from an ended session as it seemed.
                if (session.Connections == 0)
                    GoAway(session);
                else
                    SaveBehind(session);
            }

            throw;
        }

        lock (_gate)
            _byHash.Remove(session.TokenHash);
    }

    private SessionStart Resume(Session session)
    {
        var refusal = Connect(session);
        if (session.Connections == 1)
            SaveBehind(session);
        return new SessionStart(session, refusal);
    }

    // One connection more. With the first one its user is present, by whichever object the user's other sessions have.
    private NameRefusal? Connect(Session session)
    {
        if (session.Connections++ > 0)
            return null;
        if (session.Away is { } place)
            _away.Remove(place);
        (session.Away, session.AwaySince) = (null, null);
        _leaving.Remove(session);
        _byHash.Set(session);

        NameRefusal? refusal = null;
        if (_present.TryGetValue(session.User.Id, out var present))
            session.User = present;
        else
        {
            session.User.Name = _names.Choose(session.User.Name, session.User.Id, out refusal);
            _present.Add(session.User.Id, session.User);
            // Another session of the same user may have changed them meanwhile.
            session.User.Rooms = null;
            _names.Take(session.User);
        }

        session.User.Present = [.. session.User.Present, session];
        return refusal;
    }

    private void Rename(User user, string name, Action<Session> save)
    {
        _names.Free(user);
        user.Name = name;
        if (user.Present.Length > 0)
            _names.Take(user);
        Array.ForEach(user.Present, save);
    }

    private void GoAway(Session session)
    {
        session.AwaySince = time.GetUtcNow();
        session.Away = _away.AddLast(session);
        SaveBehind(session);
        ForgetAway();
    }

    // Those longest away stand first. The storage may know them longer.
    private void ForgetAway()
    {
        var oldest = time.GetUtcNow() - GuestTime;
        while (_away.First is { } first && (first.Value.AwaySince < oldest || _byHash.Count - _leaving.Count > _options.Most))
        {
            _away.RemoveFirst();
            first.Value.Away = null;
            _leaving.Add(first.Value);
            LeaveIfStored(first.Value);
        }
    }

    // What the storage never had it need not be told of: so a full disk keeps none in memory but who was there before.
    private void LeaveIfStored(Session session)
    {
        var isUnknown = !session.IsStored && _unsaved.Contains(session);
        if ((session.StoredChange == session.Changes || isUnknown) && _leaving.Remove(session))
        {
            _unsaved.Remove(session);
            _byHash.Remove(session.TokenHash);
        }
    }

    private bool IsOver(Session session) => session.IsEnded || IsOver(session.User.Id, session.AwaySince);

    private bool IsOver(string user, DateTimeOffset? awaySince) =>
        awaySince < time.GetUtcNow() - (_names.AccountOf(user) is null ? GuestTime : AccountTime);

    private TimeSpan GuestTime => TimeSpan.FromMinutes(_options.GuestMinutes);

    private TimeSpan AccountTime => TimeSpan.FromDays(_options.AccountDays);

    private RateLimit NewSayLimit() => new(_says);
}

/// <summary>A session with one connection more.</summary>
/// <param name="Refusal">Why its user does not have the wanted name; null where it has, or none was wanted.</param>
public sealed record SessionStart(Session Session, NameRefusal? Refusal);
