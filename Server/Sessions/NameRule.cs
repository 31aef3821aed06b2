using System.Globalization;
using System.Text;

namespace RawSocketChat.Server.Sessions;

/// <summary>What may be a name, and when two names are the same.</summary>
public static class NameRule
{
    /// <summary>The most characters (Unicode code points) that a name has.</summary>
    public const int MostCharacters = 32;

    /// <summary>The form in which a name is kept and shown (NFKC), or null where it cannot be one; then why.</summary>
    public static string? Accept(string name, out string why)
    {
        why = $"a name has 1 to {MostCharacters} letters, digits, and - _ . between them";
        if (name.Length is 0 or > MostCharacters * 2 || !IsWellFormed(name))
            return null;

        // Compatibility forms (wide letters, ligatures) would be a second spelling of the same name.
        var shown = name.Normalize(NormalizationForm.FormKC);
        var characters = 0;
        foreach (var rune in shown.EnumerateRunes())
        {
            characters++;
            if (characters == 1 ? !Rune.IsLetterOrDigit(rune) : !MayStand(rune))
            {
                why = characters == 1
                    ? "a name begins with a letter or a digit"
                    : $"a name has no {Describe(rune)}; letters, digits, - _ and . work";
                return null;
            }
        }

        return characters is > 0 and <= MostCharacters ? shown : null;
    }

    /// <summary>Names with the same key are the same name: compatibility forms and case do not count.</summary>
    public static string KeyOf(string name) => name.Normalize(NormalizationForm.FormKC).ToUpperInvariant().ToLowerInvariant();

    private static bool MayStand(Rune rune) =>
        rune.Value is '-' or '_' or '.'
        || Rune.IsLetterOrDigit(rune)
        || Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark;

    private static string Describe(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.Control => "control characters",
        UnicodeCategory.Format => "invisible or direction characters",
        UnicodeCategory.SpaceSeparator or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator => "spaces",
        _ => $"\"{rune}\"",
    };

    private static bool IsWellFormed(string text)
    {
        for (var at = 0; at < text.Length; at++)
        {
            if (!char.IsSurrogate(text[at]))
                continue;
            if (!Rune.TryGetRuneAt(text, at, out _))
                return false;
            at++;
        }

        return true;
    }
}
