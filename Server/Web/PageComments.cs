using System.Text.RegularExpressions;

namespace RawSocketChat.Server.Web;

/// <summary>
/// Leaves out comments of client.html. They are a quarter of the compressed page, and a browser does not need them.
/// </summary>
internal static partial class PageComments
{
    /// <summary>
    /// Leaves out the comments of the script and of the style that fill whole lines. These are lines that begin with <c>//</c>, and blocks from a
    /// <c>/*</c> at the start of a line to a <c>*/</c> at the end of a line. Blocks that begin with <c>/*!</c> stay. Also leaves out comments from
    /// <c>//</c> to the end of a line after a comma, a semicolon or a brace. Other comments beside code stay.
    /// </summary>
    /// <remarks>
    /// This method does not recognize strings and template literals. Tests/Client/served-page.test.mjs parses client.html with and without the comments,
    /// and compares the results. The test reads the pattern from this file.
    /// </remarks>
    public static string Remove(string page) => Elements().Replace(page, element => Comments().Replace(element.Value, ""));

    [GeneratedRegex(@"<(script|style)>.*?</\1>", RegexOptions.Singleline)]
    private static partial Regex Elements();

    [GeneratedRegex(@"^[ \t]*(?://[^\n]*|/\*(?!!)(?:(?!\*/)[\s\S])*\*/[ \t]*)\n|(?<=[,;{}]) +// [^\n]*", RegexOptions.Multiline)]
    private static partial Regex Comments();
}
