using System.Globalization;
using System.Text;

namespace RawSocketChat.Server.Files;

/// <summary>
/// Makes the name of an uploaded file safe to show and to save on every system. Keeps the readable characters of the name.
/// </summary>
public static class FileName
{
    /// <summary>The maximum length of a name in characters (UTF-16).</summary>
    public const int MaxLength = 200;

    // Most file systems allow 255 bytes. Browsers may add a number in parentheses, so this maximum leaves 15 bytes for the number.
    private const int MaxBytes = 240;

    private const int MaxExtensionLength = 16;
    private const string Default = "file";

    // The address of a preview ends with this word, so no file may have it as its name.
    private const string Reserved = "preview";

    // Names of files on Windows cannot contain these characters.
    private const string ReservedCharacters = "<>:\"|?*";

    // The only characters of the Unicode category Format that a name keeps, because the words of some languages and some emoji need them.
    private const char ZeroWidthNonJoiner = '\u200C';
    private const char ZeroWidthJoiner = '\u200D';

    // Windows opens a device for each of these names, with any extension. The digits of COM and LPT may also be superscript.
    private static readonly HashSet<string> Devices = new(
        [
            "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$",
            .. "0123456789¹²³".SelectMany(digit => (string[])[$"COM{digit}", $"LPT{digit}"]),
        ],
        StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// Returns a safe name: without folders, control characters, invisible characters and characters that change the direction of text, and with
    /// at most <see cref="MaxLength"/> characters. A long name keeps its extension. The result is never empty.
    /// </summary>
    /// <param name="name">The name that the client has sent; null for none.</param>
    public static string Clean(string? name)
    {
        var text = (name ?? "")[((name ?? "").LastIndexOfAny(['/', '\\']) + 1)..];
        text = TrimEnds(RemoveUnsafe(text));
        text = TrimEnds(Shorten(text));
        if (!text.Any(char.IsLetterOrDigit) && !text.Any(char.IsSurrogate) && text.Trim('.', '_', ZeroWidthJoiner, ZeroWidthNonJoiner).Length == 0)
            return Default;
        if (Devices.Contains(text.Split('.')[0].TrimEnd()))
            text = "_" + text;
        return text.Equals(Reserved, StringComparison.OrdinalIgnoreCase) ? text + "_" : text;
    }

    private static string RemoveUnsafe(string text)
    {
        var clean = new StringBuilder(text.Length);
        // EnumerateRunes replaces an unpaired surrogate by U+FFFD.
        foreach (var rune in text.EnumerateRunes())
        {
            if (Rune.IsWhiteSpace(rune))
            {
                if (clean.Length > 0 && clean[^1] != ' ')
                    clean.Append(' ');
            }
            else if (ReservedCharacters.Contains((char)rune.Value, StringComparison.Ordinal) && rune.IsAscii)
                clean.Append('_');
            else if (IsShown(rune))
                clean.Append(rune);
        }

        var shown = clean.ToString();
        return shown.IsNormalized() ? shown : shown.Normalize();
    }

    private static bool IsShown(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.Control or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned
            or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator => false,
        UnicodeCategory.Format => rune.Value is ZeroWidthJoiner or ZeroWidthNonJoiner,
        _ => true,
    };

    // Windows removes blanks and dots at the end of a name.
    private static string TrimEnds(string text) => text.TrimStart().TrimEnd(' ', '.');

    private static string Shorten(string text)
    {
        if (text.Length <= MaxLength && Encoding.UTF8.GetByteCount(text) <= MaxBytes)
            return text;
        var dot = text.LastIndexOf('.');
        var extension = dot > 0 && text.Length - dot <= MaxExtensionLength ? text[dot..] : "";
        var stem = text[..^extension.Length];
        var (length, bytes) = (0, Encoding.UTF8.GetByteCount(extension));
        foreach (var rune in stem.EnumerateRunes())
        {
            bytes += rune.Utf8SequenceLength;
            if (length + rune.Utf16SequenceLength + extension.Length > MaxLength || bytes > MaxBytes)
                break;
            length += rune.Utf16SequenceLength;
        }

        return stem[..length].TrimEnd() + extension;
    }
}
