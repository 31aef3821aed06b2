using System.Text;
using RawSocketChat.Server.Files;

namespace RawSocketChat.Tests.Files;

/// <summary>The name of an upload becomes a name that is safe to show and to save.</summary>
public sealed class FileNameTests
{
    [TestCase("cat.png", "cat.png")]
    [TestCase("Urlaub in Köln (2).jpeg", "Urlaub in Köln (2).jpeg")]
    [TestCase("猫の写真.png", "猫の写真.png")]
    [TestCase("👩‍👩‍👧.gif", "👩‍👩‍👧.gif")]
    [TestCase("archive.tar.gz", "archive.tar.gz")]
    [TestCase(".gitignore", ".gitignore")]
    public void Readable_name_is_not_changed(string name, string expected) => FileName.Clean(name).Should().Be(expected);

    [TestCase("../../etc/passwd", "passwd")]
    [TestCase(@"C:\Users\ann\cat.png", "cat.png")]
    [TestCase("/", "file")]
    [TestCase("..", "file")]
    [TestCase(".", "file")]
    [TestCase("a/..", "file")]
    public void Folders_are_removed_from_names(string name, string expected) => FileName.Clean(name).Should().Be(expected);

    [TestCase("invoice\u202Egnp.exe", "invoicegnp.exe")]
    [TestCase("a\u2066b\u2069\u200F.txt", "ab.txt")]
    [TestCase("a\0b\r\nc\u0007.txt", "ab c.txt")]
    [TestCase("\u200B\uFEFF", "file")]
    [TestCase("a\uE000.txt", "a.txt")]
    [TestCase("a\u2028b.txt", "a b.txt")]
    public void Characters_that_hide_or_reverse_text_are_removed_from_names(string name, string expected) => FileName.Clean(name).Should().Be(expected);

    [Test]
    public void Half_of_a_surrogate_pair_is_replaced() => FileName.Clean("a\uD800b.txt").Should().Be("a\uFFFDb.txt");

    [TestCase("con", "_con")]
    [TestCase("NUL.txt", "_NUL.txt")]
    [TestCase("com1.tar.gz", "_com1.tar.gz")]
    [TestCase("LPT³", "_LPT³")]
    [TestCase("aux .h", "_aux .h")]
    [TestCase("a<b>:\"|?*.txt", "a_b______.txt")]
    [TestCase("name. . ", "name")]
    [TestCase("console.log", "console.log")]
    public void Name_can_be_saved_on_Windows(string name, string expected) => FileName.Clean(name).Should().Be(expected);

    [TestCase(null)]
    [TestCase("")]
    [TestCase("   ")]
    [TestCase("…/")]
    public void Missing_name_is_replaced(string? name) => FileName.Clean(name).Should().Be("file");

    [TestCase("preview")]
    [TestCase("Preview")]
    public void Name_never_equals_the_name_of_a_preview(string name) => FileName.Clean(name).Should().Be(name + "_");

    [TestCase("x", ".jpeg")]
    [TestCase("猫", ".png")]
    [TestCase("👍", ".gif")]
    public void Long_name_keeps_its_extension(string character, string extension)
    {
        var name = FileName.Clean(string.Concat(Enumerable.Repeat(character, 300)) + extension);
        name.Should().StartWith(character).And.EndWith(extension);
        name.Length.Should().BeLessThanOrEqualTo(FileName.MaxLength);
        Encoding.UTF8.GetByteCount(name).Should().BeLessThanOrEqualTo(255);
    }

    [Test]
    public void Any_name_becomes_a_safe_name()
    {
        var seed = Environment.TickCount;
        TestContext.Out.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var parts = (string[])["..", "/", "\\", ".", " ", "CON", "preview", "\u202E", "\0", "é", "👍", "\uDC00", "a", ":", ".png", "\u200D", "~"];
        for (var round = 0; round < 10_000; round++)
        {
            var name = FileName.Clean(string.Concat(Enumerable.Range(0, random.Next(8)).Select(_ => parts[random.Next(parts.Length)])));
            name.Should().NotBeEmpty().And.NotContainAny("/", "\\", "\0", "\u202E", ":").And.NotBe(".").And.NotBe("..").And.NotEndWith(".").And.NotEndWith(" ").And.NotBe("preview");
            name.IsNormalized().Should().BeTrue();
            FileName.Clean(name).Should().Be(name, "a safe name is not changed");
        }
    }
}
