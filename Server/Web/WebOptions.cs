using System.ComponentModel.DataAnnotations;

namespace RawSocketChat.Server.Web;

/// <summary>The page of this server. Section <c>Web</c>.</summary>
public sealed class WebOptions
{
    public const string Section = "Web";

    /// <summary>
    /// Origins whose pages may show this server's page in a frame, such as <c>https://example.org</c>. Pages of other origins cannot show it.
    /// Otherwise such a page could hide the chat in a frame and make a person click in it. Default: none.
    /// </summary>
    [RegularExpression(@"^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?$", ErrorMessage = "is not an origin; try: https://example.org")]
    public IList<string> FrameAncestors { get; } = [];
}
