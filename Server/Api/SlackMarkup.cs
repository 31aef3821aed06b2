using System.Text;

namespace RawSocketChat.Server.Api;

/// <summary>
/// Turns the markup of Slack's texts into plain text: <c>&lt;https://x|label&gt;</c> becomes <c>label (https://x)</c>, <c>&lt;!here&gt;</c> becomes
/// <c>@here</c>, and <c>&amp;lt;</c> becomes <c>&lt;</c>. Stars and backticks stay.
/// </summary>
internal static class SlackMarkup
{
    public static string Decode(string text)
    {
        var plain = new StringBuilder(text.Length);
        for (var at = 0; at < text.Length;)
        {
            var open = text.IndexOf('<', at);
            var close = open < 0 ? -1 : text.IndexOf('>', open);
            if (close < 0)
                return plain.Append(Unescape(text[at..])).ToString();
            plain.Append(Unescape(text[at..open]));
            // Many programs do not escape a "<" that is not markup, so keep it as text.
            if (DecodeReference(text[(open + 1)..close]) is { } reference)
            {
                plain.Append(reference);
                at = close + 1;
            }
            else
            {
                plain.Append('<');
                at = open + 1;
            }
        }

        return plain.ToString();
    }

    // Returns null if the text between the brackets is not markup.
    private static string? DecodeReference(string inner)
    {
        var bar = inner.IndexOf('|', StringComparison.Ordinal);
        var target = bar < 0 ? inner : inner[..bar];
        var label = Unescape(bar < 0 ? "" : inner[(bar + 1)..]);
        if (target.Length < 2)
            return null;
        return target[0] switch
        {
            '@' or '#' => label.Length > 0 ? $"{target[0]}{label.TrimStart('@', '#')}" : target,
            // <!here>, or <!date^1392734382^{date}|a text for programs that do not know this markup>
            '!' => label.Length > 0 ? label : $"@{target[1..].Split('^')[0]}",
            _ => DecodeLink(Unescape(target), label),
        };
    }

    private static string? DecodeLink(string target, string label)
    {
        if (target.AsSpan().IndexOfAny(" \t\r\n<") >= 0 || !Uri.TryCreate(target, UriKind.Absolute, out var link) || !target.Contains(':', StringComparison.Ordinal))
            return null;
        var shown = link.Scheme == Uri.UriSchemeMailto ? target[(link.Scheme.Length + 1)..] : target;
        return label.Length == 0 || label == shown ? shown : $"{label} ({shown})";
    }

    // Replace the ampersand last: "&amp;lt;" is the escaped form of the text "&lt;".
    private static string Unescape(string text) => text
        .Replace("&lt;", "<", StringComparison.Ordinal)
        .Replace("&gt;", ">", StringComparison.Ordinal)
        .Replace("&amp;", "&", StringComparison.Ordinal);
}
