namespace RawSocketChat.Server.Search;

/// <summary>A word of a text, as the search index stores it.</summary>
/// <param name="Term">The word without capitals and accents. It has only letters, digits and marks.</param>
/// <param name="Start">The index of the word's first UTF-16 code unit in the text.</param>
/// <param name="Length">The number of the word's UTF-16 code units in the text.</param>
public readonly record struct SearchWord(string Term, int Start, int Length)
{
    public int End => Start + Length;
}
