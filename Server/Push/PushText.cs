using System.Globalization;
using System.Text.RegularExpressions;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Push;

/// <summary>Creates the content of push messages. The worker of the page (Web/client/worker) reads it.</summary>
internal static partial class PushText
{
    // Browsers show about two lines.
    private const int MaxText = 160;

    // The encrypted message must fit into 4096 bytes (RFC 8291, section 4). The other fields need less than 1 KB.
    private const int MaxTextBytes = 2_000;

    /// <summary>Returns the message as JSON.</summary>
    /// <param name="room">The name of the room.</param>
    /// <param name="isDirect">Whether the room is a direct room of two users.</param>
    public static string Create(string room, bool isDirect, RoomEvent message) =>
        PushJson.Write(new PushContent(room, message.Seq, message.Content.AuthorName, Shorten(message.Content.Text), isDirect));

    /// <summary>Returns the beginning of a text as one line. <c>▒▒▒</c> replaces each spoiler.</summary>
    internal static string Shorten(string text)
    {
        var line = WhiteSpace().Replace(Spoilers().Replace(text, "▒▒▒"), " ").Trim();
        var elements = StringInfo.GetTextElementEnumerator(line);
        var (end, count, bytes) = (0, 0, 0);
        while (elements.MoveNext())
        {
            var element = elements.GetTextElement();
            bytes += System.Text.Encoding.UTF8.GetByteCount(element);
            if (++count > MaxText || bytes > MaxTextBytes)
                return line[..end] + "…";
            end += element.Length;
        }

        return line;
    }

    // Matches the text between two marks (||), and all text after a mark that has no second mark. This can hide more than the page does, because the
    // page parses spoilers exactly.
    [GeneratedRegex(@"\|\|.*?(?:\|\||\z)", RegexOptions.Singleline)]
    private static partial Regex Spoilers();

    [GeneratedRegex(@"\s+")]
    private static partial Regex WhiteSpace();
}
