using System.Globalization;
using System.Text;

namespace RawSocketChat.Server.Sessions;

/// <summary>
/// What names that look the same have in common, after Unicode TS 39. Every question whether two names are the same name
/// is asked here: of names in use, of kept ones, of attempts to log in.
/// <para>
/// Not told apart: compatibility forms (NFKC) and case; what <see cref="Confusables"/> lists; 0 and o; 1, i and l; rn and m;
/// vv and w; the accents of European scripts, the vowel points of Hebrew and Arabic, and signs that merely modify a letter.
/// Marks elsewhere spell (a Devanagari vowel, a kana's voicing) and count.
/// </para>
/// </summary>
public static class NameSkeleton
{
    /// <summary>The skeleton of a name that <see cref="NameRule.Accept"/> has accepted, whatever its case.</summary>
    public static string Of(string name) => LookOf(Folded(name));

    /// <summary>
    /// All that the name can be taken for: as it is written, and in either case, since a capital may look like another
    /// letter than its small one. Two names of which one look is the same are the same name. The first one is <see cref="Of"/>.
    /// </summary>
    public static IReadOnlyList<string> LooksOf(string name) =>
        [.. new[] { Of(name), LookOf(name), LookOf(name.ToUpperInvariant()) }.Distinct()];

    // By capitals first: some small letters (Greek's final sigma) are of one capital.
    private static string Folded(string name) => name.ToUpperInvariant().ToLowerInvariant();

    private static string LookOf(string name)
    {
        var look = new StringBuilder(name.Length + 8);
        foreach (var rune in name.Normalize(NormalizationForm.FormKC).EnumerateRunes())
        {
            // A Hangul syllable is a sign of its own; its parts alone look like bars and rings.
            if (rune.IsAscii || rune.Value is >= 0xAC00 and <= 0xD7A3 || Confusables.LookOf(rune) is not null)
            {
                Append(look, rune);
                continue;
            }

            foreach (var part in rune.ToString().Normalize(NormalizationForm.FormD).EnumerateRunes())
            {
                if (!IsOrnament(part))
                    Append(look, part);
            }
        }

        return look.ToString();
    }

    private static void Append(StringBuilder look, Rune rune)
    {
        var alike = Confusables.LookOf(rune) ?? Rune.ToLowerInvariant(rune).ToString();
        foreach (var letter in alike)
        {
            _ = letter switch
            {
                '0' => look.Append('o'),
                '1' or 'i' => look.Append('l'),
                // Written out, so that a skeleton is the same from whichever side one comes.
                'm' => look.Append("rn"),
                'w' => look.Append("vv"),
                _ => look.Append(letter),
            };
        }
    }

    private static bool IsOrnament(Rune rune) => rune.Value switch
    {
        >= 0x0300 and <= 0x036F or >= 0x0483 and <= 0x0489 or >= 0x1AB0 and <= 0x1AFF or >= 0x1DC0 and <= 0x1DFF => true,
        >= 0x20D0 and <= 0x20FF or >= 0xFE20 and <= 0xFE2F => true,
        >= 0x0591 and <= 0x05C7 or >= 0x0610 and <= 0x061A or >= 0x064B and <= 0x065F or 0x0670 or >= 0x06D6 and <= 0x06ED => !Rune.IsLetterOrDigit(rune),
        0x0559 or 0x0640 or 0x07FA => true,
        >= 0x02B0 and <= 0x02FF or >= 0xA700 and <= 0xA71F or 0xA788 => Rune.GetUnicodeCategory(rune) is UnicodeCategory.ModifierLetter,
        _ => false,
    };
}
