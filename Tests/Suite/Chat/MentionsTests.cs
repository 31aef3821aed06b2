using CsCheck;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Sessions;

namespace RawSocketChat.Tests.Chat;

/// <summary>Finding the names that a message mentions.</summary>
public class MentionsTests
{
    [TestCase("@ann", "ann")]
    [TestCase("@Ann: hello", "Ann")]
    [TestCase("hello, @ann!", "ann")]
    [TestCase("(@ann)", "ann")]
    [TestCase("\"@ann\"", "ann")]
    [TestCase("*@ann*", "ann")]
    [TestCase("@ann’s idea", "ann")]
    [TestCase("@ann, @bob and @carl", "ann,bob,carl")]
    [TestCase("@ann/@bob", "ann,bob")]
    [TestCase("ask\n@ann\tnow", "ann")]
    [TestCase("@ann.", "ann")]
    [TestCase("@ann...", "ann")]
    [TestCase("@ann-", "ann")]
    [TestCase("@ann_", "ann_")]
    [TestCase("@ann-marie.b_c", "ann-marie.b_c")]
    [TestCase("@7of9", "7of9")]
    [TestCase("@José", "José")]
    [TestCase("@jose\u0301", "josé")]
    [TestCase("@Ｗide", "Wide")]
    [TestCase("@李小龙，你好", "李小龙")]
    [TestCase("@अनिल!", "अनिल")]
    [TestCase("@𝒜nn", "Ann")]
    [TestCase("👍@ann", "ann")]
    [TestCase("@here", "here")]
    [TestCase("@\"ann\" hi", "ann")]
    [TestCase("@\"ann smith\" hi", "ann smith")]
    [TestCase("@“ann smith” hi", "ann smith")]
    [TestCase("@\"ann.\"", "ann.")]
    [TestCase("@\"ann smith\"@bob", "ann smith,bob")]
    [TestCase("@\"ann and @bob", "bob")]
    [TestCase("see http://a.test, @ann", "ann")]
    [TestCase("`x` @ann", "ann")]
    [TestCase("it`s @ann", "ann")]
    [TestCase("`\n@ann`", "ann")]
    [TestCase("```\nx\n```@ann", "ann")]
    [TestCase("``` @ann", "ann")]
    [TestCase("``@ann``", "ann")]
    public void Name_after_an_at_sign_is_found(string text, string names) =>
        Mentions.FindNames(text, 10).Should().Equal(names.Split(','));

    [TestCase("")]
    [TestCase("ann")]
    [TestCase("@")]
    [TestCase("@ ann")]
    [TestCase("@@ann")]
    [TestCase("@_ann")]
    [TestCase("@.ann")]
    [TestCase("@-")]
    [TestCase("@!ann")]
    [TestCase("@\"\"")]
    [TestCase("@\" \"")]
    [TestCase("@\"a;b\"")]
    [TestCase("@\"ann\nsmith\"")]
    [TestCase("@\u0301ann")]
    [TestCase("@\u3164")]
    [TestCase("a@b.c")]
    [TestCase("ann@localhost")]
    [TestCase("<ann@a.test>")]
    [TestCase("é@ann")]
    [TestCase("e\u0301@ann")]
    [TestCase("𝒜@ann")]
    [TestCase("_@ann")]
    [TestCase("+@ann.test")]
    [TestCase("@ann@a.test")]
    [TestCase("`@ann`")]
    [TestCase("```@ann```")]
    [TestCase("```\n@ann\n```")]
    [TestCase("```js\n@ann\n```")]
    [TestCase("```js\n```\n@ann\n```")]
    [TestCase("http://a.test/@ann")]
    [TestCase("https://@ann")]
    [TestCase("ftp://a.test/@ann")]
    [TestCase("WWW.a.test/@ann")]
    public void Text_without_a_mention_has_no_names(string text) => Mentions.FindNames(text, 10).Should().BeEmpty();

    [Test]
    public void Each_name_is_found_once_whatever_its_case() =>
        Mentions.FindNames("@ann @ANN @Ann @jose\u0301 @JOSÉ @bob", 10).Should().Equal("ann", "josé", "bob");

    [Test]
    public void No_more_names_than_the_maximum_are_found()
    {
        Mentions.FindNames("@ann @ann @bob @carl", 2).Should().Equal("ann", "bob");
        Mentions.FindNames("@ann", 0).Should().BeEmpty();
    }

    [Test]
    public void Name_can_be_as_long_as_a_user_name()
    {
        var longest = new string('x', NameRule.MaxCharacters);
        Mentions.FindNames("@" + longest, 10).Should().Equal(longest);
        var widest = string.Concat(Enumerable.Repeat("𐐀", NameRule.MaxCharacters));
        Mentions.FindNames("@" + widest, 10).Should().Equal(widest);
        Mentions.FindNames("@" + new string('x', 65), 10).Should().BeEmpty();
        Mentions.FindNames("@\"" + new string('x', 65) + "\"", 10).Should().BeEmpty();
    }

    [Test]
    public void Text_without_an_at_sign_allocates_nothing()
    {
        var text = new string('x', 8_000);
        Mentions.FindNames(text, 10);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Mentions.FindNames(text, 10);
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().Be(0);
    }

    // Each valid name is found in the form that the server stores. A name that ends with a period or a hyphen needs quotation marks.
    [Test]
    public void Every_valid_name_is_found()
    {
        Gen.String[Gen.Char["abzÄßéаяאبगग्你ー😀0-_. "], 1, NameRule.MaxCharacters].Sample(text =>
        {
            if (NameRule.Accept(text, out _) is not { } name)
                return;
            Mentions.FindNames($"hi @\"{text}\", look", 10).Should().Equal(name);
            if (!name.EndsWith('.') && !name.EndsWith('-'))
                Mentions.FindNames($"hi @{text}, look", 10).Should().Equal(name);
        });
    }

    [Test]
    public void Names_found_in_any_text_are_not_empty_and_contain_no_at_sign_or_backtick()
    {
        Gen.OneOf(Gen.String, Gen.String[Gen.Char["@a \n`\"“”._-:/w\ud83d\udc4d\u0301"], 0, 60]).Sample(text =>
        {
            foreach (var name in Mentions.FindNames(text, int.MaxValue))
                name.Should().NotBeEmpty().And.NotContain("@").And.NotContain("`");
        });
    }

    // The text has a million characters. A linear search takes a fraction of a second. A quadratic search would take much longer than MaxTime allows.
    [TestCase("@")]
    [TestCase("@a")]
    [TestCase("@a ")]
    [TestCase("@\"")]
    [TestCase("@\"a b\"")]
    [TestCase("@\"a ")]
    [TestCase("`")]
    [TestCase("`@")]
    [TestCase("```@")]
    [TestCase("```a\n@")]
    [TestCase("```a\n```")]
    [TestCase("````a\n")]
    [TestCase("://@")]
    [TestCase("@a.")]
    [TestCase("@-")]
    [MaxTime(5_000)]
    public void Time_is_linear_in_the_length_of_the_text(string part)
    {
        var text = string.Concat(Enumerable.Repeat(part, 1_000_000 / part.Length)) + "@";
        Mentions.FindNames(text, int.MaxValue).Should().HaveCountLessThan(3);
    }
}
