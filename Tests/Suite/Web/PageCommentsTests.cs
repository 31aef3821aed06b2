using RawSocketChat.Server.Web;

namespace RawSocketChat.Tests.Web;

/// <summary>The page as the server sends it, without the comments of its script and style.</summary>
public sealed class PageCommentsTests
{
    [TestCase("// why\nrun();\n", "run();\n")]
    [TestCase("  // why\n\t// and how\n  run();\n", "  run();\n")]
    [TestCase("/** Runs. */\nrun();\n", "run();\n")]
    [TestCase("  /**\n   * Runs.\n   * @param {string} a\n   */\n  run();\n", "  run();\n")]
    [TestCase("/* one */ \n/* two */\n\nrun();\n", "\nrun();\n")]
    [TestCase("run(); // why\n", "run();\n")]
    [TestCase("if (a) { // why\n  b(1, // one\n    2); } // end\n", "if (a) {\n  b(1,\n    2); }\n")]
    [TestCase("run(a) // why\n  .go();\n", "run(a) // why\n  .go();\n")]
    [TestCase("run(); /* why\n*/ go();\n", "run(); /* why\n*/ go();\n")]
    [TestCase("/** @type {any} */ (node).focus();\n", "/** @type {any} */ (node).focus();\n")]
    [TestCase("/* a\n */ run(); /* b\n */\n", "/* a\n */ run(); /* b\n */\n")]
    [TestCase("const address = 'http://a'\n  / 2;\n", "const address = 'http://a'\n  / 2;\n")]
    [TestCase("/*! License: MIT */\n/*\n  why */\nrun();\n", "/*! License: MIT */\nrun();\n")]
    public void Comments_in_whole_lines_and_at_ends_of_lines_are_left_out(string code, string expected)
    {
        foreach (var element in (string[])["script", "style"])
            PageComments.Remove($"<p>\n<{element}>\n{code}</{element}>\n</p>").Should().Be($"<p>\n<{element}>\n{expected}</{element}>\n</p>");
    }

    [Test]
    public void Text_outside_of_the_script_and_the_style_stays()
    {
        const string Page = "<!--\n// a\n-->\n<style>\n</style>\n// b\n<pre>\n/* c */\n</pre>\n<script>\n</script>\n/* d */\n";
        PageComments.Remove(Page).Should().Be(Page);
    }
}
