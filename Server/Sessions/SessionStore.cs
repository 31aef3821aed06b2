using System.Security.Cryptography;
using Microsoft.Extensions.Options;

namespace RawSocketChat.Server.Sessions;

/// <summary>
/// All sessions, by the hash of their tokens, and all names in use. A name belongs to a session while it is connected;
/// the session itself is kept for some time after that. Safe from any thread.
/// </summary>
public sealed class SessionStore(IOptions<SessionOptions> options, IOptions<LimitsOptions> limits, TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly SessionOptions _options = options.Value;
    private readonly LimitsOptions _limits = limits.Value;
    private readonly Dictionary<string, Session> _byHash = [];
    private readonly Dictionary<string, User> _byName = [];
    private readonly LinkedList<(string Hash, DateTimeOffset Since)> _away = [];

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

    /// <summary>A new guest, by the wanted name where that can be had.</summary>
    /// <param name="wanted">Null for a name of the server's choice.</param>
    /// <param name="refusal">Why the wanted name was not given; null where it was, or none was wanted.</param>
    public Session Begin(string? wanted, out NameRefusal? refusal)
    {
        lock (_gate)
        {
            Forget();
            var name = Choose(wanted, out refusal);
            var user = new User($"u{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8))}", name, NewSayLimit());
            var token = SessionToken.New();
            var session = new Session(token, user) { Connections = 1 };
            _byHash.Add(SessionToken.HashOf(token), session);
            _byName.Add(NameRule.KeyOf(name), user);
            return session;
        }
    }

    /// <summary>Takes up an earlier session with one more connection; null where there is none of that token.</summary>
    /// <param name="token">As an earlier welcome gave it.</param>
    /// <param name="refusal">Set where its name was taken meanwhile; the session then has a guest's name.</param>
    public Session? Resume(string token, out NameRefusal? refusal)
    {
        refusal = null;
        lock (_gate)
        {
            Forget();
            if (!_byHash.TryGetValue(SessionToken.HashOf(token), out var session))
                return null;
            if (session.Connections++ == 0)
            {
                _away.Remove(session.Away!);
                session.Away = null;
                session.User.Name = Choose(session.User.Name, out refusal);
                _byName.Add(NameRule.KeyOf(session.User.Name), session.User);
            }

            return session;
        }
    }

    /// <summary>One connection of the session less. With the last one its name is free for others.</summary>
    public void Release(Session session)
    {
        lock (_gate)
        {
            if (--session.Connections > 0)
                return;
            _byName.Remove(NameRule.KeyOf(session.User.Name));
            session.Away = _away.AddLast((SessionToken.HashOf(session.Token), time.GetUtcNow()));
            Forget();
        }
    }

    /// <summary>Gives the user another name. Null: done, and the name is as <see cref="User.Name"/> has it.</summary>
    public NameRefusal? Rename(User user, string wanted)
    {
        lock (_gate)
        {
            var name = NameRule.Accept(wanted, out var why);
            if (name is null)
                return new NameRefusal(IsTaken: false, wanted, why, Suggest(wanted));
            if (_byName.TryGetValue(NameRule.KeyOf(name), out var holder) && holder != user)
                return new NameRefusal(IsTaken: true, wanted, $"the name \"{name}\" is taken", Suggest(name));

            _byName.Remove(NameRule.KeyOf(user.Name));
            _byName[NameRule.KeyOf(name)] = user;
            user.Name = name;
            return null;
        }
    }

    private string Choose(string? wanted, out NameRefusal? refusal)
    {
        refusal = null;
        if (wanted is null)
            return GuestName();

        var name = NameRule.Accept(wanted, out var why);
        if (name is null)
            refusal = new NameRefusal(IsTaken: false, wanted, why, Suggest(wanted));
        else if (_byName.ContainsKey(NameRule.KeyOf(name)))
            refusal = new NameRefusal(IsTaken: true, wanted, $"the name \"{name}\" is taken", Suggest(name));
        return refusal is null ? name! : GuestName();
    }

    private string GuestName()
    {
        while (true)
        {
            var name = $"guest-{RandomNumberGenerator.GetString("abcdefghjkmnpqrstvwxyz23456789", 5)}";
            if (!_byName.ContainsKey(name))
                return name;
        }
    }

    // A free name near the wanted one: what cannot stand in a name is dropped, then a number is added.
    private string Suggest(string wanted)
    {
        var kept = new string([.. wanted.Where(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_').Take(NameRule.MostCharacters - 6)]).TrimStart('-', '_');
        if (kept.Length > 0 && !_byName.ContainsKey(NameRule.KeyOf(kept)))
            return kept;
        for (var number = 2; number < 100 && kept.Length > 0; number++)
        {
            if (!_byName.ContainsKey(NameRule.KeyOf($"{kept}{number}")))
                return $"{kept}{number}";
        }

        return GuestName();
    }

    // Those longest away stand first.
    private void Forget()
    {
        var oldest = time.GetUtcNow() - TimeSpan.FromMinutes(_options.GuestMinutes);
        while (_away.First is { } first && (first.Value.Since < oldest || _byHash.Count > _options.Most))
        {
            _away.RemoveFirst();
            _byHash.Remove(first.Value.Hash);
        }
    }

    private RateLimit NewSayLimit() => new(_limits.MessagesPerSecond, _limits.MessageBurst, time);
}

/// <summary>Why a name could not be had, and one that can.</summary>
public sealed record NameRefusal(bool IsTaken, string Wanted, string Why, string Suggestion);
