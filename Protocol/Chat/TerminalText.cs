using System.Text;

namespace RawSocketChat.Protocol.Chat;

/// <summary>
/// Makes text of other users safe to print on a terminal: the text cannot move the cursor, change the direction of writing, or begin a
/// line that imitates another user.
/// </summary>
internal static class TerminalText
{
    private const string Indent = "    ";
    private const char Replacement = '\uFFFD';

    /// <summary>Cleans a text that is inside a line, such as a name. Replaces line breaks too.</summary>
    public static string CleanInline(string text) => Clean(text, keepLines: false);

    /// <summary>Cleans a text at the end of a line. Keeps line breaks, and indents the lines after them.</summary>
    public static string CleanBlock(string text) => Clean(text, keepLines: true);

    private static string Clean(string text, bool keepLines)
    {
        if (!NeedsCleaning(text))
            return text;
        var clean = new StringBuilder(text.Length + 16);
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (IsLineBreak(c))
            {
                if (c == '\r' && i + 1 < text.Length && text[i + 1] == '\n')
                    i++;
                _ = keepLines ? clean.Append('\n').Append(Indent) : clean.Append(Replacement);
            }
            else if (c == '\t')
                clean.Append(keepLines ? Indent : " ");
            else if (char.IsHighSurrogate(c) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
                clean.Append(c).Append(text[++i]);
            else
                clean.Append(IsUnsafe(c) ? Replacement : c);
        }
        return clean.ToString();
    }

    private static bool NeedsCleaning(string text)
    {
        foreach (var c in text)
        {
            if (IsLineBreak(c) || IsUnsafe(c))
                return true;
        }
        return false;
    }

    // Some viewers break lines at U+2028 and U+2029.
    private static bool IsLineBreak(char c) => c is '\n' or '\r' or '\u2028' or '\u2029';

    private static bool IsUnsafe(char c) =>
        char.IsControl(c)                                       // C0 with ESC, DEL, C1 with CSI
        || c is (>= '\u202A' and <= '\u202E')                   // bidi embeddings and overrides
        || c is (>= '\u2066' and <= '\u2069')                   // bidi isolates
        || char.IsSurrogate(c);                                 // Clean keeps valid pairs
}
