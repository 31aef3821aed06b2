using System.Collections.Immutable;

namespace RawSocketChat.Server.Storage;

/// <summary>The names of the roles, in descending order of their rights.</summary>
public static class RoomRole
{
    public const string Owner = "owner";
    public const string Moderator = "moderator";
    public const string Member = "member";

    /// <summary>The rank of a role: the greater the number, the more rights.</summary>
    public static int GetRank(string role) => role switch { Owner => 2, Moderator => 1, _ => 0 };
}

/// <summary>The names of the actions of owners and moderators.</summary>
public static class ModerationAction
{
    public const string Role = "role";
    public const string Kick = "kick";
    public const string Ban = "ban";
    public const string Unban = "unban";
    public const string Mute = "mute";
    public const string Unmute = "unmute";
    public const string Slow = "slow";
}

/// <summary>A ban. It applies to one user, and to new guests from the addresses of that user.</summary>
/// <param name="User">The stable id of the user.</param>
/// <param name="UserName">The user's name when the ban began.</param>
/// <param name="Addresses">The addresses of a banned guest; empty for an account.</param>
/// <param name="Until">The end of the ban; null if it has no end.</param>
public sealed record RoomBan(string User, string UserName, IReadOnlyList<string> Addresses, DateTimeOffset? Until)
{
    public bool HasEnded(DateTimeOffset now) => Until <= now;
}

/// <summary>The roles, mutes, bans and the slow mode of a room. Immutable.</summary>
public sealed record RoomModeration
{
    public static readonly RoomModeration Empty = new();

    /// <summary>The roles by user. A user without an entry is a member.</summary>
    public ImmutableDictionary<string, string> Roles { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>The ends of the mutes by user; null if a mute has no end.</summary>
    public ImmutableDictionary<string, DateTimeOffset?> Mutes { get; init; } = ImmutableDictionary<string, DateTimeOffset?>.Empty;

    public ImmutableList<RoomBan> Bans { get; init; } = [];

    /// <summary>The minimum number of seconds between two messages of a member; 0 for no minimum.</summary>
    public long SlowSeconds { get; init; }

    /// <summary>The number of owners.</summary>
    public int OwnerCount => Roles.Values.Count(role => role == RoomRole.Owner);

    public string GetRole(string user) => Roles.GetValueOrDefault(user, RoomRole.Member);

    /// <summary>Whether the user is muted now.</summary>
    /// <param name="until">The end of the mute; null if it has no end.</param>
    public bool IsMuted(string user, DateTimeOffset now, out DateTimeOffset? until) => Mutes.TryGetValue(user, out until) && !(until <= now);

    /// <summary>Finds a ban of the user that has not ended; null if there is none.</summary>
    public RoomBan? FindBan(string user, DateTimeOffset now) => Bans.Find(ban => ban.User == user && !ban.HasEnded(now));

    /// <summary>Finds a ban that has not ended and applies to new guests from an address; null if there is none.</summary>
    public RoomBan? FindBanOfAddress(string address, DateTimeOffset now) => Bans.Find(ban => ban.Addresses.Contains(address) && !ban.HasEnded(now));

    /// <summary>Applies an action.</summary>
    /// <param name="at">When the action was stored.</param>
    public RoomModeration Apply(ModerationDetails done, DateTimeOffset at)
    {
        DateTimeOffset? until = GetEnd(done, at);
        return done.Action switch
        {
            ModerationAction.Role => this with { Roles = Roles.SetItem(done.User!, done.Role!) },
            ModerationAction.Mute => this with { Mutes = Mutes.SetItem(done.User!, until) },
            ModerationAction.Unmute => this with { Mutes = Mutes.Remove(done.User!) },
            ModerationAction.Slow => this with { SlowSeconds = done.Seconds ?? 0 },
            ModerationAction.Unban => this with { Bans = Bans.RemoveAll(ban => ban.User == done.User) },
            _ when IsBan(done) => this with
            {
                Bans = Bans.RemoveAll(ban => ban.User == done.User || ban.HasEnded(at)).Add(new RoomBan(done.User!, done.UserName!, done.Addresses, until)),
            },
            _ => this,
        };
    }

    /// <summary>Whether the action removes the user from the room.</summary>
    public static bool RemovesUser(ModerationDetails done) => done.Action is ModerationAction.Kick or ModerationAction.Ban;

    /// <summary>Whether the action bans the user: a ban, or a kick with a duration.</summary>
    public static bool IsBan(ModerationDetails done) => done.Action == ModerationAction.Ban || (done.Action == ModerationAction.Kick && done.Seconds > 0);

    /// <summary>When a ban or a mute ends; null if it has no end.</summary>
    public static DateTimeOffset? GetEnd(ModerationDetails done, DateTimeOffset at) => done.Seconds is > 0 and var seconds ? at.AddSeconds(seconds) : null;
}
