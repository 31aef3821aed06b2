using System.Security.Cryptography;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Sessions;

/// <summary>
/// Decides whether a user may have a name. A name belongs to an account (the name is registered), to a connected user (the name is in use),
/// or to a user who is registering the name (the name is reserved). Registered names are in the storage. The other names are in memory.
/// Each name is kept under all its skeletons (<see cref="NameSkeleton.CreateAll"/>).
/// <para>
/// A decision has two steps. <see cref="LookUpAsync"/> reads the storage without the lock. Then the caller takes the lock and passes the
/// lookup to <see cref="TryChooseName"/> or <see cref="GetStatus"/>. If an account was registered between the two steps, the lookup is
/// outdated, and the caller looks up again. A name stays reserved until its account is stored, so no other user can take the name during
/// the registration.
/// </para>
/// <para>
/// Threads: <paramref name="gate"/> is the lock of <see cref="SessionStore"/> and guards all state of this class. The caller of a
/// synchronous method holds the lock. The caller of an asynchronous method does not hold the lock.
/// </para>
/// </summary>
/// <param name="nodes">The other servers. Before a user gets the wanted name, this server claims it, so that no user of another server gets it too.</param>
internal sealed class NameRegistry(IIdentityStore storage, Lock gate, INodes nodes, ILogger logger)
{
    private const int GuestNameLetters = 5;

    // The number of letters of a guest name if the storage cannot be read. With so many random letters, the name is practically never a
    // registered name.
    private const int UncheckedGuestNameLetters = 16;

    // Usually one of the first suggestions is available, so one query is enough.
    private const int SuggestionsPerQuery = 8;

    private static readonly Dictionary<string, string> NoOwners = [];

    // The user id for each skeleton.
    private readonly Dictionary<string, string> _inUse = [];
    private readonly Dictionary<string, string> _reserved = [];

    // Incremented after an account, or the new name of an account, is stored.
    private long _registrationCount;

    /// <summary>
    /// Looks up who has registered the wanted name. If the storage cannot be read, the lookup has no owners, and the guest name is longer.
    /// No exception is thrown.
    /// </summary>
    /// <param name="wanted">The wanted name; null if the server chooses a guest name.</param>
    /// <param name="user">The user who wants the name; null for a new user.</param>
    /// <param name="id">The id of a new user.</param>
    public async ValueTask<NameLookup> LookUpAsync(string? wanted, User? user, string? id = null)
    {
        // Read the count first: a registration that ends while the storage is being read makes the lookup outdated.
        var registrationCount = Volatile.Read(ref _registrationCount);
        // An account that has registered a name before the name became reserved keeps the name.
        var name = wanted is null || wanted == user?.RegisteredName ? wanted : NameRule.AcceptForUser(wanted, out _);
        var guestName = CreateGuestName(GuestNameLetters);
        // If the user has an account, the owner of the user's registered name is known, and the user needs no guest name. So only the
        // wanted name is looked up.
        var names = user?.RegisteredName is { } registered
            ? name is null || name == registered ? [] : new[] { name }
            : name is null ? [guestName] : [name, guestName];
        var owners = await FindOwnersAsync(names);
        var isClaimed = name is not null && (user?.Id ?? id) is { } bearer ? await TryClaimAsync(name, bearer, owners) : true;
        // If the claim failed because of the storage, the owner of the name is unknown.
        if (isClaimed is null)
            owners = null;
        return new NameLookup(wanted, name, owners is null ? CreateGuestName(UncheckedGuestNameLetters) : guestName, owners, isClaimed == false, registrationCount);
    }

    /// <summary>Whether no account has been registered since the lookup.</summary>
    public bool IsCurrent(NameLookup lookup) => lookup.RegistrationCount == _registrationCount;

    /// <summary>Whether a user may take the wanted name of a lookup that is current.</summary>
    /// <param name="user">The user who wants the name; null for a new user.</param>
    public NameStatus GetStatus(NameLookup lookup, User? user)
    {
        if (lookup.Name is not { } name)
            return NameStatus.Invalid;
        if (name == user?.RegisteredName)
            return NameStatus.Available;
        return lookup.Owners is not { } owners ? NameStatus.Unknown
            : lookup.IsUsedElsewhere && GetStatus(name, user?.Id, owners) == NameStatus.Available ? NameStatus.InUse
            : GetStatus(name, user?.Id, owners);
    }

