using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Sessions;

/// <content>Names that are kept: what <see cref="Accounts"/> needs of the store.</content>
public sealed partial class SessionStore
{
    internal StoredAccount? FindAccount(string skeleton)
    {
        lock (_gate)
            return _names.Find(skeleton);
    }

    /// <summary>Keeps others from the name until <see cref="Unreserve"/>, while an account is made of it.</summary>
    /// <param name="name">As it will be kept.</param>
    /// <param name="refusal">Why it cannot be had; null with a result of false where the user registers already.</param>
    internal bool TryReserve(User user, string wanted, out string name, out NameRefusal? refusal)
    {
        lock (_gate)
        {
            var canBeHad = _names.CanHave(wanted, user.Id, out var found, out refusal);
            name = found ?? wanted;
            return canBeHad && _names.TryReserve(name, user.Id);
        }
    }

    internal void Unreserve(User user)
    {
        lock (_gate)
            _names.Unreserve(user.Id);
    }

    /// <summary>
    /// The session's guest becomes the account, which is stored: by its name, and with another token. The old one ends; the
    /// session's other connections stay.
    /// </summary>
    internal async Task KeepAsync(Session session, StoredAccount account)
    {
        Task storing;
        lock (_gate)
        {
            _names.Add(account);
            _names.Unreserve(account.User);
            var user = session.User;
            user.IsGuest = false;
            if (session.IsEnded)
                return;

            _ends++;
            var before = session.TokenHash;
            _byHash.Remove(before);
            session.Token = SessionToken.New();
            session.IsStored = false;
            _byHash.Set(session);
            // It may have been forgotten while the password was hashed.
            if (session.Connections == 0 && session.Away is null)
                _leaving.Add(session);
            if (user.Name != account.Name)
                Rename(user, account.Name, _ => { });
            // The new one first: a crash between the two leaves nobody without a session.
            storing = Task.WhenAll(SaveAsync(session), EndStoredAsync(before));
        }

        await storing;
    }

    /// <summary>
    /// A new session of an account, for who has shown its password. Beyond <see cref="SessionOptions.PerAccount"/> the one
    /// longest away ends, or where none is away, the one longest connected.
    /// </summary>
    /// <returns>With those that have ended and are still connected: their connections are to be closed.</returns>
    internal async Task<(Session Session, IReadOnlyList<Session> Ended)> BeginAsync(StoredAccount account)
    {
        Session session;
        List<Session> ended;
        Task storing;
        lock (_gate)
        {
            ForgetAway();
            session = new Session(SessionToken.New(), new User(account.User, account.Name, isGuest: false, NewSayLimit()));
            Connect(session);
            var connected = session.User.Present.Where(device => !device.IsEnded).ToList();
            ended = connected[..Math.Max(0, connected.Count - _options.PerAccount)];
            // The new one first: a crash in between leaves one too many, which the next login mends.
            var saving = SaveAsync(session);
            storing = Task.WhenAll([saving, .. ended.Select(EndHereAsync), EndAwayBeyondAsync(account.User)]);
        }

        await storing;
        return (session, ended);
    }

    /// <summary>The account's password is stored by another hash from now on.</summary>
    internal void Replace(StoredAccount account)
    {
        lock (_gate)
            _names.Add(account);
    }

    // Under the gate, so that the storage counts what is so here.
    private async Task EndAwayBeyondAsync(string user)
    {
        IReadOnlyList<string> hashes;
        _ends++;
        try
        {
            hashes = await storage.EndSessionsBeyondAsync(user, _options.PerAccount, CancellationToken.None);
        }
        catch (StorageException fault)
        {
            Log.SessionNotEnded(logger, fault);
            return;
        }

        lock (_gate)
        {
            _ends++;
            foreach (var hash in hashes)
            {
                // Who has come back meanwhile was stored again after that, and goes on.
                if (_byHash.TryGetValue(hash, out var session) && session.Connections == 0)
                    Behind(EndHereAsync(session));
            }
        }
    }

    // Under the gate. Here it ends at once, whatever the storage says.
    private Task EndHereAsync(Session session)
    {
        _ends++;
        session.IsEnded = true;
        _byHash.Remove(session.TokenHash);
        _leaving.Remove(session);
        if (session.Away is { } place)
            _away.Remove(place);
        session.Away = null;
        return EndStoredAsync(session.TokenHash);
    }
}
