namespace RawSocketChat.Protocol.Chat;

/// <summary>Finds what somebody meant who mistyped a word.</summary>
public static class Nearest
{
    // No name or command is longer, and the comparison costs the product of two lengths.
    private const int MaxLength = 64;

    /// <summary>
    /// The known word that is closest to <paramref name="word"/> (without regard to case), or null where none is near: one
    /// slip (a letter added, lost, changed, or two swapped) for every three letters, at least one; or the word is the
    /// beginning of a longer one. Of equally near ones the first wins, but one with the same first letter goes before.
    /// </summary>
    public static string? To(string word, IEnumerable<string> known)
    {
        ArgumentNullException.ThrowIfNull(word);
        ArgumentNullException.ThrowIfNull(known);
        if (word.Length is < 2 or > MaxLength)
            return null;
        var typed = word.ToUpperInvariant();
        var allowed = Math.Max(1, (typed.Length + 1) / 3);
        string? best = null;
        var bestScore = int.MaxValue;
        foreach (var candidate in known)
        {
            if (candidate.Length is 0 or > MaxLength)
                continue;
            var score = Score(typed, candidate.ToUpperInvariant(), allowed);
            if (score < bestScore)
                (best, bestScore) = (candidate, score);
        }
        return best;
    }

    // Twice the number of slips, and one more for another first letter. A mere beginning ranks behind a slip later in the word,
    // but with a slip in the first letter: /hist is /history, not /list.
    private static int Score(string typed, string candidate, int allowed)
    {
        var firstLetter = typed[0] == candidate[0] ? 0 : 1;
        if (Math.Abs(typed.Length - candidate.Length) <= allowed)
        {
            var slips = Slips(typed, candidate);
            if (slips <= allowed)
                return (slips * 2) + firstLetter;
        }
        return candidate.StartsWith(typed, StringComparison.Ordinal) ? 3 : int.MaxValue;
    }

    // Optimal string alignment: Levenshtein's distance with swapped neighbours as one slip. Three rows are enough.
    private static int Slips(string a, string b)
    {
        Span<int> beforeLast = stackalloc int[b.Length + 1];
        Span<int> last = stackalloc int[b.Length + 1];
        Span<int> row = stackalloc int[b.Length + 1];
        for (var j = 0; j <= b.Length; j++)
            last[j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var changed = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                row[j] = Math.Min(changed, Math.Min(last[j], row[j - 1]) + 1);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                    row[j] = Math.Min(row[j], beforeLast[j - 2] + 1);
            }
            var free = beforeLast;
            beforeLast = last;
            last = row;
            row = free;
        }
        return last[b.Length];
    }
}
