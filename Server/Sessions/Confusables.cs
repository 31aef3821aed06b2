using System.Collections.Frozen;
using System.Text;

namespace RawSocketChat.Server.Sessions;

/// <summary>
/// Letters that can be taken for others: the part of Unicode TS 39's confusables that names can hold. A line begins with
/// the letters that are looked like; then come those that look like them, by their script.
/// <list type="bullet">
/// <item>All scripts whose letters can spell a Latin word: Latin itself with its strokes, hooks and small capitals, Greek,
/// Cyrillic, Armenian, Cherokee, Coptic, Lisu, Canadian syllabics and Tifinagh; elsewhere the rings and the bars.</item>
/// <item>Pairs within Arabic, and between Han and the kana.</item>
/// <item>Not here: what NFKC makes a plain letter (wide, mathematical, circled, Roman numerals), what differs by marks
/// (<see cref="NameSkeleton"/> drops those), and scripts that no name may have (<see cref="NameScripts"/>).</item>
/// </list>
/// A letter stands here in the case in which it looks so: Greek <c>Ν</c> like N, but <c>ν</c> like v.
/// </summary>
internal static class Confusables
{
    private const int CherokeeCapitals = 0x13A0;
    private const int CherokeeSmall = 0xAB70;

    internal const string Table = """
        -  Han 一 | Katakana ー | Hangul ᅳ
        2  Latin ƨ Ƨ | Canadian ᒿ
        3  Latin ʒ Ʒ ȝ Ȝ ɜ | Cyrillic З з Ӡ ӡ
        4  Cherokee Ꮞ
        6  Cyrillic б
        8  Latin ȣ Ȣ
        a  Latin ɑ Ɑ ᴀ ɐ Ɐ Ⱥ ⱥ | Greek Α α | Cyrillic А а | Cherokee Ꭺ | Coptic Ⲁ ⲁ | Lisu ꓮ | Canadian ᗩ ᗅ
        b  Latin ʙ ɓ Ɓ ƀ Ƀ ƃ Ƃ ƅ Ƅ | Greek Β β | Cyrillic В в Ь ь Ъ ъ | Cherokee Ꮟ Ᏼ | Coptic Ⲃ ⲃ | Lisu ꓐ | Canadian ᗷ ᑲ
        c  Latin ᴄ ƈ Ƈ ȼ Ȼ ɕ | Cyrillic С с Ҫ ҫ | Cherokee Ꮯ | Coptic Ⲥ ⲥ | Lisu ꓚ | Canadian ᑕ
        d  Latin ᴅ đ Đ ð Ð ɖ Ɖ ɗ Ɗ ƌ Ƌ ȡ | Cyrillic Ԁ ԁ | Cherokee Ꭰ | Lisu ꓓ | Canadian ᗪ ᗞ ᑯ
        e  Latin ᴇ ɇ Ɇ ɛ Ɛ | Greek Ε ε | Cyrillic Е е Є є Ҽ ҽ Ҿ ҿ | Cherokee Ꭼ | Coptic Ⲉ ⲉ | Lisu ꓰ | Canadian ᗴ | Tifinagh ⴹ
        f  Latin ꜰ ƒ Ƒ | Greek Ϝ ϝ | Armenian ք | Lisu ꓝ | Canadian ᖴ
        g  Latin ɡ ɢ ɠ Ɠ ǥ Ǥ | Cyrillic Ԍ ԍ | Armenian ց | Cherokee Ꮐ Ᏻ | Lisu ꓖ
        h  Latin ʜ ħ Ħ ɦ ɧ ⱨ Ⱨ | Greek Η | Cyrillic Н н Һ һ Ң ң Ҥ ҥ Ӈ ӈ Ӊ ӊ Ћ ћ ђ | Armenian հ | Cherokee Ꮋ Ꮒ | Coptic Ⲏ ⲏ | Lisu ꓧ | Canadian ᕼ
        j  Latin ȷ ᴊ ɉ Ɉ ʝ | Greek Ϳ ϳ | Cyrillic Ј ј | Armenian յ | Cherokee Ꭻ | Lisu ꓙ | Canadian ᒍ
        k  Latin ᴋ ƙ Ƙ ĸ ⱪ Ⱪ | Greek Κ κ | Cyrillic К к Қ қ Ҝ ҝ Ҡ ҡ Ӄ ӄ | Cherokee Ꮶ | Coptic Ⲕ ⲕ | Lisu ꓗ
        l  Latin ı ɪ ɨ Ɨ ɩ Ɩ ʟ ł Ł ƚ Ƚ ɫ Ɫ ɬ ɭ ǀ | Greek Ι ι | Cyrillic І і Ӏ ӏ | Armenian Լ լ ւ | Cherokee Ꭵ Ꮮ | Coptic Ⲓ ⲓ | Lisu ꓡ ꓲ | Canadian ᒪ | Tifinagh ⵏ | NKo ߊ | Hebrew ו ן | Arabic ا ١ ۱ | Hangul ᅵ | Han 丨
        m  Latin ᴍ ɱ Ɱ | Greek Μ | Cyrillic М м | Cherokee Ꮇ | Coptic Ⲙ ⲙ | Lisu ꓟ | Canadian ᗰ
        n  Latin ɴ ɲ Ɲ ƞ Ƞ ŋ Ŋ ɳ | Greek Ν η | Cyrillic П п | Armenian ո ղ | Coptic Ⲛ ⲛ | Lisu ꓠ | Canadian ᑎ
        o  Latin ᴏ ø Ø ɵ Ɵ | Greek Ο ο σ | Cyrillic О о Ө ө Ѳ ѳ | Armenian Օ օ | Cherokee Ꮻ | Coptic Ⲑ ⲑ Ⲟ ⲟ | Lisu ꓳ | Canadian ᗝ | Tifinagh ⵔ | NKo ߀ | Hebrew ס | Arabic ه ە ہ ھ ٥ ۵ | Devanagari ० | Bengali ০ | Gurmukhi ੦ | Gujarati ૦ | Oriya ୦ ଠ | Tamil ௦ | Telugu ౦ | Kannada ೦ | Malayalam ൦ ഠ | Thai ๐ | Lao ໐ | Myanmar ၀ ဝ | Khmer ០ | Ethiopic ዐ | Hangul ᄋ
        p  Latin ᴘ ƥ Ƥ Ᵽ ᵽ ƿ Ƿ | Greek Ρ ρ | Cyrillic Р р Ҏ ҏ | Cherokee Ꮲ | Coptic Ⲣ ⲣ | Lisu ꓑ | Canadian ᑭ
        q  Latin ɋ Ɋ ʠ | Cyrillic Ԛ ԛ | Armenian գ զ | Canadian ᑫ
        r  Latin ʀ ɍ Ɍ ɼ ɽ Ɽ ɾ | Cyrillic г | Cherokee Ꭱ Ꮢ | Lisu ꓣ | Canadian ᖇ
        s  Latin ꜱ ʂ ȿ ƽ Ƽ | Cyrillic Ѕ ѕ | Armenian Տ | Cherokee Ꮪ Ꮥ | Lisu ꓢ | Canadian ᔕ
        t  Latin ᴛ ŧ Ŧ ƫ ƭ Ƭ ʈ Ʈ ⱦ Ⱦ | Greek Τ τ | Cyrillic Т т Ҭ ҭ | Cherokee Ꭲ | Coptic Ⲧ ⲧ | Lisu ꓔ
        u  Latin ᴜ ʉ Ʉ | Greek υ μ | Armenian Ս ս | Lisu ꓴ | Canadian ᑌ | Ethiopic ሀ
        v  Latin ᴠ ʋ Ʋ ⱱ | Greek ν | Cyrillic Ѵ ѵ | Cherokee Ꮩ | Lisu ꓦ | Canadian ᐯ | Tifinagh ⴸ
        w  Latin ᴡ ⱳ Ⱳ | Greek ω | Cyrillic Ԝ ԝ Ѡ ѡ Ш ш | Armenian ա | Cherokee Ꮃ Ꮤ | Coptic Ⲱ ⲱ | Lisu ꓪ | Canadian ᗯ
        x  Greek Χ χ | Cyrillic Х х Ҳ ҳ | Coptic Ⲭ ⲭ | Lisu ꓫ | Canadian ᕁ ᕽ | Tifinagh ⵅ
        y  Latin ʏ ƴ Ƴ ɏ Ɏ | Greek Υ γ | Cyrillic У у Ү ү Ұ ұ | Georgian ყ | Cherokee Ꭹ Ꮍ | Coptic Ⲩ ⲩ | Lisu ꓬ
        z  Latin ᴢ ƶ Ƶ ȥ Ȥ ʐ ⱬ Ⱬ | Greek Ζ | Cherokee Ꮓ | Coptic Ⲍ ⲍ | Lisu ꓜ | Canadian ᘔ
        ə  Latin Ə Ǝ ǝ | Cyrillic Ә ә
        ك  Arabic ک
        ي  Arabic ی ى
        ヘ  Hiragana へ
        リ  Hiragana り
        丿  Katakana ノ
        二  Katakana ニ
        八  Katakana ハ
        力  Katakana カ
        千  Katakana チ
        卜  Katakana ト
        口  Katakana ロ
        夕  Katakana タ
        工  Katakana エ
        才  Katakana オ
        ae  Latin Æ æ | Cyrillic Ӕ ӕ
        oe  Latin Œ œ
        ss  Latin ß ẞ
        """;

    private static readonly FrozenDictionary<Rune, string> Looks = Read().ToFrozenDictionary(entry => entry.Letter, entry => entry.Look);

    /// <summary>What the letter looks like; null where it looks like nothing else.</summary>
    public static string? LookOf(Rune letter) => Looks.GetValueOrDefault(letter);

    internal static IEnumerable<(Rune Letter, string Look, string Script)> Read()
    {
        foreach (var line in Table.Split('\n'))
        {
            var look = line[..line.IndexOf(' ', StringComparison.Ordinal)];
            foreach (var part in line[look.Length..].Split('|'))
            {
                var words = part.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                foreach (var letter in words.Skip(1).Select(word => Rune.GetRuneAt(word, 0)))
                {
                    yield return (letter, look, words[0]);
                    // Cherokee's small letters are its capitals, drawn smaller.
                    if (letter.Value is >= CherokeeCapitals and < CherokeeCapitals + 80)
                        yield return (new Rune(letter.Value - CherokeeCapitals + CherokeeSmall), look, words[0]);
                }
            }
        }
    }
}
