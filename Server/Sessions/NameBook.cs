using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Sessions;

/// <summary>
/// Whose each name is: kept by an account, in use by somebody who is connected, or about to be kept. Each name stands here by
/// all of its looks (<see cref="NameSkeleton.LooksOf"/>). Guarded by <see cref="SessionStore"/>.
/// </summary>
internal sealed class NameBook
{
    private readonly Dictionary<string, StoredAccount> _bySkeleton = [];
    private readonly Dictionary<string, StoredAccount> _byUser = [];
    private readonly Dictionary<string, string> _kept = [];
    private readonly Dictionary<string, string> _inUse = [];
    private readonly Dictionary<string, string> _reserved = [];

    public StoredAccount? AccountOf(string user) => _byUser.GetValueOrDefault(user);

    /// <summary>By what its name looks like.</summary>
    public StoredAccount? Find(string skeleton) => _bySkeleton.GetValueOrDefault(skeleton);

    public void Add(StoredAccount account)
    {
        _byUser[account.User] = account;
        _bySkeleton[account.Skeleton] = account;
        foreach (var look in NameSkeleton.LooksOf(account.Name))
            _kept.TryAdd(look, account.User);
    }

    public void Take(User user)
    {
        foreach (var look in NameSkeleton.LooksOf(user.Name))
            _inUse[look] = user.Id;
    }

    public void Free(User user)
    {
        foreach (var look in NameSkeleton.LooksOf(user.Name))
            _inUse.Remove(look);
    }

    /// <summary>Keeps others from a name while an account is made of it. False: the user has reserved one already.</summary>
    public bool TryReserve(string name, string user)
    {
        if (_reserved.ContainsValue(user))
            return false;
        foreach (var look in NameSkeleton.LooksOf(name))
            _reserved[look] = user;
        return true;
    }

    public void Unreserve(string user)
    {
        foreach (var look in _reserved.Where(entry => entry.Value == user).Select(entry => entry.Key).ToList())
            _reserved.Remove(look);
    }

    /// <summary>Whether the user may have the name.</summary>
    /// <param name="user">The id of who wants it; null for somebody new.</param>
    /// <param name="name">The name as it is shown, where it can be had.</param>
    public bool CanHave(string wanted, string? user, [NotNullWhen(true)] out string? name, [NotNullWhen(false)] out NameRefusal? refusal)
    {
        name = NameRule.Accept(wanted, out var why);
        refusal = name is null
            ? new NameRefusal(IsTaken: false, wanted, why, Suggest(wanted))
            : HolderOf(name, user) switch
            {
                Holder.Nobody => null,
                Holder.Account => new NameRefusal(IsTaken: true, wanted, $"the name \"{name}\" is registered; if it is yours, /login is the way", Suggest(name)),
                _ => new NameRefusal(IsTaken: true, wanted, $"the name \"{name}\" is taken", Suggest(name)),
            };
        if (refusal is not null)
            name = null;
        return refusal is null;
    }

    /// <summary>The wanted name, or where it cannot be had the user's kept one, or else a guest's.</summary>
    public string Choose(string? wanted, string? user, out NameRefusal? refusal)
    {
        refusal = null;
        if (wanted is not null && CanHave(wanted, user, out var name, out refusal))
            return name;
        return user is not null && AccountOf(user) is { } account ? account.Name : GuestName();
    }

    private Holder HolderOf(string name, string? user)
    {
        var holder = Holder.Nobody;
        foreach (var look in NameSkeleton.LooksOf(name))
        {
            if (_kept.TryGetValue(look, out var keeper) && keeper != user)
                return Holder.Account;
            if ((_inUse.TryGetValue(look, out var speaker) && speaker != user) || (_reserved.TryGetValue(look, out var other) && other != user))
                holder = Holder.Somebody;
        }

        return holder;
    }

    private bool IsFree(string name) => HolderOf(name, null) == Holder.Nobody;

    private string GuestName()
    {
        while (true)
        {
            var name = $"guest-{RandomNumberGenerator.GetString("abcdefghjkmnpqrstvwxyz23456789", 5)}";
            if (IsFree(name))
                return name;
        }
    }

    // A free name near the wanted one: what cannot stand in a name is dropped, then a number is added.
    private string Suggest(string wanted)
    {
        var kept = NameRule.Accept(wanted, out _) is { } good
            ? string.Concat(good.EnumerateRunes().Take(NameRule.MostCharacters - 6))
            : new string([.. wanted.Where(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_').Take(NameRule.MostCharacters - 6)]).TrimStart('-', '_');
        var tries = Enumerable.Range(2, 98).Select(number => $"{kept}{number}").Prepend(kept);
        return tries.FirstOrDefault(name => NameRule.Accept(name, out _) == name && IsFree(name)) ?? GuestName();
    }

    private enum Holder
    {
        Nobody,
        Account,
        Somebody,
    }
}

/// <summary>Why a name could not be had, and one that can.</summary>
public sealed record NameRefusal(bool IsTaken, string Wanted, string Why, string Suggestion);
