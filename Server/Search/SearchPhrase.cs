namespace RawSocketChat.Server.Search;

/// <summary>A word of a query, or words that must follow each other in a message.</summary>
public sealed class SearchPhrase
{
    // The beginning of a word has at least this length. Too many words begin with the same two letters, so such a search would be slow.
    private const int MinBeginningLength = 3;

    private SearchPhrase(IReadOnlyList<string> terms, bool isBeginning) => (Terms, IsBeginning) = (terms, isBeginning);

    /// <summary>The words, as the index stores them. Never empty.</summary>
    public IReadOnlyList<string> Terms { get; }

    /// <summary>Whether the last word of <see cref="Terms"/> is only the beginning of a word.</summary>
    public bool IsBeginning { get; }

    /// <summary>
    /// Creates a phrase. Returns null if the text has no word. If the text ends with <c>*</c>, its last word may be the beginning of a longer word. A last
    /// word with less than three letters is always a whole word.
    /// </summary>
    public static SearchPhrase? Create(string text)
    {
        var words = SearchText.Split(text);
        // A pair of characters already contains both characters. So the phrase leaves out its first and its last single character if a pair contains
        // them, and the search needs fewer words.
        var first = words.Count > 1 && words[0].Start == words[1].Start ? 1 : 0;
        var end = words.Count > 1 && words[^1].End == words[^2].End ? words.Count - 1 : words.Count;
        if (words.Count == 0)
            return null;
        var terms = words.Take(first..end).Select(word => word.Term).ToArray();
        return new SearchPhrase(terms, text.EndsWith('*') && words[^1].End == text.Length - 1 && terms[^1].Length >= MinBeginningLength);
    }

    /// <summary>Finds the phrase in the words of a text. The result has the places of the phrase: start and length in UTF-16 code units.</summary>
    public IEnumerable<(int Start, int Length)> FindIn(IReadOnlyList<SearchWord> words)
    {
        for (var i = 0; i <= words.Count - Terms.Count; i++)
        {
            if (IsAt(words, i))
                yield return (words[i].Start, words[i + Terms.Count - 1].End - words[i].Start);
        }
    }

    private bool IsAt(IReadOnlyList<SearchWord> words, int index)
    {
        for (var i = 0; i < Terms.Count; i++)
        {
            var term = words[index + i].Term;
            if (IsBeginning && i == Terms.Count - 1 ? !term.StartsWith(Terms[i], StringComparison.Ordinal) : term != Terms[i])
                return false;
        }

        return true;
    }
}
