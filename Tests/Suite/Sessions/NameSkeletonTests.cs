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
    public void Main_skeleton_is_the_first_of_all_skeletons_and_its_own_skeleton()
    {
        foreach (var name in Disguises.All.Select(disguise => NameRule.Accept(disguise.Name, out _)!))
        {
            NameSkeleton.CreateAll(name)[0].Should().Be(NameSkeleton.Create(name));
            NameSkeleton.Create(NameSkeleton.Create(name)).Should().Be(NameSkeleton.Create(name), "of «{0}»", name);
        }
    }

    [Test]
    public void Table_lists_each_letter_once_under_its_own_script_and_NFKC_does_not_change_the_letter()
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
    public void Table_of_Unicode_has_only_letters_that_names_can_contain()
    {
        var table = UnicodeConfusables.ParseTable().ToList();
        table.Should().HaveCountGreaterThan(1_500);
        table.Select(entry => entry.Letter).Should().OnlyHaveUniqueItems();
        foreach (var (letter, _) in table)
            NameScripts.GetScript(letter).Should().NotBeNull($"of U+{letter.Value:X4}");
    }

    [Test]
    public void Letter_shares_a_skeleton_with_its_prototype_and_with_the_other_letters_of_the_prototype()
    {
        var valid = UnicodeConfusables.ParseTable().Where(entry => NameRule.Accept($"{entry.Letter}", out _) is not null).ToList();
        valid.Should().HaveCountGreaterThan(1_000);
        foreach (var group in valid.GroupBy(entry => entry.Prototype))
        {
            var names = group.Select(entry => $"{entry.Letter}").ToList();
            if (NameRule.Accept(group.Key, out _) is { } prototype)
                names.Add(prototype);
            foreach (var name in names)
                NameSkeleton.CreateAll(name).Should().IntersectWith(NameSkeleton.CreateAll(names[0]), "«{0}» looks like «{1}»", name, names[0]);
        }
    }

    // The table of the class Confusables does not contain these letters.
    [TestCase("ɡᴇᴏ", "geo")]
    [TestCase("日", "⽇")]
    [TestCase("ᎪᎷᎢ", "AMT")]
    [TestCase("ܢ", "ܝ", false)]
    [TestCase("ߊnn", "Inn")]
    [TestCase("ꓥ", "Λ")]
    [TestCase("日本", "日木", false)]
    public void Names_are_compared_by_the_confusables_of_Unicode(string one, string other, bool areSame = true)
    {
        var common = NameSkeleton.CreateAll(one).Intersect(NameSkeleton.CreateAll(other));
        common.Any().Should().Be(areSame);
    }

    [Test]
    public void Letters_of_scripts_that_resemble_Latin_have_the_skeleton_of_their_prototype()
    {
        // A name that consists of such letters then shares a skeleton with the Latin name that it imitates.
        foreach (var entry in Confusables.ParseTable().Where(entry => entry.Script is "Cherokee" or "Lisu" or "Coptic" or "Canadian" && char.IsAscii(entry.Prototype[0])))
            NameSkeleton.CreateAll(entry.Letter.ToString()).Should().Contain(NameSkeleton.Create(entry.Prototype), $"of U+{entry.Letter.Value:X4}");
    }
}
