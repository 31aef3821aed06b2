namespace RawSocketChat.Protocol.WebSocket;

/// <summary>Header values that are comma lists of tokens (RFC 9110, 5.6.1 and 5.6.2).</summary>
internal static class HeaderTokens
{
    /// <summary>Whether one element of the list is this token, whatever its case.</summary>
    public static bool Contains(string? list, string token) =>
        list is not null && Split(list).Any(element => element.Equals(token, StringComparison.OrdinalIgnoreCase));

    /// <summary>The list's elements without the white space around them; empty ones are skipped, as a recipient has to.</summary>
    public static IEnumerable<string> Split(string list) =>
        list.Split(',').Select(element => element.Trim(' ', '\t')).Where(element => element.Length > 0);

    /// <summary>Whether the text is one token: what a header's or a subprotocol's name may be.</summary>
    public static bool IsToken(string text) => text.Length > 0 && text.All(IsTokenCharacter);

    public static bool IsTokenCharacter(char c) => char.IsAsciiLetterOrDigit(c) || "!#$%&'*+-.^_`|~".Contains(c);
}
