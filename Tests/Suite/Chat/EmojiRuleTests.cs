using System.Text;
using CsCheck;
using RawSocketChat.Protocol.Chat;

namespace RawSocketChat.Tests.Chat;

/// <summary>The rule accepts a text that is exactly one emoji, and refuses other texts.</summary>
public class EmojiRuleTests
{
    private static readonly string[] All = [.. EmojiRule.CreateAll()];

    [TestCase("👍")]
    [TestCase("😀")]
    [TestCase("❤️")]
    [TestCase("👍🏽", TestName = "An emoji with a skin tone")]
    [TestCase("☝🏿")]
    [TestCase("#️⃣", TestName = "The keycap #")]
    [TestCase("*️⃣", TestName = "The keycap *")]
    [TestCase("7️⃣")]
    [TestCase("🇩🇪", TestName = "The flag of a country")]
    [TestCase("🇺🇳")]
    [TestCase("🏴󠁧󠁢󠁳󠁣󠁴󠁿", TestName = "The flag of a part of a country")]
    [TestCase("🏳️‍🌈")]
    [TestCase("🏴‍☠️")]
    [TestCase("👨‍👩‍👧‍👦", TestName = "A family")]
    [TestCase("👩‍❤️‍💋‍👨")]
    [TestCase("👩🏻‍❤️‍💋‍👨🏿", TestName = "A couple with two skin tones")]
    [TestCase("🧑🏿‍🤝‍🧑🏿", TestName = "Two people with the same skin tone")]
    [TestCase("👁️‍🗨️")]
    [TestCase("🏃🏽‍♀️‍➡️")]
    [TestCase("🫯", TestName = "An emoji of Unicode 17")]
    public void Emoji_is_accepted_unchanged(string emoji)
    {
        EmojiRule.TryNormalize(emoji, out var normalized).Should().BeTrue();
        normalized.Should().Be(emoji);
    }

    [TestCase("❤", "❤️")]
    [TestCase("☺", "☺️")]
    [TestCase("1⃣", "1️⃣")]
    [TestCase("🏳‍🌈", "🏳️‍🌈")]
    [TestCase("👁‍🗨", "👁️‍🗨️")]
    [TestCase("👩‍❤‍👨", "👩‍❤️‍👨")]
    [TestCase("👍\uFE0F", "👍")]
    public void Emoji_with_missing_or_additional_variation_selectors_is_normalized(string text, string emoji)
    {
        EmojiRule.TryNormalize(text, out var normalized).Should().BeTrue();
        normalized.Should().Be(emoji);
    }

    [TestCase("")]
    [TestCase(" ")]
    [TestCase("a")]
    [TestCase("ok")]
    [TestCase("1")]
    [TestCase("#")]
    [TestCase(":smile:")]
    [TestCase(":)")]
    [TestCase("👍👍")]
    [TestCase("👍 ")]
    [TestCase(" 👍")]
    [TestCase("👍a")]
    [TestCase("👍\n")]
    [TestCase("🏽", TestName = "A skin tone alone")]
    [TestCase("🦰", TestName = "Red hair alone")]
    [TestCase("🇩", TestName = "A regional indicator alone")]
    [TestCase("🇩🇪🇫🇷", TestName = "Two flags")]
    [TestCase("🇽🇽", TestName = "Two regional indicators that are not a flag")]
    [TestCase("👍🏽🏽", TestName = "Two skin tones")]
    [TestCase("😀🏽", TestName = "A skin tone on an emoji without skin tones")]
    [TestCase("👩🏻‍❤️‍👨🏻👍")]
    [TestCase("👨‍👍", TestName = "A joined sequence that is not an emoji")]
    [TestCase("👨‍", TestName = "A joiner at the end")]
    [TestCase("‍", TestName = "A joiner alone")]
    [TestCase("\uFE0F", TestName = "A variation selector alone")]
    [TestCase("❤\uFE0E", TestName = "A heart in text style")]
    [TestCase("👩🏻‍🐰‍👩🏻", TestName = "A joined sequence of two people, for which Unicode has a shorter form")]
    [TestCase("🏴󠁧󠁢󠁳󠁣󠁴", TestName = "A flag without its end")]
    [TestCase("→")]
    [TestCase("★")]
    public void Text_that_is_not_exactly_one_emoji_is_refused(string text)
    {
        EmojiRule.TryNormalize(text, out var emoji).Should().BeFalse();
        emoji.Should().BeEmpty();
    }

    // An attribute cannot contain half a surrogate pair, so this case is a separate test.
    [Test]
    public void Half_a_character_and_a_long_text_are_refused()
    {
        EmojiRule.TryNormalize("\ud83d", out _).Should().BeFalse();
        EmojiRule.TryNormalize("\udc4d", out _).Should().BeFalse();
        EmojiRule.TryNormalize(new string('\uFE0F', 8_000) + "👍", out _).Should().BeFalse();
        EmojiRule.TryNormalize(string.Concat(Enumerable.Repeat("👍", 4_000)), out _).Should().BeFalse();
    }

    [Test]
    public void Table_contains_every_emoji_of_its_Unicode_version_once()
    {
        All.Should().HaveCount(EmojiTable.Count).And.OnlyHaveUniqueItems();
        // The counts of Unicode 17.0.
        EmojiTable.Count.Should().Be(3_944);
        All.Count(emoji => emoji.EndsWith('\u20E3')).Should().Be(12);
        All.Count(emoji => emoji.EnumerateRunes().All(rune => rune.Value is >= 0x1F1E6 and <= 0x1F1FF)).Should().Be(259);
    }

    [Test]
    public void Every_emoji_is_accepted_with_and_without_its_variation_selectors()
    {
        foreach (var emoji in All)
        {
            emoji.IsNormalized(NormalizationForm.FormC).Should().BeTrue();
            EmojiRule.TryNormalize(emoji, out var same).Should().BeTrue();
            same.Should().Be(emoji);
            EmojiRule.TryNormalize(emoji.Replace("\uFE0F", ""), out var full).Should().BeTrue();
            full.Should().Be(emoji);
        }
    }

    [Test]
    public void Two_emoji_together_are_refused()
    {
        Gen.Select(Gen.Int[0, All.Length - 1], Gen.Int[0, All.Length - 1]).Sample((first, second) =>
            EmojiRule.TryNormalize(All[first] + All[second], out _).Should().BeFalse("«{0}» and «{1}» are two", All[first], All[second]));
    }

    [Test]
    public void Each_emoji_is_also_a_valid_text()
    {
        foreach (var emoji in All)
            TextRule.FindFault(emoji).Should().BeNull();
    }
}
