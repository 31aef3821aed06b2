using System.Collections.Frozen;
using System.Globalization;

namespace RawSocketChat.Protocol.Chat;

/// <summary>
/// The rule for the emoji of a reaction: exactly one emoji that Unicode recommends for general interchange (RGI, Unicode TS 51), such as a
/// face, a flag, a keycap, or a family that is joined from several characters. <see cref="EmojiTable"/> names the Unicode version. Thread-safe.
/// </summary>
public static class EmojiRule
{
    private const char VariationSelector = '\uFE0F';
    private const char Joiner = '\u200D';

    // The longest emoji has 15 UTF-16 units. A client may add a variation selector after each of its characters, and the text still stays below this maximum.
    private const int MaxLength = 32;

    private static readonly string[] Tones = ["🏻", "🏼", "🏽", "🏾", "🏿"];

    // Maps each emoji without variation selectors to its full form.
    private static readonly FrozenDictionary<string, string>.AlternateLookup<ReadOnlySpan<char>> Known =
        CreateAll().ToFrozenDictionary(RemoveSelectors, StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>
    /// Returns whether the text is exactly one emoji. Keyboards and programs often omit the variation selector U+FE0F, or add one that is not
    /// needed. Such a text is accepted, and <paramref name="emoji"/> is the form that Unicode calls fully-qualified. So two users who react
    /// with the same emoji have the same text. A single skin tone, hair component or regional indicator is not accepted.
    /// </summary>
    /// <param name="text">The text, of any length.</param>
    /// <param name="emoji">The emoji in its full form; empty if the result is false.</param>
    public static bool TryNormalize(string text, out string emoji)
    {
        ArgumentNullException.ThrowIfNull(text);
        emoji = "";
        if (text.Length > MaxLength)
            return false;
        Span<char> key = stackalloc char[MaxLength];
        var length = 0;
        foreach (var c in text)
        {
            if (c != VariationSelector)
                key[length++] = c;
        }
        if (!Known.TryGetValue(key[..length], out var known))
            return false;
        emoji = known;
        return true;
    }

    /// <summary>Creates all emoji in their full form.</summary>
    internal static IEnumerable<string> CreateAll()
    {
        foreach (var flag in Split(EmojiTable.Flags))
            yield return string.Concat(flag.Select(letter => char.ConvertFromUtf32(0x1F1E6 + letter - 'A')));
        foreach (var part in Split(EmojiTable.Subdivisions))
            yield return "🏴" + string.Concat(part.Select(letter => char.ConvertFromUtf32(0xE0061 + letter - 'a'))) + char.ConvertFromUtf32(0xE007F);
        foreach (var key in "0123456789#*")
            yield return string.Create(CultureInfo.InvariantCulture, $"{key}{VariationSelector}\u20E3");
        foreach (var pattern in Split(EmojiTable.Patterns))
        {
            foreach (var emoji in Expand(pattern.Replace('+', Joiner).Replace('~', VariationSelector)))
                yield return emoji;
        }
    }

    // A pattern has at most two places for a skin tone.
    private static IEnumerable<string> Expand(string pattern)
    {
        var first = pattern.IndexOf('@');
        if (first < 0)
            return [pattern];
        var second = pattern.IndexOfAny(['@', '≠'], first + 1);
        return from tone in Tones
               from other in second < 0 ? [""] : pattern[second] == '@' ? Tones : Tones.Where(each => each != tone)
               select second < 0
                   ? pattern[..first] + tone + pattern[(first + 1)..]
                   : pattern[..first] + tone + pattern[(first + 1)..second] + other + pattern[(second + 1)..];
    }

    private static string RemoveSelectors(string emoji) => emoji.Contains(VariationSelector)
        ? emoji.Replace(VariationSelector.ToString(), "", StringComparison.Ordinal)
        : emoji;

    private static string[] Split(string table) => table.Split((char[])[' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries);
}
