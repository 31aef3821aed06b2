using System.Globalization;
using System.Text;

namespace RawSocketChat.Server.Sessions;

/// <summary>What may be a name. When two names are the same is said by <see cref="NameSkeleton"/>.</summary>
public static class NameRule
{
    /// <summary>The most characters (Unicode code points) that a name has.</summary>
    public const int MostCharacters = 32;

    // No alphabet puts more on one letter; a tower of them reaches into the lines above and below.
    private const int MostMarks = 4;

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
            if (characters == 1 ? !Rune.IsLetterOrDigit(rune) || IsUnseen(rune) : !MayStand(rune))
            {
                why = characters == 1
                    ? "a name begins with a letter or a digit"
                    : $"a name has no {Describe(rune)}; letters, digits, - _ and . work";
                return null;
            }
        }

        if (characters is 0 or > MostCharacters)
            return null;
        why = FaultOf(shown) ?? why;
        return FaultOf(shown) is null ? shown : null;
    }

    // What is made of good letters, but could be taken for another name.
    private static string? FaultOf(string shown)
    {
        var scripts = new HashSet<string>();
        foreach (var rune in shown.EnumerateRunes())
        {
            if (NameScripts.Of(rune) is not { } script)
                return $"a name has no {Describe(rune)}; letters of today's alphabets, digits, - _ and . work";
            if (script != NameScripts.Common)
                scripts.Add(script);
        }

        if (!NameScripts.MayMix(scripts))
            return $"a name keeps to one alphabet; this one has letters of {string.Join(" and ", scripts)}";
        if (NameSkeleton.Of(shown).Length == 0)
            return "a name has a letter or a digit that can be seen by itself";
        return MarksAreInPlace(shown) ? null : $"a letter of a name bears at most {MostMarks} marks, none twice, all of its own alphabet";
    }

    private static bool MarksAreInPlace(string shown)
    {
        var (script, marks) = (NameScripts.Common, new List<Rune>());
        foreach (var rune in shown.Normalize(NormalizationForm.FormD).EnumerateRunes())
        {
            if (!IsMark(rune))
            {
                (script, marks) = (NameScripts.Of(rune) ?? script, []);
                continue;
            }

            if (marks.Count == MostMarks || marks.Contains(rune) || (NameScripts.Of(rune) is { } own && own != NameScripts.Common && own != script))
                return false;
            marks.Add(rune);
        }

        return true;
    }

    private static bool MayStand(Rune rune) =>
        rune.Value is '-' or '_' or '.' || ((Rune.IsLetterOrDigit(rune) || IsMark(rune)) && !IsUnseen(rune));

    private static bool IsMark(Rune rune) => Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark;

    // Letters and marks by their category, but nothing is drawn for them: joiners, fillers, variation selectors.
    private static bool IsUnseen(Rune rune) => rune.Value
        is 0x034F or 0x115F or 0x1160 or 0x17B4 or 0x17B5 or (>= 0x180B and <= 0x180F) or 0x3164 or 0xFFA0
        or (>= 0xFE00 and <= 0xFE0F) or (>= 0xE0100 and <= 0xE01EF);

    private static string Describe(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.Control => "control characters",
        UnicodeCategory.Format => "invisible or direction characters",
        _ when IsUnseen(rune) => "invisible or direction characters",
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
