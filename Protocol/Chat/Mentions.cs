using System.Buffers;
using System.Globalization;
using System.Text;

namespace RawSocketChat.Protocol.Chat;

/// <summary>
/// Finds the names that a message mentions: <c>@ann</c>, and <c>@"ann smith"</c> with blanks. A mention is a whole word. Names in code, in
/// addresses of pages and in mail addresses do not count. Thread-safe.
/// </summary>
public static class Mentions
{
    // A name has at most 32 characters, of at most two UTF-16 units each.
    private const int MaxNameLength = 64;

    private const string Fence = "```";

    private static readonly SearchValues<char> LanguageCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+#.-");

    /// <summary>
    /// Returns the names after <c>@</c> in a text, in their order, in the Unicode form NFKC. Names that differ only in case count as one name,
    /// and each name is returned once. The caller decides whether there is a user of this name. For <c>@here</c>, it returns the name <c>here</c>.
    /// The time is linear in the length of the text. A text without <c>@</c> allocates nothing.
    /// </summary>
    /// <param name="text">The text of a message.</param>
    /// <param name="max">The maximum number of names. Further ones are ignored.</param>
    public static IReadOnlyList<string> FindNames(string text, int max)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (max <= 0 || !text.Contains('@'))
            return [];
        var scanner = new Scanner(text);
        List<string>? names = null;
        HashSet<string>? seen = null;
        while (names is null || names.Count < max)
        {
            if (scanner.FindNext() is not { } found)
                break;
            var name = found.IsNormalized(NormalizationForm.FormKC) ? found : found.Normalize(NormalizationForm.FormKC);
            if ((seen ??= new HashSet<string>(StringComparer.OrdinalIgnoreCase)).Add(name))
                (names ??= []).Add(name);
        }
        return names is null ? [] : names;
    }

    /// <summary>Reads a text from left to right. It looks at each character only a few times.</summary>
    private ref struct Scanner(string text)
    {
        private int _index;
        private int _wordStart;         // the start of the word that contains _index; white space and code separate words
        private int _wordEnd = -1;      // the end of the word that _isAddress describes
        private bool _isAddress;

        /// <summary>Returns the next name, or null at the end of the text.</summary>
        public string? FindNext()
        {
            while (_index < text.Length)
            {
                var c = text[_index];
                if (c == '`')
                {
                    _index = SkipCode();
                    _wordStart = _index;
                }
                else if (c == '@' && ReadName() is { } name)
                    return name;
                else if (c != '@')
                {
                    _index++;
                    if (char.IsWhiteSpace(c))
                        _wordStart = _index;
                }
            }
            return null;
        }

        // Reads the name after the @ at _index. Returns null if there is none. Moves _index to the first character that it has not read.
        private string? ReadName()
        {
            var at = _index++;
            if (IsInAddress(at) || (at > 0 && (text[at - 1] == '@' || IsWord(GetRuneBefore(at)))))
                return null;
            if (_index < text.Length && text[_index] is '"' or '“')
                return ReadQuoted();

            var end = _index;
            while (TryGetRune(end, out var rune) && IsNameCharacter(rune))
                end += rune.Utf16SequenceLength;
            var start = _index;
            _index = end;
            var name = text.AsSpan(start, end - start).TrimEnd(".-");
            // A mailbox (ann@example.org) and a name of another network (@ann@example.org) are not mentions.
            var isMailbox = (end + 1 < text.Length && text[end] == '@' && TryGetRune(end + 1, out var next) && IsWord(next))
                || (at > 0 && IsMailboxCharacter(text[at - 1]) && name.Contains('.'));
            return !isMailbox && IsName(name) ? name.ToString() : null;
        }

        // Reads the name in quotation marks at _index.
        private string? ReadQuoted()
        {
            var start = _index + 1;
            var mark = text[_index] == '"' ? '"' : '”';
            var length = text.AsSpan(start, Math.Min(MaxNameLength + 1, text.Length - start)).IndexOf(mark);
            if (length < 0)
                return null;
            var name = text.AsSpan(start, length);
            foreach (var rune in name.EnumerateRunes())
            {
                if (rune.Value != ' ' && !IsNameCharacter(rune))
                    return null;
            }
            name = name.Trim(' ');
            if (!IsName(name))
                return null;
            _index = _wordStart = start + length + 1;
            return name.ToString();
        }

        // Whether the word that contains the @ is the address of a page. The word ends at white space or at a backtick.
        private bool IsInAddress(int at)
        {
            if (at < _wordEnd)
                return _isAddress;
            _wordEnd = at;
            while (_wordEnd < text.Length && text[_wordEnd] != '`' && !char.IsWhiteSpace(text[_wordEnd]))
                _wordEnd++;
            var word = text.AsSpan(_wordStart, _wordEnd - _wordStart);
            _isAddress = word.Contains("://", StringComparison.Ordinal) || word.StartsWith("www.", StringComparison.OrdinalIgnoreCase);
            return _isAddress;
        }

        // Returns the end of the code that begins with the backtick at _index, or the next index if this backtick begins no code. The page
        // has the same rules (message-text.mjs).
        private readonly int SkipCode()
        {
            if (text.AsSpan(_index).StartsWith(Fence) && FindClosingFence(_index + Fence.Length) is var fence and >= 0)
                return fence + Fence.Length;
            var next = _index + 1;
            if (_index > 0 && text[_index - 1] == '`')
                return next;
            var length = text.AsSpan(next).IndexOfAny('`', '\n');
            var end = next + length;
            var isSpan = length > 0 && text[end] == '`' && (end + 1 == text.Length || text[end + 1] != '`');
            return isSpan ? end + 1 : next;
        }

        // The name of a language may follow the opening fence, on the same line. If there is no such name, the code begins directly after the fence.
        private readonly int FindClosingFence(int afterFence)
        {
            var length = text.AsSpan(afterFence).IndexOfAnyExcept(LanguageCharacters);
            var afterLanguage = length < 0 ? text.Length : afterFence + length;
            var isLanguage = afterLanguage < text.Length && text[afterLanguage] == '\n';
            var fence = isLanguage ? FindFence(afterLanguage + 2) : -1;
            return fence >= 0 ? fence : FindFence(afterFence + 1);
        }

        // Returns -1 if the text has no fence from this index on. Then only the next three characters can still begin a fence, so the scanner searches
        // this rest only a few more times, and the time stays linear.
        private readonly int FindFence(int from) => from < text.Length ? text.IndexOf(Fence, from, StringComparison.Ordinal) : -1;

        private readonly bool TryGetRune(int index, out Rune rune)
        {
            rune = default;
            return index < text.Length && Rune.TryGetRuneAt(text, index, out rune);
        }

        private readonly Rune GetRuneBefore(int index) =>
            Rune.TryGetRuneAt(text, index >= 2 && char.IsLowSurrogate(text[index - 1]) ? index - 2 : index - 1, out var rune) ? rune : Rune.ReplacementChar;

        private static bool IsName(ReadOnlySpan<char> name) =>
            name.Length is > 0 and <= MaxNameLength && Rune.DecodeFromUtf16(name, out var first, out _) == OperationStatus.Done && IsLetterOrNumber(first);
    }

    private static bool IsNameCharacter(Rune rune) => rune.Value is '.' or '-' || IsWord(rune);

    private static bool IsWord(Rune rune) => (rune.Value == '_' || IsLetterOrNumber(rune) || IsMark(rune)) && !TextRule.IsInvisible(rune);

    private static bool IsLetterOrNumber(Rune rune) => Rune.IsLetter(rune) || Rune.IsNumber(rune);

    private static bool IsMark(Rune rune) =>
        Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark;

    // RFC 5322, section 3.2.3: the characters of a mailbox other than letters and digits.
    private static bool IsMailboxCharacter(char c) => "!#$%&'*+-/=?^_`{|}~.".Contains(c);
}
