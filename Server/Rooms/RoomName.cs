using System.Security.Cryptography;
using System.Text;
using RawSocketChat.Server.Sessions;

namespace RawSocketChat.Server.Rooms;

/// <summary>
/// The rule for room names. It is the rule for the names of users (<see cref="NameRule"/>) with another maximum length. The server keeps the
/// case of a room's name, but ignores the case when a client names a room.
/// </summary>
public static class RoomName
{
    public const string Default = "lobby";

    /// <summary>The maximum length of a room's name, in UTF-16 units.</summary>
    public const int MaxLength = 64;

    /// <summary>The text of the rule, for operators.</summary>
    public static readonly string Rule = $"a room's name has 1 to {MaxLength} letters and digits of one alphabet, with - _ and . between them";

    // The names of direct rooms begin with this text. No user can create a room with such a name.
    private const string DirectPrefix = "dm-";

    /// <summary>The name of the direct room of two users. It depends only on their ids, so a change of a name does not affect it.</summary>
    public static string CreateDirect(string user, string other)
    {
        var ids = string.CompareOrdinal(user, other) < 0 ? $"{user} {other}" : $"{other} {user}";
        return DirectPrefix + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(ids)).AsSpan(0, 16));
    }

    public static bool IsValid(string name) => Accept(name, out _) is not null;

    /// <summary>Normalizes a name (NFKC) to the form in which it is stored and shown.</summary>
    /// <param name="reason">The reason why the name is invalid, if the result is null.</param>
    /// <returns>The normalized name, or null if the name is invalid.</returns>
    public static string? Accept(string name, out string reason)
    {
        if (NameRule.Accept(name, MaxLength, out reason) is not { Length: <= MaxLength } shown)
            return null;
        if (!shown.StartsWith(DirectPrefix, StringComparison.OrdinalIgnoreCase))
            return shown;
        reason = $"names that begin with {DirectPrefix} are for direct rooms; for a room of two, use dm";
        return null;
    }

    /// <summary>Normalizes a name that may be invalid, so that a room is found by every spelling of its name.</summary>
    public static string Normalize(string name) => Ascii.IsValid(name) || !NameRule.IsWellFormed(name) ? name : name.Normalize(NormalizationForm.FormKC);

    /// <summary>
    /// Creates the skeletons of a valid name. Names that look the same share a skeleton, and only one of them can be the name of a room.
    /// </summary>
    public static IReadOnlyList<string> CreateSkeletons(string name) => NameSkeleton.CreateAll(name);
}
