using System.Text;
using RawSocketChat.Protocol.Chat;

namespace RawSocketChat.Server.Search;

/// <summary>Creates the snippet of a message that a search has found.</summary>
public static class SnippetBuilder
{
    // About two lines of a terminal.
    private const int MaxLength = 160;

    // Some text before the first mark shows what the message is about. It is short, because the reader looks for the mark.
    private const int LengthBeforeMark = 40;

    /// <summary>Returns the part of a text around the first found phrase, and marks the phrases in this part.</summary>
    public static Snippet Create(string text, IReadOnlyList<SearchPhrase> phrases)
    {
        var words = SearchText.Split(text);
        var found = Merge(phrases.SelectMany(phrase => phrase.FindIn(words)));
        var start = text.Length <= MaxLength || found.Count == 0 ? 0 : FindCut(text, words, found[0].Start - LengthBeforeMark);
        // Near the end of the text, start earlier, so that the snippet has its full length.
        start = Math.Min(start, FindCut(text, words, text.Length - MaxLength));
        var end = Math.Min(text.Length, start + MaxLength);
        if (end < text.Length && char.IsLowSurrogate(text[end]))
            end--;

        var snippet = new StringBuilder(start > 0 ? "…" : "");
        var offset = snippet.Length - start;
        foreach (var character in text.AsSpan(start, end - start))
            snippet.Append(char.IsControl(character) || character is '\u2028' or '\u2029' ? ' ' : character);
        if (end < text.Length)
            snippet.Append('…');
        return new Snippet(snippet.ToString(), [.. found.Where(place => place.Start >= start && place.End <= end).Select(place => new SnippetMark(place.Start + offset, place.End - place.Start))]);
    }

    // Returns the beginning of the first word at or after an index, so that no word is cut.
    private static int FindCut(string text, List<SearchWord> words, int index)
    {
        if (index <= 0)
            return 0;
        var word = words.Find(word => word.Start >= index);
        return word.Length > 0 ? word.Start : char.IsLowSurrogate(text[index]) ? index - 1 : index;
    }

    // Sorts the places, and joins those that overlap.
    private static List<(int Start, int End)> Merge(IEnumerable<(int Start, int Length)> places)
    {
        var merged = new List<(int Start, int End)>();
        foreach (var (start, length) in places.Order())
        {
            if (merged.Count > 0 && start < merged[^1].End)
                merged[^1] = (merged[^1].Start, Math.Max(merged[^1].End, start + length));
            else
                merged.Add((start, start + length));
        }

        return merged;
    }
}
