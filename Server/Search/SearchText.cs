using System.Globalization;
using System.Text;

namespace RawSocketChat.Server.Search;

/// <summary>
/// Splits texts into the words that the search index stores. The index, the queries and the marks of snippets use the same words, in all
/// storages. In languages without spaces between words, each character is a word, and each pair of neighboring characters is a word too. For example,
/// the words of 東京都 are 東, 東京, 京, 京都 and 都. So a query finds any part of such a text, even a part of one or two characters.
/// </summary>
public static class SearchText
{
    // A longer word is cut, because the index stores each word. Nobody types such a long word in a query.
    private const int MaxTermLength = 64;

    // Letters that have no decomposition in Unicode, but that people also type without their stroke or as two letters.
    private static readonly Dictionary<char, string> PlainLetters = new()
    {
        ['ø'] = "o",
        ['ł'] = "l",
        ['đ'] = "d",
        ['ħ'] = "h",
        ['ı'] = "i",
        ['ß'] = "ss",
        ['æ'] = "ae",
        ['œ'] = "oe",
        ['ς'] = "σ",
    };

    // Blocks of Unicode, first and last code point: Thai and Lao, Myanmar, Hangul, Khmer, Japanese and Chinese. Korean is in this list although it
    // has spaces, because it writes particles together with the words.
    private static readonly (int First, int Last)[] Unspaced =
    [
        (0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1100, 0x11FF), (0x1780, 0x17FF), (0x3005, 0x3007), (0x3040, 0x30FF), (0x3130, 0x318F), (0x31F0, 0x31FF),
        (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xA9E0, 0xA9FF), (0xAA60, 0xAA7F), (0xAC00, 0xD7AF), (0xF900, 0xFAFF), (0xFF66, 0xFF9F), (0x20000, 0x3FFFF),
    ];

    // The folded form of each character that is a word, by its UTF-16 unit; null until a text has this character. To fold a character takes about
    // 1 µs. So without this table, a message of 8,000 characters would block the writer of the storage for 8 ms. The whole table takes about 2 MB.
    private static readonly string?[] FoldedCharacters = new string?[char.MaxValue + 1];

    /// <summary>Splits a text into its words, ordered by their start.</summary>
    public static List<SearchWord> Split(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var words = new List<SearchWord>();
        for (var i = 0; i < text.Length;)
        {
            var rune = GetRune(text, i);
            if (!IsPartOfWord(rune))
                i += rune.Utf16SequenceLength;
            else if (IsUnspaced(rune))
                i = AddUnspaced(words, text, i);
            else
                i = AddWord(words, text, i);
        }

        return words;
    }

    /// <summary>Returns the words of a text with blanks between them. The index stores this text.</summary>
    public static string GetTerms(string text) => string.Join(' ', Split(text).Select(word => word.Term));

    private static int AddWord(List<SearchWord> words, string text, int start)
    {
        var end = start;
        while (end < text.Length && GetRune(text, end) is var rune && (IsPartOfWord(rune) || IsIgnored(rune)) && !IsUnspaced(rune))
            end += rune.Utf16SequenceLength;
        if (Fold(text.AsSpan(start, end - start)) is { Length: > 0 } term)
            words.Add(new SearchWord(term, start, end - start));
        return end;
    }

    private static int AddUnspaced(List<SearchWord> words, string text, int start)
    {
        var previous = default(SearchWord);
        var i = start;
        while (i < text.Length && GetRune(text, i) is var rune && IsPartOfWord(rune) && IsUnspaced(rune))
        {
            var character = new SearchWord(FoldCharacter(text.AsSpan(i, rune.Utf16SequenceLength)), i, rune.Utf16SequenceLength);
            i += rune.Utf16SequenceLength;
            if (character.Term.Length == 0)
                continue;
            if (previous.Length > 0)
                words.Add(new SearchWord(previous.Term + character.Term, previous.Start, character.End - previous.Start));
            words.Add(character);
            previous = character;
        }

        return i;
    }

    private static string FoldCharacter(ReadOnlySpan<char> character) =>
        character.Length == 1 ? FoldedCharacters[character[0]] ??= Fold(character) : Fold(character);

    // Removes capitals, accents and differences of width.
    private static string Fold(ReadOnlySpan<char> word)
    {
        if (Ascii.IsValid(word))
            return Cut(word.ToString().ToLowerInvariant());
        string decomposed;
        try
        {
            decomposed = word.ToString().Normalize(NormalizationForm.FormKD);
        }
        catch (ArgumentException)
        {
            return ""; // a code point that Unicode has not assigned
        }

        var folded = new StringBuilder(decomposed.Length);
        foreach (var rune in decomposed.EnumerateRunes())
        {
            if (!IsPartOfWord(rune) || IsAccent(rune.Value))
                continue;
            var lower = Rune.ToLowerInvariant(rune);
            if (lower.IsBmp && PlainLetters.TryGetValue((char)lower.Value, out var plain))
                folded.Append(plain);
            else
                folded.Append(lower.ToString());
        }

        return Cut(folded.ToString().Normalize(NormalizationForm.FormC));
    }

    private static string Cut(string term) =>
        term.Length <= MaxTermLength ? term : term[..(char.IsHighSurrogate(term[MaxTermLength - 1]) ? MaxTermLength - 1 : MaxTermLength)];

    // A lone surrogate becomes U+FFFD, which is no part of a word.
    private static Rune GetRune(string text, int index) =>
        Rune.TryGetRuneAt(text, index, out var rune) ? rune : Rune.ReplacementChar;

    private static bool IsPartOfWord(Rune rune) => Rune.GetUnicodeCategory(rune) is
        UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter
        or UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber
        or UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark;

    // Soft hyphens and joiners inside a word are left out.
    private static bool IsIgnored(Rune rune) => Rune.GetUnicodeCategory(rune) == UnicodeCategory.Format;

    // Marks that are left out of a word: accents of Latin, Greek and Cyrillic letters, points of Hebrew and Arabic, and variation selectors. Other
    // marks are vowels, which belong to the word.
    private static bool IsAccent(int value) => value
        is (>= 0x0300 and <= 0x036F) or (>= 0x0483 and <= 0x0489) or (>= 0x0591 and <= 0x05C7) or (>= 0x0610 and <= 0x061A) or (>= 0x064B and <= 0x065F) or 0x0670
        or (>= 0x1AB0 and <= 0x1AFF) or (>= 0x1DC0 and <= 0x1DFF) or (>= 0x20D0 and <= 0x20FF) or (>= 0xFE00 and <= 0xFE0F) or (>= 0xFE20 and <= 0xFE2F) or (>= 0xE0100 and <= 0xE01EF);

    private static bool IsUnspaced(Rune rune)
    {
        if (rune.Value < Unspaced[0].First)
            return false;
        foreach (var (first, last) in Unspaced)
        {
            if (rune.Value >= first && rune.Value <= last)
                return true;
        }

        return false;
    }
}
