namespace RawSocketChat.Protocol;

/// <summary>Reads HTTP header values that are comma-separated lists of tokens (RFC 9110, 5.6.1 and 5.6.2).</summary>
internal static class HeaderTokens
{
    /// <summary>Whether the list contains the token, ignoring case.</summary>
    public static bool Contains(string? list, string token) =>
        list is not null && Split(list).Any(element => element.Equals(token, StringComparison.OrdinalIgnoreCase));

    /// <summary>Splits the list into its elements, without the white space around them. It skips empty elements, as the RFC requires.</summary>
    public static IEnumerable<string> Split(string list) =>
        list.Split(',').Select(element => element.Trim(' ', '\t')).Where(element => element.Length > 0);

    /// <summary>Whether the text is one token. The names of headers and subprotocols are tokens.</summary>
    public static bool IsToken(string text) => text.Length > 0 && text.All(IsTokenCharacter);

    public static bool IsTokenCharacter(char c) => char.IsAsciiLetterOrDigit(c) || "!#$%&'*+-.^_`|~".Contains(c);
}
