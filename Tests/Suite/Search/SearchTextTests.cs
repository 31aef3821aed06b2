using RawSocketChat.Server.Search;

namespace RawSocketChat.Tests.Search;

public sealed class SearchTextTests
{
    [TestCase("Lost KEYS, lost!", "lost keys lost")]
    [TestCase("file_name-2 a.b@c", "file name 2 a b c")]
    [TestCase("Crème brûlée Ångström", "creme brulee angstrom")]
    [TestCase("Straße øre Łódź", "strasse ore lodz")]
    [TestCase("ＡＢＣ １２", "abc 12")]
    [TestCase("ΣΊΣΥΦΟΣ Ёлка", "σισυφοσ елка")]
    [TestCase("שָׁלוֹם مُحَمَّد", "שלום محمد")]
    [TestCase("हिन्दी", "हिन्दी")]
    [TestCase("東京", "東 東京 京")]
    [TestCase("東京tower 塔", "東 東京 京 tower 塔")]
    [TestCase("がぎ", "が がぎ ぎ")]
    [TestCase("학교", "학 학교 교")]
    [TestCase("👍 — !?", "")]
    [TestCase("", "")]
    public void Text_is_split_into_words_without_capitals_and_accents(string text, string terms) => SearchText.GetTerms(text).Should().Be(terms);

    [Test]
    public void Every_text_can_be_split_into_words()
    {
        var random = new Random(1);
        for (var i = 0; i < 2_000; i++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(12)).Select(_ => random.Next(3) == 0 ? (char)random.Next(0x10000) : "aé東ก\uD83D\uDC4D -\u0301"[random.Next(9)]));
            foreach (var word in SearchText.Split(text))
            {
                word.Term.Should().NotBeEmpty().And.NotContainAny(" ", "\"", "\0");
                word.End.Should().BeInRange(1, text.Length);
            }
        }
    }

    [TestCase("lost keys", "my lost keys", "lost keys")]
    [TestCase("LOST-KEYS", "my lost, keys", "lost, keys")]
    [TestCase("lost keys", "keys lost", "")]
    [TestCase("東京", "私は東京都に住む", "東京")]
    [TestCase("京", "私は東京都に住む", "京")]
    [TestCase("東京都に", "私は東京都に住む", "東京都に")]
    [TestCase("京東", "私は東京都に住む", "")]
    [TestCase("都tower", "東京都tower", "都tower")]
    [TestCase("cafe", "le Café noir", "Café")]
    [TestCase("กรุงเทพ", "ฉันอยู่กรุงเทพมหานคร", "กรุงเทพ")]
    public void Phrase_is_found_in_a_text(string phrase, string text, string found) =>
        string.Concat(SearchPhrase.Create(phrase)!.FindIn(SearchText.Split(text)).Select(place => text.Substring(place.Start, place.Length))).Should().Be(found);

    [TestCase("")]
    [TestCase("\"*\" ^ - ()")]
    public void No_phrase_is_created_from_a_text_without_a_word(string text) => SearchPhrase.Create(text).Should().BeNull();

    [Test]
    public void Snippet_shows_the_found_words_with_marks()
    {
        Create("Where are\nmy keys? My KEYS!", "keys").Should().Be("Where are my [keys]? My [KEYS]!");
        Create("my lost keys", "lost keys", "keys").Should().Be("my [lost keys]");
        Create("東京都", "東京", "京都").Should().Be("[東京都]");
        Create("no word", "x").Should().Be("no word");
    }

    [Test]
    public void Snippet_of_a_long_text_begins_near_the_first_mark()
    {
        var text = string.Join(' ', Enumerable.Range(1000, 200)) + " keys " + string.Join(' ', Enumerable.Range(2000, 200));
        var snippet = Create(text, "keys");
        snippet.Should().StartWith("…1192 1193").And.Contain("1199 [keys] 2000").And.EndWith("…");
        snippet.Length.Should().BeLessThan(170);
        Create(text + " lock", "lock").Should().StartWith("…").And.EndWith("2199 [lock]");
        Create(text, "1000").Should().StartWith("[1000] 1001").And.EndWith("…");
    }

    [Test]
    public void Snippet_never_cuts_a_character()
    {
        foreach (var length in Enumerable.Range(60, 60))
        {
            var snippet = SnippetBuilder.Create(string.Concat(Enumerable.Repeat("👍", length)) + (length % 2 == 0 ? "" : "x"), []);
            snippet.Text.EnumerateRunes().Should().NotContain(System.Text.Rune.ReplacementChar);
        }
    }

    private static string Create(string text, params string[] phrases)
    {
        var snippet = SnippetBuilder.Create(text, [.. phrases.Select(phrase => SearchPhrase.Create(phrase)!)]);
        var marked = snippet.Text;
        foreach (var (start, length) in snippet.Marks.Reverse())
            marked = marked.Insert(start + length, "]").Insert(start, "[");
        return marked;
    }
}
