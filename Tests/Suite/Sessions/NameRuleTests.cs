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
    public void Valid_name_is_normalized(string name, string normalized)
    {
        NameRule.Accept(name, out _).Should().Be(normalized);
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
    public void Name_with_an_invalid_character_or_length_or_first_character_is_rejected(string name)
    {
        NameRule.Accept(name, out var reason).Should().BeNull();
        reason.Should().NotBeEmpty();
    }

    [TestCase("ann\u034F", Description = "a grapheme joiner")]
    [TestCase("ann\uFE0F", Description = "a variation selector")]
    [TestCase("ann\u3164", Description = "a Hangul filler")]
    [TestCase("\u115Fann")]
    [TestCase("ann\u2060")]
    [TestCase("ann\u00AD")]
    [TestCase("ann\u200D")]
    [TestCase("\u02BC\u02BC", Description = "modifiers without a letter")]
    [TestCase("\u0640", Description = "the Arabic stretching sign (tatweel) alone")]
    [TestCase("a\u0301\u0301nn", Description = "the same accent twice")]
    [TestCase("a\u0301\u0302\u0303\u0308\u0323nn", Description = "a stack of five accents")]
    [TestCase("ann\u093C", Description = "a Devanagari mark on a Latin letter")]
    public void Name_with_invisible_characters_or_misplaced_marks_is_rejected(string name)
    {
        NameRule.Accept(name, out var reason).Should().BeNull();
        reason.Should().NotBeEmpty();
    }

    [TestCase("аnn", "Cyrillic and Latin")]
    [TestCase("annа", "Latin and Cyrillic")]
    [TestCase("αlice", "Greek and Latin")]
    [TestCase("bօb", "Latin and Armenian")]
    [TestCase("Ꭺnn", "Cherokee and Latin")]
    [TestCase("ⲁnn", "Coptic and Latin")]
    [TestCase("ꓮnn", "Lisu and Latin")]
    [TestCase("ᗩnn", "Canadian and Latin")]
    [TestCase("Μария", "Greek and Cyrillic")]
    [TestCase("annさくら안나", "Latin and Hiragana and Hangul")]
    [TestCase("さくらАнна", "Hiragana and Cyrillic")]
    public void Name_that_mixes_similar_alphabets_is_rejected(string name, string mix)
    {
        NameRule.Accept(name, out var reason).Should().BeNull();
        reason.Should().Contain(mix);
    }

    [TestCase("server", false)]
    [TestCase("System", false)]
    [TestCase("OPERATOR", false)]
    [TestCase("admin", false)]
    [TestCase("rawsocketchat", false)]
    [TestCase("ADM1N", false)]
    [TestCase("adrnin", false)]
    [TestCase("αδμιν", true, Description = "Greek letters")]
    [TestCase("ѕуѕтем", false, Description = "Cyrillic letters")]
    [TestCase("0perator", false)]
    [TestCase("ádmin", false)]
    [TestCase("admin2", true)]
    [TestCase("sysadmin", true)]
    [TestCase("Adminah", true)]
    public void Reserved_names_and_their_look_alikes_are_rejected_as_names_of_users(string name, bool isAccepted)
    {
        NameRule.Accept(name, out _).Should().NotBeNull("a room may have this name");
        (NameRule.AcceptForUser(name, out var reason) is not null).Should().Be(isAccepted);
        reason.Contains("is reserved", StringComparison.Ordinal).Should().Be(!isAccepted);
    }

    [TestCase("𐌰𐌽𐌽", Description = "Gothic")]
    [TestCase("𐐀𐐁", Description = "Deseret")]
    [TestCase("ᚨᚾ", Description = "Runic")]
    public void Name_in_a_historic_script_is_rejected(string name) => NameRule.Accept(name, out _).Should().BeNull();

    [TestCase("Zoë")]
    [TestCase("Łukasz")]
    [TestCase("Søren")]
    [TestCase("Guðrún")]
    [TestCase("Nguyễn")]
    [TestCase("Əli")]
    [TestCase("İbrahim")]
    [TestCase("Weiß")]
    [TestCase("Γιώργος")]
    [TestCase("Ελένη")]
    [TestCase("Наталія")]
    [TestCase("Ђорђе")]
    [TestCase("Әсел")]
    [TestCase("Արմեն")]
    [TestCase("გიორგი")]
    [TestCase("שרה")]
    [TestCase("محمد")]
    [TestCase("فاطمه")]
    [TestCase("علی")]
    [TestCase("प्रिया")]
    [TestCase("অনন্যা")]
    [TestCase("ਗੁਰਪ੍ਰੀਤ")]
    [TestCase("તેજસ")]
    [TestCase("முத்து")]
    [TestCase("శ్రీను")]
    [TestCase("ಅನಿತಾ")]
    [TestCase("അനിത")]
    [TestCase("නිමල්")]
    [TestCase("สมชาย")]
    [TestCase("น้ำฝน")]
    [TestCase("ສົມພອນ")]
    [TestCase("བསྟན")]
    [TestCase("အောင်")]
    [TestCase("សុខា")]
    [TestCase("አበበ")]
    [TestCase("ᏍᏏᏉᏯ")]
    [TestCase("ⵜⴰⵏⵉⵔⵜ")]
    [TestCase("王小明")]
    [TestCase("さくら")]
    [TestCase("サクラ")]
    [TestCase("がく")]
    [TestCase("田中ハナ")]
    [TestCase("ハナko田中")]
    [TestCase("김민준")]
    [TestCase("minjun김")]
    [TestCase("ㄅㄆㄇ")]
    [TestCase("Ann-王")]
    [TestCase("أحمد-2")]
    [TestCase("sam.สมชาย")]
    public void Names_of_many_alphabets_are_accepted(string name) => NameRule.Accept(name, out var reason).Should().NotBeNull(reason);
}
