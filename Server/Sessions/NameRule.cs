using System.Globalization;
using System.Text;
using RawSocketChat.Protocol.Chat;

namespace RawSocketChat.Server.Sessions;

/// <summary>Decides whether a text is a valid name. <see cref="NameSkeleton"/> decides whether two names are the same.</summary>
public static class NameRule
{
    /// <summary>Maximum number of characters (Unicode code points) of a name.</summary>
    public const int MaxCharacters = 32;

    // The maximum number of marks on one letter. No alphabet needs more. Without a limit, a stack of marks could cover the lines of text above and
    // below.
    private const int MaxMarks = 4;

    /// <summary>Normalizes a name (NFKC) to the form in which it is stored and shown.</summary>
    /// <param name="reason">The reason why the name is invalid, if the result is null.</param>
    /// <returns>The normalized name, or null if the name is invalid.</returns>
    public static string? Accept(string name, out string reason) => Accept(name, MaxCharacters, out reason);

    /// <summary>
    /// Like <see cref="Accept(string, out string)"/>, but for a name that a user takes or registers. Rejects <see cref="ReservedNames"/> too.
    /// </summary>
    public static string? AcceptForUser(string name, out string reason)
    {
        if (Accept(name, out reason) is not { } shown)
            return null;
        if (!ReservedNames.Contains(shown))
            return shown;
        reason = $"the name \"{shown}\" is reserved, because other users could confuse you with the server or its operator";
        return null;
    }

    /// <summary>Like <see cref="Accept(string, out string)"/>, but with another maximum number of characters.</summary>
    internal static string? Accept(string name, int maxCharacters, out string reason)
    {
        reason = $"a name has 1 to {maxCharacters} letters and digits, with - _ and . between them";
        if (name.Length == 0 || name.Length > maxCharacters * 2 || !IsWellFormed(name))
            return null;

        // NFKC removes compatibility forms (wide letters, ligatures). With such forms, one name would have two spellings.
        var shown = name.Normalize(NormalizationForm.FormKC);
        var characters = 0;
        foreach (var rune in shown.EnumerateRunes())
        {
            characters++;
            if (characters == 1 ? !Rune.IsLetterOrDigit(rune) || TextRule.IsInvisible(rune) : !IsAllowedInside(rune))
            {
                reason = characters == 1
                    ? "a name begins with a letter or a digit"
                    : $"a name cannot contain {Describe(rune)}; use letters, digits, - _ and .";
                return null;
            }
        }

        if (characters == 0 || characters > maxCharacters)
            return null;
        reason = FindFault(shown) ?? reason;
        return FindFault(shown) is null ? shown : null;
    }

    // Returns null if the name is valid. Otherwise returns the reason: it could look like another name, or like no name at all.
    private static string? FindFault(string shown)
    {
        var scripts = new HashSet<string>();
        foreach (var rune in shown.EnumerateRunes())
        {
            if (NameScripts.GetScript(rune) is not { } script)
                return $"a name cannot contain {Describe(rune)}; use letters of a modern alphabet, digits, - _ and .";
            if (script != NameScripts.Common)
                scripts.Add(script);
        }

        if (!NameScripts.CanMix(scripts))
            return $"a name uses one alphabet; this one mixes {string.Join(" and ", scripts)}";
        if (NameSkeleton.Create(shown).Length == 0)
            return "a name needs at least one visible letter or digit";
        return HasValidMarks(shown)
            ? null
            : $"a letter of a name has at most {MaxMarks} marks; each mark may appear only once and must belong to the letter's alphabet";
    }

    // Whether each letter has at most MaxMarks marks, all different, and none of another script.
    private static bool HasValidMarks(string shown)
    {
        var (script, marks) = (NameScripts.Common, new List<Rune>());
        foreach (var rune in shown.Normalize(NormalizationForm.FormD).EnumerateRunes())
        {
            if (!IsMark(rune))
            {
                (script, marks) = (NameScripts.GetScript(rune) ?? script, []);
                continue;
            }

            if (marks.Count == MaxMarks || marks.Contains(rune) || (NameScripts.GetScript(rune) is { } own && own != NameScripts.Common && own != script))
                return false;
            marks.Add(rune);
        }

        return true;
    }

    internal static bool IsAllowedInside(Rune rune) =>
        rune.Value is '-' or '_' or '.' || ((Rune.IsLetterOrDigit(rune) || IsMark(rune)) && !TextRule.IsInvisible(rune));

    private static bool IsMark(Rune rune) => Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark;

    private static string Describe(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.Control => "control characters",
        _ when TextRule.IsInvisible(rune) => "invisible or direction characters",
        UnicodeCategory.SpaceSeparator or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator => "spaces",
        _ => $"\"{rune}\"",
    };

    internal static bool IsWellFormed(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i]))
                continue;
            if (!Rune.TryGetRuneAt(text, i, out _))
                return false;
            i++;
        }

        return true;
    }
}
