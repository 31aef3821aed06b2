using System.Text;

namespace RawSocketChat.Server.Sessions;

/// <summary>
/// The scripts of letters, and which scripts a name may mix. The rules are slightly stricter than the "moderately restrictive" level of
/// Unicode TS 39. Historic scripts (Gothic, Deseret, Runic …) are not listed, so names cannot contain their letters: many of these
/// letters look like Latin letters.
/// </summary>
internal static class NameScripts
{
    public const string Latin = "Latin";

    /// <summary>Marks, digits and signs that can be used with any script.</summary>
    public const string Common = "";

    private static readonly string[][] AllowedMixes =
    [
        [Latin, "Han", "Hiragana", "Katakana"],
        [Latin, "Han", "Bopomofo"],
        [Latin, "Han", "Hangul"],
    ];

    // Scripts with letters that look like Latin letters. These scripts cannot be mixed with Latin.
    private static readonly HashSet<string> LatinLookalikes =
        ["Greek", "Cyrillic", "Armenian", "Cherokee", "Coptic", "Georgian", "Lisu", "Canadian", "Tifinagh", "NKo", "Vai"];

    // Sorted by code point. Names cannot contain characters outside these ranges.
    private static readonly (int First, int Last, string Script)[] Ranges =
    [
        (0x0041, 0x005A, Latin), (0x0061, 0x007A, Latin), (0x00C0, 0x02AF, Latin), (0x02B0, 0x036F, Common),
        (0x0370, 0x03E1, "Greek"), (0x03E2, 0x03EF, "Coptic"), (0x03F0, 0x03FF, "Greek"), (0x0400, 0x052F, "Cyrillic"),
        (0x0531, 0x058F, "Armenian"), (0x0590, 0x05FF, "Hebrew"), (0x0600, 0x06FF, "Arabic"), (0x0700, 0x074F, "Syriac"),
        (0x0750, 0x077F, "Arabic"), (0x0780, 0x07BF, "Thaana"), (0x07C0, 0x07FF, "NKo"), (0x0860, 0x086F, "Syriac"),
        (0x0870, 0x08FF, "Arabic"), (0x0900, 0x097F, "Devanagari"), (0x0980, 0x09FF, "Bengali"), (0x0A00, 0x0A7F, "Gurmukhi"),
        (0x0A80, 0x0AFF, "Gujarati"), (0x0B00, 0x0B7F, "Oriya"), (0x0B80, 0x0BFF, "Tamil"), (0x0C00, 0x0C7F, "Telugu"),
        (0x0C80, 0x0CFF, "Kannada"), (0x0D00, 0x0D7F, "Malayalam"), (0x0D80, 0x0DFF, "Sinhala"), (0x0E00, 0x0E7F, "Thai"),
        (0x0E80, 0x0EFF, "Lao"), (0x0F00, 0x0FFF, "Tibetan"), (0x1000, 0x109F, "Myanmar"), (0x10A0, 0x10FF, "Georgian"),
        (0x1100, 0x11FF, "Hangul"), (0x1200, 0x139F, "Ethiopic"), (0x13A0, 0x13FF, "Cherokee"), (0x1400, 0x167F, "Canadian"),
        (0x1780, 0x17FF, "Khmer"), (0x1800, 0x18AF, "Mongolian"), (0x18B0, 0x18FF, "Canadian"), (0x1900, 0x194F, "Limbu"),
        (0x1950, 0x197F, "TaiLe"), (0x1980, 0x19DF, "NewTaiLue"), (0x1A00, 0x1A1F, "Buginese"), (0x1A20, 0x1AAF, "TaiTham"),
        (0x1AB0, 0x1AFF, Common), (0x1B00, 0x1B7F, "Balinese"), (0x1B80, 0x1BBF, "Sundanese"), (0x1BC0, 0x1BFF, "Batak"),
        (0x1C00, 0x1C4F, "Lepcha"), (0x1C50, 0x1C7F, "OlChiki"), (0x1C80, 0x1C8F, "Cyrillic"), (0x1C90, 0x1CBF, "Georgian"),
        (0x1CC0, 0x1CCF, "Sundanese"), (0x1CD0, 0x1CFF, Common), (0x1D00, 0x1DBF, Latin), (0x1DC0, 0x1DFF, Common),
        (0x1E00, 0x1EFF, Latin), (0x1F00, 0x1FFF, "Greek"), (0x20D0, 0x20FF, Common), (0x2C60, 0x2C7F, Latin),
        (0x2C80, 0x2CFF, "Coptic"), (0x2D00, 0x2D2F, "Georgian"), (0x2D30, 0x2D7F, "Tifinagh"), (0x2D80, 0x2DDF, "Ethiopic"),
        (0x2DE0, 0x2DFF, "Cyrillic"), (0x3005, 0x3006, "Han"), (0x3040, 0x3098, "Hiragana"), (0x3099, 0x309A, Common),
        (0x309B, 0x309F, "Hiragana"), (0x30A0, 0x30FB, "Katakana"), (0x30FC, 0x30FC, Common), (0x30FD, 0x30FF, "Katakana"),
        (0x3100, 0x312F, "Bopomofo"), (0x31A0, 0x31BF, "Bopomofo"), (0x31F0, 0x31FF, "Katakana"), (0x3400, 0x4DBF, "Han"),
        (0x4E00, 0x9FFF, "Han"), (0xA000, 0xA4CF, "Yi"), (0xA4D0, 0xA4FF, "Lisu"), (0xA500, 0xA63F, "Vai"),
        (0xA640, 0xA69F, "Cyrillic"), (0xA6A0, 0xA6FF, "Bamum"), (0xA720, 0xA7FF, Latin), (0xA800, 0xA82F, "SylotiNagri"),
        (0xA880, 0xA8DF, "Saurashtra"), (0xA8E0, 0xA8FF, "Devanagari"), (0xA900, 0xA92F, "KayahLi"), (0xA960, 0xA97F, "Hangul"),
        (0xA980, 0xA9DF, "Javanese"), (0xA9E0, 0xA9FF, "Myanmar"), (0xAA00, 0xAA5F, "Cham"), (0xAA60, 0xAA7F, "Myanmar"),
        (0xAA80, 0xAADF, "TaiViet"), (0xAAE0, 0xAAFF, "MeeteiMayek"), (0xAB00, 0xAB2F, "Ethiopic"), (0xAB30, 0xAB6F, Latin),
        (0xAB70, 0xABBF, "Cherokee"), (0xABC0, 0xABFF, "MeeteiMayek"), (0xAC00, 0xD7FF, "Hangul"), (0xF900, 0xFAFF, "Han"),
        (0xFE20, 0xFE2F, Common), (0x11100, 0x1114F, "Chakma"), (0x1E900, 0x1E95F, "Adlam"), (0x20000, 0x323AF, "Han"),
    ];

    /// <summary>The script of a letter, a mark or a digit; null if names cannot contain the character.</summary>
    public static string? GetScript(Rune rune)
    {
        if (rune.Value is (>= '0' and <= '9') or '-' or '_' or '.')
            return Common;
        foreach (var (first, last, script) in Ranges)
        {
            if (rune.Value <= last)
                return rune.Value >= first ? script : null;
        }

        return null;
    }

    /// <summary>
    /// Whether one name may contain letters of all these scripts. The set does not contain <see cref="Common"/>, which can be used with
    /// any script.
    /// </summary>
    public static bool CanMix(IReadOnlySet<string> scripts)
    {
        if (scripts.Count < 2 || AllowedMixes.Any(scripts.IsSubsetOf))
            return true;
        return scripts.Count == 2 && scripts.Contains(Latin) && !scripts.Overlaps(LatinLookalikes);
    }
}
