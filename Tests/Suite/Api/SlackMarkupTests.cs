using RawSocketChat.Server.Api;

namespace RawSocketChat.Tests.Api;

public sealed class SlackMarkupTests
{
    [TestCase("<https://x.example|label>", "label (https://x.example)")]
    [TestCase("<https://x.example>", "https://x.example")]
    [TestCase("<https://x.example|https://x.example>", "https://x.example")]
    [TestCase("<https://x.example?a=1&amp;b=2|a &lt; b>", "a < b (https://x.example?a=1&b=2)")]
    [TestCase("<mailto:ann@example.org|ann@example.org>", "ann@example.org")]
    [TestCase("<mailto:ann@example.org|write to ann>", "write to ann (ann@example.org)")]
    [TestCase("<@U024BE7LH> and <@U024BE7LH|ann>", "@U024BE7LH and @ann")]
    [TestCase("<#C024BE7LR|general>", "#general")]
    [TestCase("<!here> <!channel|@channel>", "@here @channel")]
    [TestCase("<!subteam^S1|@crew> <!subteam^S1>", "@crew @subteam")]
    [TestCase("<!date^1392734382^{date}|18 Feb 2014>", "18 Feb 2014")]
    [TestCase("&lt;b&gt; &amp;lt; &quot;", "<b> &lt; &quot;")]
    [TestCase("a < b and b > a", "a < b and b > a")]
    [TestCase("List<string> <>", "List<string> <>")]
    [TestCase("<a <https://x.example|y>", "<a y (https://x.example)")]
    [TestCase("<https://x.example", "<https://x.example")]
    [TestCase("*bold* `code` ~gone~", "*bold* `code` ~gone~")]
    [TestCase("", "")]
    public void Markup_becomes_plain_text(string markup, string text) => SlackMarkup.Decode(markup).Should().Be(text);
}
