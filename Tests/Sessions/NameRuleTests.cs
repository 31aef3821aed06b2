using RawSocketChat.Server.Sessions;

namespace RawSocketChat.Tests.Sessions;

public sealed class NameRuleTests
{
    [TestCase("ann", "ann")]
    [TestCase("Ann-Marie_2.0", "Ann-Marie_2.0")]
    [TestCase("7of9", "7of9")]
    [TestCase("Žofie", "Žofie")]
    [TestCase("Мария", "Мария")]
    [TestCase("さくら", "さくら")]
    [TestCase("हिन्दी", "हिन्दी")]
    [TestCase("𝒳", "X")]
    [TestCase("ｗｉｄｅ", "wide")]
    [TestCase("e\u0301", "\u00E9")]
    public void A_name_is_kept_in_its_one_spelling(string name, string kept)
    {
        NameRule.Accept(name, out _).Should().Be(kept);
    }

    [TestCase("")]
    [TestCase(" ")]
    [TestCase("-ann")]
    [TestCase(".ann")]
    [TestCase("a b")]
    [TestCase("ann\u0000")]
    [TestCase("ann\u200B")]
    [TestCase("\u202Eann")]
    [TestCase("ann\uD800")]
    [TestCase("<ann>")]
    [TestCase("ann#1")]
    [TestCase("a😀")]
    [TestCase("aaaaaaaaaabbbbbbbbbbccccccccccddd")]
    public void What_cannot_be_told_from_another_or_breaks_a_line_is_no_name(string name)
    {
        NameRule.Accept(name, out var why).Should().BeNull();
        why.Should().NotBeEmpty();
    }

    [TestCase("ann", "ANN")]
    [TestCase("straße", "STRAßE")]
    [TestCase("ann", "ａｎｎ")]
    [TestCase("é", "e\u0301")]
    [TestCase("ﬁn", "fin")]
    public void Case_and_compatibility_forms_do_not_make_another_name(string one, string other)
    {
        NameRule.KeyOf(one).Should().Be(NameRule.KeyOf(other));
    }
}
