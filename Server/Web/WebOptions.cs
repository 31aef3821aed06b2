using System.ComponentModel.DataAnnotations;
using System.Text.RegularExpressions;

namespace RawSocketChat.Server.Web;

/// <summary>The page of this server. Section <c>Web</c>.</summary>
public sealed partial class WebOptions
{
    public const string Section = "Web";

    /// <summary>Maximum length of <see cref="Name"/>, in UTF-16 units. The page shows the name above the rooms and in the title.</summary>
    public const int MaxName = 40;

    /// <summary>Maximum size of the file of <see cref="Logo"/>, in bytes. Every visitor receives the logo before the login.</summary>
    public const int MaxLogoBytes = 64 * 1024;

    /// <summary>The name of this server, which the page shows. At most 40 characters. Default: <c>RawSocketChat</c>.</summary>
    public string? Name { get; set; }

    /// <summary>
    /// The accent color of the page, such as <c>#1f6feb</c>. The page makes the color darker or lighter until texts are easy to read in both themes.
    /// Default: the page's own color.
    /// </summary>
    public string? Color { get; set; }

    /// <summary>The path of the logo: a file in the format PNG, JPEG, WebP or SVG, at most 64 KiB. Default: the page's own logo.</summary>
    public string? Logo { get; set; }

    /// <summary>
    /// Whether the page lists the largest public rooms before the visitor has logged in. The page never lists rooms if people cannot use the chat
    /// without an account (<c>Auth:Guests</c>). Default true.
    /// </summary>
    public bool ListRooms { get; set; } = true;

    /// <summary>
    /// Origins whose pages may show this server's page in a frame, such as <c>https://example.org</c>. Pages of other origins cannot show it.
    /// Otherwise such a page could hide the chat in a frame and make a person click in it. Default: none.
    /// </summary>
    [RegularExpression(@"^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?$", ErrorMessage = "is not an origin; try: https://example.org")]
    public IList<string> FrameAncestors { get; } = [];

    /// <summary>Finds settings that are invalid. Reads the file of <see cref="Logo"/>.</summary>
    /// <returns>One line for each error. Each line names the setting.</returns>
    internal IEnumerable<string> FindErrors()
    {
        if (Name is not null && (string.IsNullOrWhiteSpace(Name) || Name.Length > MaxName || Name.Any(char.IsControl)))
            yield return $"--{Section}:{nameof(Name)}: the name must have 1 to {MaxName} characters, and no control characters";
        if (Color is not null && !ColorForm().IsMatch(Color))
            yield return $"--{Section}:{nameof(Color)}: \"{Color}\" is not a color; try: #1f6feb";
        if (Logo is not null && SiteLogo.FindError(Logo) is { } error)
            yield return $"--{Section}:{nameof(Logo)}: {error}";
    }

    [GeneratedRegex("^#[0-9a-fA-F]{6}\\z")]
    private static partial Regex ColorForm();
}
