using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;

namespace RawSocketChat.Server.Web;

/// <summary>
/// The page at <c>/</c>: client.html without its comments, with a Content-Security-Policy that allows only the page's own script and style.
/// The policy contains the hashes of the script and of the style.
/// </summary>
public sealed class ClientPage
{
    private readonly CompressedText _text;
    private readonly bool _mayBeFramed;

    // The element of client.html that gets the facts. It is not a script, so the hashes of the policy do not depend on the settings.
    private const string FactsElement = "<meta name=\"server\" id=\"server\">";

    /// <param name="source">The text of client.html.</param>
    /// <param name="facts">The facts about the server that the page needs before the page connects; null for none.</param>
    /// <exception cref="InvalidDataException">The page does not have exactly one script and one style element.</exception>
    public ClientPage(string source, PageFacts? facts = null)
    {
        var frameAncestors = facts?.FrameAncestors ?? [];
        _mayBeFramed = frameAncestors.Count > 0;
        // A browser hashes the text without a byte order mark and with LF line ends.
        var page = PageComments.Remove(source.TrimStart('\uFEFF').ReplaceLineEndings("\n"));
        if (facts is not null)
            page = page.Replace(FactsElement, Describe(facts), StringComparison.Ordinal);
        _text = new CompressedText(page, "text/html; charset=utf-8");
        Policy = string.Join("; ",
            "default-src 'none'",
            $"script-src '{ComputeHash(page, "script")}'",
            $"style-src '{ComputeHash(page, "style")}'",
            "connect-src 'self'",
            "frame-src 'self'",     // the forever iframe
            "img-src 'self' data: blob:",   // icons and pictures; blob: is for pages without a cookie and for the list of uploads
            "media-src 'self' blob:",
            "worker-src 'self'",
            "manifest-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            $"frame-ancestors {(_mayBeFramed ? string.Join(' ', frameAncestors) : "'none'")}");
    }

    /// <summary>The Content-Security-Policy of the page.</summary>
    public string Policy { get; }

    /// <summary>Reads the page from a file.</summary>
    /// <exception cref="InvalidDataException">The page does not have exactly one script and one style element.</exception>
    public static ClientPage FromFile(string path, PageFacts facts) => new(File.ReadAllText(path), facts);

    /// <summary>Answers a GET or HEAD request with the page.</summary>
    public Task WriteAsync(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = Policy;
        // X-Frame-Options is for browsers that do not know frame-ancestors. This header cannot name origins. So the server does not send it if pages
        // of some origins may show the page in a frame.
        if (!_mayBeFramed)
            headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer";
        return _text.WriteAsync(context);
    }

    private static string Describe(PageFacts facts)
    {
        var html = HtmlEncoder.Default;
        return $"<meta name=\"server\" id=\"server\" data-features=\"{html.Encode(string.Join(' ', facts.Features))}\""
            + $" data-login=\"{html.Encode(facts.LoginText)}\" data-frame-ancestors=\"{html.Encode(string.Join(' ', facts.FrameAncestors))}\""
            + (facts.PushKey is null ? ">" : $" data-push=\"{html.Encode(facts.PushKey)}\">");
    }

    private static string ComputeHash(string page, string element)
    {
        var (open, close) = ($"<{element}>", $"</{element}>");
        var start = page.IndexOf(open, StringComparison.Ordinal) + open.Length;
        var end = page.IndexOf(close, StringComparison.Ordinal);
        if (start < open.Length || end < start || page.IndexOf(open, start, StringComparison.Ordinal) >= 0)
            throw new InvalidDataException($"client.html must have exactly one {open} element without attributes");
        return "sha256-" + Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(page[start..end])));
    }
}