    /// <summary>
    /// Chooses the wanted name if it is available. Otherwise chooses the user's registered name, or a new guest name if the user has no
    /// account.
    /// </summary>
    /// <param name="user">The user who gets the name; null for a new user.</param>
    /// <param name="status">Whether the wanted name is available; <see cref="NameStatus.Available"/> also if no name is wanted.</param>
    /// <returns>False if the lookup is outdated, or if the guest name is not available. Then the caller looks up again.</returns>
    public bool TryChooseName(NameLookup lookup, User? user, out string name, out NameStatus status)
    {
        status = lookup.Wanted is null ? NameStatus.Available : GetStatus(lookup, user);
        if (lookup.Wanted is not null && status == NameStatus.Available)
        {
            name = lookup.Name!;
            return IsCurrent(lookup);
        }

        name = user?.RegisteredName ?? lookup.GuestName;
        return IsCurrent(lookup) && (user?.RegisteredName is not null || IsFree(name, lookup.Owners ?? NoOwners));
    }

    /// <summary>
    /// Creates the reason why a user cannot have the wanted name, and suggests another name. Returns null if the name is available.
    /// </summary>
    public async ValueTask<NameRejection?> CreateRejectionAsync(NameLookup lookup, NameStatus status)
    {
        if (status == NameStatus.Available)
            return null;
        var wanted = lookup.Wanted!;
        if (status == NameStatus.Unknown)
            return new NameRejection(ErrorCode.Unavailable, wanted, "names cannot be looked up at the moment; try again in a moment", wanted);
        var name = NameRule.AcceptForUser(wanted, out var invalid);
        var suggestion = await SuggestAsync(name ?? wanted);
        return status switch
        {
            NameStatus.Invalid => new NameRejection(ErrorCode.BadName, wanted, invalid, suggestion),
            NameStatus.Registered => new NameRejection(ErrorCode.NameTaken, wanted, $"the name \"{name}\" is registered; if it is yours, use /login", suggestion),
            _ => new NameRejection(ErrorCode.NameTaken, wanted, $"the name \"{name}\" is taken", suggestion),
        };
    }

    /// <summary>Records that a connected user has a name.</summary>
    public void MarkInUse(User user)
    {
        foreach (var skeleton in NameSkeleton.CreateAll(user.Name))
            _inUse[skeleton] = user.Id;
    }

    /// <summary>Records that a user has disconnected, or is about to get another name.</summary>
    public void MarkFree(User user)
    {
        foreach (var skeleton in NameSkeleton.CreateAll(user.Name))
        {
            // Keep the name if another user has it now. This can happen if this user had disconnected before.
            if (_inUse.GetValueOrDefault(skeleton) == user.Id)
                _inUse.Remove(skeleton);
        }
    }

    /// <summary>The id of the connected user who has a name, or a name that looks the same; null if there is none.</summary>
    public string? FindBearer(string name) =>
        NameSkeleton.CreateAll(name).Select(skeleton => _inUse.GetValueOrDefault(skeleton)).FirstOrDefault(user => user is not null);

    /// <summary>Reserves a name for a user while an account is created. Returns false if the user has already reserved a name.</summary>
    public bool TryReserve(string name, string user)
    {
        if (_reserved.ContainsValue(user))
            return false;
        foreach (var skeleton in NameSkeleton.CreateAll(name))
            _reserved[skeleton] = user;
        return true;
    }

    /// <summary>
    /// Reserves the wanted name for a user, or the first similar name that the user may take: the name with a number, or with random letters.
    /// </summary>
    /// <param name="user">The user id. It may be the id of a user whose account is not stored yet.</param>
    /// <param name="wanted">A valid name.</param>
    /// <param name="isOffLimits">Returns true for a name that the user may not get, even if the name is free.</param>
    /// <param name="isExact">Whether to reserve only the wanted name.</param>
    /// <returns>
    /// The reserved name. Null if the user has already reserved a name, or if <paramref name="isExact"/> is true and the name is taken.
    /// </returns>
    /// <exception cref="StorageException">The storage cannot be read.</exception>
    public async ValueTask<string?> ReserveSimilarAsync(string wanted, string user, Predicate<string> isOffLimits, bool isExact)
    {
        for (var candidates = isExact ? [wanted] : CreateSimilarNames(wanted).Prepend(wanted).Distinct(); ; candidates = CreateUncheckedNames(wanted))
        {
            foreach (var names in candidates.Chunk(SuggestionsPerQuery))
            {
                var (reserved, isCurrent) = (null as string, false);
                while (!isCurrent)
                {
                    var registrationCount = Volatile.Read(ref _registrationCount);
                    var owners = await storage.FindNameOwnersAsync([.. names.SelectMany(NameSkeleton.CreateAll).Distinct()], CancellationToken.None);
                    lock (gate)
                    {
                        isCurrent = registrationCount == _registrationCount;
                        reserved = names.FirstOrDefault(name => !isOffLimits(name) && GetStatus(name, user, owners) == NameStatus.Available);
                        if (isCurrent && reserved is not null)
                            return TryReserve(reserved, user) ? reserved : null;
                    }
                }
            }

            if (isExact)
                return null;
        }
    }

