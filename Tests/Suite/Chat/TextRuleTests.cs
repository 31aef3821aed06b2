using RawSocketChat.Protocol.Chat;

namespace RawSocketChat.Tests.Chat;

/// <summary>Texts that show nothing, and texts with control characters.</summary>
public class TextRuleTests
{
    private static readonly string[] Invisible =
    [
        " ", "\n", " \t\n ", "\u00A0", "\u2003", "\u3000", "\u2028", "\u2029",
        "\u2800", "\u200B", "\u200C", "\u200D", "\u200E", "\u202E", "\u2060", "\u2064", "\u2065", "\uFEFF", "\u00AD", "\u034F", "\u061C",
        "\u115F", "\u1160", "\u3164", "\uFFA0", "\u17B4", "\u180B", "\u180E", "\uFE0F", "\uFE00", "\uFFF9", "\U000E0001", "\U000E0041\U000E007F", "\U000E0100",
        "\U0001D173", "\u200B \u2800\n\u3164",
    ];

    private static readonly string[] WithControl = ["\0", "\a", "\u001B[2J", "hi\0", "hi \u001B[31mred", "a\rb", "a\r\nb", "\b", "\v", "\f", "a\u007F", "\u0085", "a\u009B2J"];

    private static readonly string[] Visible =
    [
        "hi", ".", "0", " hi ", "a\nb\tc", "\u200Bhi", "é", "e\u0301", "ห้อง", "हिन्दी", "نص", "ᄒ\u1160", "한", "⠁", "👍", "👍🏽", "❤\uFE0F", "👩\u200D👩\u200D👧\u200D👦", "🏳\uFE0F\u200D🌈",
        "🏴\U000E0067\U000E0062\U000E0065\U000E006E\U000E0067\U000E007F", "1\uFE0F\u20E3", "نمی\u200Cخواهم", "co\u00ADoperate", "🇩🇪",
    ];

    [TestCaseSource(nameof(Invisible))]
    public void Text_that_shows_nothing_is_invalid(string text) => TextRule.FindFault(text).Should().StartWith("shows nothing");

    [TestCaseSource(nameof(WithControl))]
    public void Text_with_a_control_character_is_invalid(string text) => TextRule.FindFault(text).Should().StartWith("contains the control character U+00");

    [TestCaseSource(nameof(Visible))]
    public void Text_that_shows_something_is_valid(string text) => TextRule.FindFault(text).Should().BeNull();

    [Test]
    public void Text_that_breaks_the_rule_is_rejected_in_every_text_field_of_every_request([ValueSource(nameof(RequestsWithText))] string request, [Values("\u2800", "\u001B[2J")] string text)
    {
        var error = Wire.ReadError(request.Replace("TEXT", text.Replace("\u001B", "\\u001b")));

        error.Code.Should().Be(ErrorCode.BadField);
        error.Text.Should().Match(text == "\u2800" ? "*shows nothing*" : "*control character U+001B*");
    }

    [TestCase("\u200B")]
    [TestCase("\u00A0")]
    [TestCase(" \t")]
    [TestCase("hi\a")]
    [TestCase("//\u001B[2J")]
    [TestCase("/say \u3164")]
    [TestCase("/me \u200B")]
    [TestCase("/topic \u2800")]
    [TestCase("/create garden \u200B")]
    [TestCase("/kick bob 60 \u200B")]
    [TestCase("/react 42 \u200D")]
    public void Line_whose_text_breaks_the_rule_is_rejected(string line) => Wire.ReadError(line).Code.Should().Be(ErrorCode.BadField);

    [Test]
    public void Valid_text_is_kept_as_it_was_sent([ValueSource(nameof(Visible))] string text) =>
        Wire.Read(Wire.ToJson(new ClientFrame { Type = ClientFrameType.Say, Text = text })).Text.Should().Be(text);

    [Test]
    public void Empty_topic_is_valid() => Wire.Read("""{"type":"topic","text":""}""").Text.Should().BeEmpty();

    private static readonly string[] RequestsWithText =
    [
        """{"type":"say","text":"TEXT"}""",
        """{"type":"say","text":"TEXT","files":["f-1"]}""",
        """{"type":"edit","seq":42,"text":"TEXT"}""",
        """{"type":"dm","to":"bob","text":"TEXT"}""",
        """{"type":"topic","text":"TEXT"}""",
        """{"type":"create","room":"garden","topic":"TEXT"}""",
        """{"type":"react","seq":42,"emoji":"TEXT"}""",
        """{"type":"kick","user":"bob","reason":"TEXT"}""",
    ];
}
