using System.Text;
using RawSocketChat.Server.Sessions;

namespace RawSocketChat.Tests.Sessions;

public sealed class NameSkeletonTests
{
    private static IEnumerable<TestCaseData> Disguised =>
        Disguises.All.Select(case_ => new TestCaseData(case_.Name, case_.Disguise).SetArgDisplayNames(case_.Name, case_.How));

    [TestCaseSource(nameof(Disguised))]
    public void A_disguise_is_no_name_or_has_a_look_of_the_name(string name, string disguise)
    {
        var shown = NameRule.Accept(name, out var why);
        shown.Should().NotBeNull(why);
        if (NameRule.Accept(disguise, out _) is { } accepted)
            NameSkeleton.LooksOf(accepted).Should().IntersectWith(NameSkeleton.LooksOf(shown!));
    }

    [TestCase("ann", "anne")]
    [TestCase("ann", "an")]
    [TestCase("ann", "ana")]
    [TestCase("ann", "ann2")]
    [TestCase("ann", "ann-")]
    [TestCase("bob", "rob")]
    [TestCase("Мария", "Марина")]
    [TestCase("さくら", "ざくら")]
    [TestCase("サクラ", "さくら")]
    [TestCase("김민준", "김민춘")]
    [TestCase("प्रिया", "प्रीया")]
    [TestCase("王小明", "王小朋")]
    [TestCase("สมชาย", "สมชัย")]
    [TestCase("Γιώργος", "Γιάννης")]
    public void Names_that_can_be_told_apart_are_two(string one, string other) =>
        NameSkeleton.LooksOf(one).Should().NotIntersectWith(NameSkeleton.LooksOf(other));

    [TestCase("ann", "ANN")]
    [TestCase("straße", "STRAßE")]
    [TestCase("é", "e\u0301")]
    [TestCase("ﬁn", "FIN")]
    [TestCase("ΝΙΚΟΣ", "νικος")]
    [TestCase("Жанна", "ЖАННА")]
    [TestCase("Արմեն", "ԱՐՄԵՆ")]
    public void Case_and_compatibility_forms_do_not_make_another_skeleton(string one, string other) =>
        NameSkeleton.Of(one).Should().Be(NameSkeleton.Of(other));

    [Test]
    public void A_skeleton_is_the_first_look_and_its_own_skeleton()
    {
        foreach (var name in Disguises.All.Select(disguise => NameRule.Accept(disguise.Name, out _)!))
        {
            NameSkeleton.LooksOf(name)[0].Should().Be(NameSkeleton.Of(name));
            NameSkeleton.Of(NameSkeleton.Of(name)).Should().Be(NameSkeleton.Of(name), "of «{0}»", name);
        }
    }

    [Test]
    public void Each_letter_of_the_table_stands_once_under_its_own_script_and_survives_NFKC()
    {
        var table = Confusables.Read().ToList();
        table.Should().HaveCountGreaterThan(500);
        table.Select(entry => entry.Letter).Should().OnlyHaveUniqueItems();
        foreach (var (letter, _, script) in table)
        {
            NameScripts.Of(letter).Should().BeOneOf([script, NameScripts.Common], $"of U+{letter.Value:X4}");
            letter.ToString().Normalize(NormalizationForm.FormKC).Should().Be(letter.ToString(), "else the table is never asked about it");
        }
    }

    [Test]
    public void Letters_of_one_script_that_is_like_Latin_spell_a_look_that_Latin_has()
    {
        // So that a whole name in such letters meets the Latin name that it imitates.
        foreach (var entry in Confusables.Read().Where(entry => entry.Script is "Cherokee" or "Lisu" or "Coptic" or "Canadian" && char.IsAscii(entry.Look[0])))
            NameSkeleton.LooksOf(entry.Letter.ToString()).Should().Contain(NameSkeleton.Of(entry.Look), $"of U+{entry.Letter.Value:X4}");
    }
}
