using RawSocketChat.Server.Sessions;

namespace RawSocketChat.Tests.Sessions;

/// <summary>The name that a user of the operator's site gets in the chat.</summary>
public sealed class ClaimedNameTests
{
    [TestCase("ann", "ann")]
    [TestCase("Ann Smith", "Ann-Smith")]
    [TestCase("  Ann \t Smith  ", "Ann-Smith")]
    [TestCase("Мария Иванова", "Мария-Иванова")]
    [TestCase("José O'Brien (PhD)", "José-OBrien-PhD")]
    [TestCase("-ann-", "ann")]
    [TestCase("ann@example.org", "annexample.org")]
    [TestCase("Аnn", "nn", Description = "The first letter is Cyrillic")]
    [TestCase("👍👍", "user")]
    [TestCase("", "user")]
    [TestCase("admin", "user")]
    [TestCase("Server", "user")]
    [TestCase("\u202Eann\u0000", "ann")]
    [TestCase("Ａｎｎ", "Ann")]
    public void Name_at_the_site_becomes_a_valid_name(string claimed, string name)
    {
        ClaimedName.ToName(ClaimedName.Cut(claimed)).Should().Be(name);
    }

    [Test]
    public void Long_name_is_cut_between_characters()
    {
        ClaimedName.ToName(ClaimedName.Cut(string.Concat(Enumerable.Repeat("ab ", 10_000)))).Should().HaveLength(NameRule.MaxCharacters);
        ClaimedName.Cut("a" + string.Concat(Enumerable.Repeat("👍", 1000))).Should().HaveLength(ClaimedName.MaxLength - 1);
        ClaimedName.ToName(ClaimedName.Cut("ann\uD800")).Should().Be("ann");
    }
}
