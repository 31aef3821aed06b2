namespace RawSocketChat.Protocol.Chat;

/// <summary>Finds the known word that is most similar to a mistyped word.</summary>
public static class NearestWord
{
    /// <summary>The maximum number of words that <see cref="FindInMany"/> compares letter by letter.</summary>
    public const int MaxCompared = 1000;

    // Names and commands have at most 64 characters. A longer word is not compared.
    private const int MaxLength = 64;

    // The maximum number of edits. A word that needs more edits is another word, not a mistyped one. The time of a comparison is proportional to
    // the word's length times this number.
    private const int MaxEdits = 3;

    /// <summary>
    /// Finds the known word that is most similar to <paramref name="word"/>, ignoring case. Returns null if none is similar. A known
    /// word is similar if it begins with <paramref name="word"/>, or if a few edits turn it into <paramref name="word"/>. An edit adds,
    /// removes or changes a letter, or swaps two neighbours. A word of up to 4 letters allows one edit, a word of 5 to 7 letters two edits, and a longer word three edits. If several
    /// words need the same number of edits, a word with the same first letter wins, else the first word.
    /// </summary>
    public static string? Find(string word, IEnumerable<string> known)
    {
        ArgumentNullException.ThrowIfNull(word);
        ArgumentNullException.ThrowIfNull(known);
        return Find(word, known, int.MaxValue, out _);
    }

    /// <summary>
    /// Like <see cref="Find(string, IEnumerable{string})"/>, but for a long list that clients can extend. Only words for which
    /// <see cref="MayBeSimilar"/> is true are compared, and at most the first <see cref="MaxCompared"/> of them.
    /// </summary>
    /// <param name="word">The mistyped word.</param>
    /// <param name="known">The words to choose from.</param>
    /// <param name="compared">The number of words that were compared.</param>
    public static string? FindInMany(string word, IEnumerable<string> known, out int compared)
    {
        ArgumentNullException.ThrowIfNull(word);
        return Find(word, known.Where(candidate => MayBeSimilar(word, candidate)), MaxCompared, out compared);
    }

    /// <summary>
    /// Whether a known word may be similar to a mistyped word: it begins with the same letter, and either has about the same length or begins
    /// with the whole mistyped word. This check takes the same short time for all words.
    /// </summary>
    public static bool MayBeSimilar(string word, string known)
    {
        ArgumentNullException.ThrowIfNull(word);
        ArgumentNullException.ThrowIfNull(known);
        return word.Length is >= 2 and <= MaxLength && known.Length is > 0 and <= MaxLength
            && char.ToUpperInvariant(word[0]) == char.ToUpperInvariant(known[0])
            && (Math.Abs(word.Length - known.Length) <= MaxEdits || known.StartsWith(word, StringComparison.OrdinalIgnoreCase));
    }

    private static string? Find(string word, IEnumerable<string> known, int maxCompared, out int compared)
    {
        compared = 0;
        if (word.Length is < 2 or > MaxLength)
            return null;
        var typed = word.ToUpperInvariant();
        var allowed = Math.Clamp((typed.Length + 1) / 3, 1, MaxEdits);
        string? best = null;
        var bestScore = int.MaxValue;
        foreach (var candidate in known)
        {
            if (candidate.Length is 0 or > MaxLength)
                continue;
            if (compared == maxCompared)
                break;
            compared++;
            var score = GetScore(typed, candidate.ToUpperInvariant(), allowed);
            if (score < bestScore)
                (best, bestScore) = (candidate, score);
        }
        return best;
    }

    // The candidate with the lowest score wins. If several candidates have this score, the first one wins. The score is twice the number
    // of edits, plus 1 if the first letters differ. A known word that begins with the typed word has the score 3. So for
    // /hist, both /history and /list have the score 3. /history wins, because Commands.KnownNames lists command names before aliases.
    private static int GetScore(string typed, string candidate, int allowed)
    {
        var firstLetter = typed[0] == candidate[0] ? 0 : 1;
        if (Math.Abs(typed.Length - candidate.Length) <= allowed)
        {
            var slips = GetEditDistance(typed, candidate, allowed);
            if (slips <= allowed)
                return (slips * 2) + firstLetter;
        }
        return candidate.StartsWith(typed, StringComparison.Ordinal) ? 3 : int.MaxValue;
    }

    // The Levenshtein distance, with two swapped neighbours as one edit (optimal string alignment). This method keeps only three rows
    // of the table. In each row, it computes only the cells that are at most "max" cells away from the diagonal. Returns max + 1 if the distance is
    // greater than max.
    private static int GetEditDistance(string a, string b, int max)
    {
        Span<int> beforeLast = stackalloc int[b.Length + 1];
        Span<int> last = stackalloc int[b.Length + 1];
        Span<int> row = stackalloc int[b.Length + 1];
        for (var j = 0; j <= b.Length; j++)
            last[j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            row.Fill(max + 1);
            row[0] = i;
            var least = i;
            for (var j = Math.Max(1, i - max); j <= Math.Min(b.Length, i + max); j++)
            {
                var changed = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                row[j] = Math.Min(changed, Math.Min(last[j], row[j - 1]) + 1);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                    row[j] = Math.Min(row[j], beforeLast[j - 2] + 1);
                least = Math.Min(least, row[j]);
            }

            // No later row has a smaller number, so the distance is too great.
            if (least > max)
                return max + 1;
            var free = beforeLast;
            beforeLast = last;
            last = row;
            row = free;
        }
        return Math.Min(last[b.Length], max + 1);
    }
}