    /// <summary>Ends the reservation of a user, whether or not the account was stored.</summary>
    public void Unreserve(string user)
    {
        foreach (var skeleton in _reserved.Where(entry => entry.Value == user).Select(entry => entry.Key).ToList())
            _reserved.Remove(skeleton);
    }

    /// <summary>Ends the reservation of a user whose account is now stored. Earlier lookups become outdated.</summary>
    public void CompleteRegistration(string user)
    {
        _registrationCount++;
        Unreserve(user);
    }

    private NameStatus GetStatus(string name, string? user, IReadOnlyDictionary<string, string> owners)
    {
        var status = NameStatus.Available;
        foreach (var skeleton in NameSkeleton.CreateAll(name))
        {
            if (owners.TryGetValue(skeleton, out var owner) && owner != user)
                return NameStatus.Registered;
            if ((_inUse.TryGetValue(skeleton, out var bearer) && bearer != user) || (_reserved.TryGetValue(skeleton, out var registrant) && registrant != user))
                status = NameStatus.InUse;
        }

        return status;
    }

    // Returns false if a user of another server has the name; null if the storage failed. Claims nothing, and returns true, if another user of this
    // server has the name or another user has registered it: GetStatus rejects the name anyway.
    private async ValueTask<bool?> TryClaimAsync(string name, string user, IReadOnlyDictionary<string, string>? owners)
    {
        if (!nodes.IsEnabled || owners is null)
            return true;
        lock (gate)
        {
            if (GetStatus(name, user, owners) != NameStatus.Available)
                return true;
        }

        try
        {
            return await nodes.TryClaimNameAsync(new UsedName(user, name, NameSkeleton.CreateAll(name)), CancellationToken.None);
        }
        catch (StorageException fault)
        {
            Log.NamesNotRead(logger, fault);
            return null;
        }
    }

    private bool IsFree(string name, IReadOnlyDictionary<string, string> owners) => GetStatus(name, user: null, owners) == NameStatus.Available;

    // Returns the registered skeletons of the names, each with the user id of its owner. Returns null if the storage cannot be read.
    private async ValueTask<IReadOnlyDictionary<string, string>?> FindOwnersAsync(string[] names)
    {
        if (names.Length == 0)
            return NoOwners;
        try
        {
            return await storage.FindNameOwnersAsync([.. names.SelectMany(NameSkeleton.CreateAll).Distinct()], CancellationToken.None);
        }
        catch (StorageException fault)
        {
            Log.NamesNotRead(logger, fault);
            return null;
        }
    }

    // Returns the first similar name that is free. The name is not reserved, so another user may take the name first.
    private async ValueTask<string> SuggestAsync(string wanted)
    {
        foreach (var names in CreateSimilarNames(wanted).Chunk(SuggestionsPerQuery))
        {
            if (await FindOwnersAsync(names) is not { } owners)
                break;
            lock (gate)
            {
                if (names.FirstOrDefault(name => IsFree(name, owners)) is { } free)
                    return free;
            }
        }

        return CreateGuestName(GuestNameLetters);
    }

    // Returns valid names that are similar to the wanted name. They have no invalid characters, and all except the first have a number at
    // the end.
    private static IEnumerable<string> CreateSimilarNames(string wanted)
    {
        var stem = NameRule.Accept(wanted, out _) is { } good
            ? string.Concat(good.EnumerateRunes().Take(NameRule.MaxCharacters - 6))
            : new string([.. wanted.Where(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_').Take(NameRule.MaxCharacters - 6)]).TrimStart('-', '_');
        return Enumerable.Range(2, 98).Select(number => $"{stem}{number}").Prepend(stem).Where(name => NameRule.AcceptForUser(name, out _) == name);
    }

    // Returns some names with random letters. The caller calls this method again until one of the names is free.
    private static IEnumerable<string> CreateUncheckedNames(string wanted)
    {
        var stem = string.Concat(wanted.EnumerateRunes().Take(NameRule.MaxCharacters - GuestNameLetters - 1));
        return Enumerable.Range(0, SuggestionsPerQuery).Select(_ => $"{stem}-{CreateLetters(GuestNameLetters)}").Where(name => NameRule.AcceptForUser(name, out _) == name)
            .DefaultIfEmpty(CreateGuestName(GuestNameLetters));
    }

    private static string CreateGuestName(int letters) => $"guest-{CreateLetters(letters)}";

    private static string CreateLetters(int count) => RandomNumberGenerator.GetString("abcdefghjkmnpqrstvwxyz23456789", count);
}
