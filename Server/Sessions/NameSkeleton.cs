using System.Globalization;
using System.Text;

namespace RawSocketChat.Server.Sessions;

/// <summary>
/// Creates the skeletons of names, as in Unicode TS 39: names that look the same share a skeleton. The server compares all names by their skeletons:
/// names in use, registered names and names in login attempts.
/// <para>
/// A skeleton ignores compatibility forms (NFKC), case, accents of European scripts, vowel points of Hebrew and Arabic, and modifier
/// signs. It treats these as equal: a letter and its prototype in <see cref="Confusables"/>; 0 and o; 1, i and l; rn and m; vv and w. Marks
/// of other scripts (a Devanagari vowel, the voicing mark of a kana) belong to the spelling, so they stay in the skeleton.
/// </para>
/// </summary>
public static class NameSkeleton
{
    /// <summary>The case-insensitive skeleton of a name that <see cref="NameRule.Accept"/> has accepted.</summary>
    public static string Create(string name) => CreateCaseSensitive(FoldCase(name));

    /// <summary>
    /// All skeletons of a name: one of the name in small letters, one of the name as it is written, and one of the name in capitals. All
    /// three are needed, because a capital and its small letter can look like different letters. If the name has letters beyond ASCII, three
    /// more skeletons follow, in which <see cref="UnicodeConfusables"/> has replaced the letters first. If two names share a skeleton, the server
    /// treats them as the same name. <see cref="Create"/> returns the first skeleton.
    /// </summary>
    public static IReadOnlyList<string> CreateAll(string name)
    {
        var forms = new[] { FoldCase(name), name, name.ToUpperInvariant() };
        var skeletons = forms.Select(CreateCaseSensitive);
        if (!Ascii.IsValid(name))
            skeletons = skeletons.Concat(forms.Select(form => CreateCaseSensitive(ReplaceConfusables(form))));
        return [.. skeletons.Distinct()];
    }

    // Change to capitals first, because several small letters can have the same capital (Greek sigma and final sigma).
    private static string FoldCase(string name) => name.ToUpperInvariant().ToLowerInvariant();

    // Replaces each letter by its prototype in Unicode's table.
    private static string ReplaceConfusables(string name)
    {
        var replaced = new StringBuilder(name.Length + 8);
        foreach (var rune in name.Normalize(NormalizationForm.FormKC).EnumerateRunes())
        {
            if (IsHangulSyllable(rune))
            {
                replaced.Append(rune);
                continue;
            }

            foreach (var part in rune.ToString().Normalize(NormalizationForm.FormD).EnumerateRunes())
                replaced.Append(UnicodeConfusables.GetPrototype(part) ?? part.ToString());
        }

        return replaced.ToString();
    }

    // The parts of a Hangul syllable look like bars and rings, so a syllable is never decomposed.
    private static bool IsHangulSyllable(Rune rune) => rune.Value is >= 0xAC00 and <= 0xD7A3;

    // Creates the skeleton of a name as it is written: uses the project's own table, and leaves out accents.
    private static string CreateCaseSensitive(string name)
    {
        var skeleton = new StringBuilder(name.Length + 8);
        foreach (var rune in name.Normalize(NormalizationForm.FormKC).EnumerateRunes())
        {
            if (rune.IsAscii || IsHangulSyllable(rune) || Confusables.GetPrototype(rune) is not null)
            {
                Append(skeleton, rune);
                continue;
            }

            foreach (var part in rune.ToString().Normalize(NormalizationForm.FormD).EnumerateRunes())
            {
                if (!IsIgnorableMark(part))
                    Append(skeleton, part);
            }
        }

        return skeleton.ToString();
    }

    // Appends the letters of the skeleton for one letter of the name.
    private static void Append(StringBuilder skeleton, Rune rune)
    {
        var prototype = Confusables.GetPrototype(rune) ?? Rune.ToLowerInvariant(rune).ToString();
        foreach (var letter in prototype)
        {
            _ = letter switch
            {
                '0' => skeleton.Append('o'),
                '1' or 'i' => skeleton.Append('l'),
                // Replace m by rn and w by vv, so that "m" and "rn" have the same skeleton.
                'm' => skeleton.Append("rn"),
                'w' => skeleton.Append("vv"),
                _ => skeleton.Append(letter),
            };
        }
    }

    private static bool IsIgnorableMark(Rune rune) => rune.Value switch
    {
        >= 0x0300 and <= 0x036F or >= 0x0483 and <= 0x0489 or >= 0x1AB0 and <= 0x1AFF or >= 0x1DC0 and <= 0x1DFF => true,
        >= 0x20D0 and <= 0x20FF or >= 0xFE20 and <= 0xFE2F => true,
        >= 0x0591 and <= 0x05C7 or >= 0x0610 and <= 0x061A or >= 0x064B and <= 0x065F or 0x0670 or >= 0x06D6 and <= 0x06ED => !Rune.IsLetterOrDigit(rune),
        0x0559 or 0x0640 or 0x07FA => true,
        >= 0x02B0 and <= 0x02FF or >= 0xA700 and <= 0xA71F or 0xA788 => Rune.GetUnicodeCategory(rune) is UnicodeCategory.ModifierLetter,
        _ => false,
    };
}
