using System.Text;

namespace RawSocketChat.Server.Sessions;

/// <summary>Makes a valid name from the name that a person has at the operator's own site.</summary>
internal static class ClaimedName
{
    /// <summary>The maximum length of a name from the site that the server stores, in UTF-16 code units.</summary>
    public const int MaxLength = 200;

    private const string Fallback = "user";

    /// <summary>Shortens a name from the site to <see cref="MaxLength"/>. Replaces characters that are not valid Unicode.</summary>
    public static string Cut(string claimed)
    {
        var text = new StringBuilder();
        foreach (var rune in claimed.EnumerateRunes())
        {
            if (text.Length + rune.Utf16SequenceLength > MaxLength)
                break;
            text.Append(rune.ToString());
        }

        return text.ToString();
    }

    /// <summary>
    /// Returns a name that <see cref="NameRule"/> accepts. Spaces become hyphens, and other characters that a name cannot have are left out.
    /// If nothing usable is left, or if the name is reserved, the name is <c>user</c>.
    /// </summary>
    /// <param name="claimed">A result of <see cref="Cut"/>.</param>
    public static string ToName(string claimed)
    {
        if (NameRule.AcceptForUser(claimed, out _) is { } name)
            return name;
        var readable = Clean(claimed.Normalize(NormalizationForm.FormKC), isAsciiOnly: false);
        return NameRule.AcceptForUser(readable, out _) ?? NameRule.AcceptForUser(Clean(readable, isAsciiOnly: true), out _) ?? Fallback;
    }

    // Replaces spaces by hyphens, and leaves out the characters that a name cannot have.
    private static string Clean(string text, bool isAsciiOnly)
    {
        var cleaned = new StringBuilder();
        var characters = 0;
        foreach (var rune in string.Join('-', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).EnumerateRunes())
        {
            var isUsable = isAsciiOnly ? rune.IsAscii && Rune.IsLetterOrDigit(rune) : NameRule.IsAllowedInside(rune);
            if (!isUsable || (cleaned.Length == 0 && !Rune.IsLetterOrDigit(rune)))
                continue;
            if (++characters > NameRule.MaxCharacters)
                break;
            cleaned.Append(rune.ToString());
        }

        return cleaned.ToString().TrimEnd('-', '_', '.');
    }
}
