using System.Text;
using RawSocketChat.Server.Sessions;

namespace RawSocketChat.Tests.Sessions;

public sealed class NameSkeletonTests
{
    private static IEnumerable<TestCaseData> Disguised =>
        Disguises.All.Select(case_ => new TestCaseData(case_.Name, case_.Disguise).SetArgDisplayNames(case_.Name, case_.How));

    [TestCaseSource(nameof(Disguised))]
    public void Disguise_is_invalid_or_shares_a_skeleton_with_the_name(string name, string disguise)
    {
        var shown = NameRule.Accept(name, out var reason);
        shown.Should().NotBeNull(reason);
        if (NameRule.Accept(disguise, out _) is { } accepted)
            NameSkeleton.CreateAll(accepted).Should().IntersectWith(NameSkeleton.CreateAll(shown!));
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
    public void Distinguishable_names_share_no_skeleton(string one, string other) =>
        NameSkeleton.CreateAll(one).Should().NotIntersectWith(NameSkeleton.CreateAll(other));

    [TestCase("ann", "ANN")]
    [TestCase("straße", "STRAßE")]
    [TestCase("é", "e\u0301")]
    [TestCase("ﬁn", "FIN")]
    [TestCase("ΝΙΚΟΣ", "νικος")]
    [TestCase("Жанна", "ЖАННА")]
    [TestCase("Արմեն", "ԱՐՄԵՆ")]
    public void Skeleton_ignores_case_and_compatibility_forms(string one, string other) =>
        NameSkeleton.Create(one).Should().Be(NameSkeleton.Create(other));

    [Test]
    public void Skeleton_is_the_first_of_all_skeletons_and_is_its_own_skeleton()
    {
        foreach (var name in Disguises.All.Select(disguise => NameRule.Accept(disguise.Name, out _)!))
        {
            NameSkeleton.CreateAll(name)[0].Should().Be(NameSkeleton.Create(name));
            NameSkeleton.Create(NameSkeleton.Create(name)).Should().Be(NameSkeleton.Create(name), "of «{0}»", name);
        }
    }

    [Test]
    public void Table_lists_each_letter_once_under_its_own_script_and_NFKC_keeps_the_letter()
    {
        var table = Confusables.ParseTable().ToList();
        table.Should().HaveCountGreaterThan(500);
        table.Select(entry => entry.Letter).Should().OnlyHaveUniqueItems();
        foreach (var (letter, _, script) in table)
        {
            NameScripts.GetScript(letter).Should().BeOneOf([script, NameScripts.Common], $"of U+{letter.Value:X4}");
            letter.ToString().Normalize(NormalizationForm.FormKC).Should().Be(letter.ToString(), "letters are looked up after the normalization to NFKC");
        }
    }

    [Test]
    public void Letters_of_scripts_that_resemble_Latin_have_the_skeleton_of_their_prototype()
    {
        // A name that consists of such letters then shares a skeleton with the Latin name that it imitates.
        foreach (var entry in Confusables.ParseTable().Where(entry => entry.Script is "Cherokee" or "Lisu" or "Coptic" or "Canadian" && char.IsAscii(entry.Prototype[0])))
            NameSkeleton.CreateAll(entry.Letter.ToString()).Should().Contain(NameSkeleton.Create(entry.Prototype), $"of U+{entry.Letter.Value:X4}");
    }
}
