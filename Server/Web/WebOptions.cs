using System.ComponentModel.DataAnnotations;

namespace RawSocketChat.Server.Web;

/// <summary>The page of this server. Section <c>Web</c>.</summary>
public sealed class WebOptions
{
    public const string Section = "Web";

    /// <summary>
    /// Origins whose pages may show this server's page in a frame, such as <c>https://example.org</c>. The pages of other origins cannot, so
    /// that they cannot make a person click in the chat without seeing it. Default: none.
    /// </summary>
    [RegularExpression(@"^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?$", ErrorMessage = "is not an origin; try: https://example.org")]
    public IList<string> FrameAncestors { get; } = [];
}
