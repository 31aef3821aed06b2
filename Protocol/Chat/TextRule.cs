using System.Globalization;
using System.Text;

namespace RawSocketChat.Protocol.Chat;

/// <summary>
/// The rule for the texts that a client sends for other users to read: messages, topics, reasons and emoji. This class does not change a valid text.
/// </summary>
public static class TextRule
{
    /// <summary>
    /// Returns why a text is invalid, as the end of a sentence that begins with the field's name. Returns null if the text is valid. The caller must
    /// not pass an empty text.
    /// </summary>
    public static string? FindFault(ReadOnlySpan<char> text)
    {
        var showsSomething = false;
        foreach (var rune in text.EnumerateRunes())
        {
            if (Rune.IsControl(rune) && rune.Value is not ('\n' or '\t'))
                return $"contains the control character U+{rune.Value:X4}; the only control characters in a text are newline and tab";
            showsSomething |= !Rune.IsWhiteSpace(rune) && !IsInvisible(rune);
        }
        return showsSomething ? null : "shows nothing; it has only blanks and invisible characters";
    }

    /// <summary>
    /// Whether the character is invisible by itself and is not white space. Examples: format characters, joiners, fillers, variation selectors, tags.
    /// Such characters are valid beside a visible one, as in an emoji that has several parts.
    /// </summary>
    public static bool IsInvisible(Rune rune) => Rune.GetUnicodeCategory(rune) is UnicodeCategory.Format || rune.Value
        // Default_Ignorable_Code_Point (Unicode Standard, section 5.21) without the format characters, and the blank Braille pattern.
        is 0x034F or 0x115F or 0x1160 or 0x17B4 or 0x17B5 or (>= 0x180B and <= 0x180F) or 0x2065 or 0x2800 or 0x3164
        or (>= 0xFE00 and <= 0xFE0F) or 0xFFA0 or (>= 0xFFF0 and <= 0xFFF8) or (>= 0xE0000 and <= 0xE0FFF);
}
