using System.Collections.Frozen;
using System.Text;

namespace RawSocketChat.Server.Sessions;

/// <summary>
/// Letters that look like other letters. This table folds more letters than <see cref="UnicodeConfusables"/>, for example those with strokes and
/// hooks. Each line of the table begins with a letter: the prototype. The letters that look like the prototype follow, grouped by script. The
/// table contains:
/// <list type="bullet">
/// <item>All look-alikes from the scripts whose letters can spell a Latin word: Latin itself with its strokes, hooks and small capitals,
/// Greek, Cyrillic, Armenian, Cherokee, Coptic, Lisu, Canadian syllabics and Tifinagh.</item>
/// <item>From the other scripts, only the letters that look like a ring or a bar.</item>
/// <item>Similar letters within Arabic, and letters of Han and the kana that look like each other.</item>
/// </list>
/// The table does not contain letters that NFKC replaces by plain letters (wide, mathematical, circled, Roman numerals), letters that
/// differ only by marks (<see cref="NameSkeleton"/> removes the marks), and scripts that names cannot contain (<see cref="NameScripts"/>).
/// Capital and small letters are listed separately, because they can look like different prototypes: Greek <c>Ν</c> looks like N, but
/// <c>ν</c> looks like v.
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

    private static readonly FrozenDictionary<Rune, string> Prototypes = ParseTable().ToFrozenDictionary(entry => entry.Letter, entry => entry.Prototype);

    /// <summary>The prototype that a letter looks like; null if the letter is not in the table.</summary>
    public static string? GetPrototype(Rune letter) => Prototypes.GetValueOrDefault(letter);

    /// <summary>Reads the table: each letter with its prototype and its script.</summary>
    internal static IEnumerable<(Rune Letter, string Prototype, string Script)> ParseTable()
    {
        foreach (var line in Table.Split('\n'))
        {
            var prototype = line[..line.IndexOf(' ', StringComparison.Ordinal)];
            foreach (var part in line[prototype.Length..].Split('|'))
            {
                var words = part.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                foreach (var letter in words.Skip(1).Select(word => Rune.GetRuneAt(word, 0)))
                {
                    yield return (letter, prototype, words[0]);
                    // Each small letter of Cherokee looks like its capital letter. Unicode has two blocks of small letters.
                    if (letter.Value is >= CherokeeCapitals and < CherokeeCapitals + 80)
                        yield return (new Rune(letter.Value - CherokeeCapitals + CherokeeSmall), prototype, words[0]);
                    else if (letter.Value is >= CherokeeCapitals + 80 and < CherokeeCapitals + 86)
                        yield return (new Rune(letter.Value + 8), prototype, words[0]);
                }
            }
        }
    }
}
