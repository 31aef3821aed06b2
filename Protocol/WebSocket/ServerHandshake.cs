namespace RawSocketChat.Protocol.WebSocket;

/// <summary>
/// The server's side of the opening handshake: over HTTP/1.1 an upgrade (RFC 6455, 4.2), and over HTTP/2 an extended CONNECT on one
/// stream (RFC 8441).
/// </summary>
public static class ServerHandshake
{
    /// <summary>The only version of the protocol: the value of Sec-WebSocket-Version.</summary>
    public const string Version = "13";

    /// <summary>The value of Upgrade, and over HTTP/2 of <c>:protocol</c>.</summary>
    public const string Token = "websocket";

    /// <summary>Validates a request over HTTP/1.1 (4.2.1). If a header occurred more than once, its values are joined by commas.</summary>
    /// <param name="method">The method of the request.</param>
    /// <param name="http11OrLater">Whether the HTTP version is 1.1 or later.</param>
    /// <param name="upgrade">The header Upgrade; null if it is absent, as for each header below.</param>
    /// <param name="connection">The header Connection.</param>
    /// <param name="key">The header Sec-WebSocket-Key.</param>
    /// <param name="version">The header Sec-WebSocket-Version.</param>
    /// <param name="host">The header Host.</param>
    /// <returns>The reason to reject the request; null if it is valid.</returns>
    public static HandshakeFault? ValidateRequest(
        string method, bool http11OrLater, string? upgrade, string? connection, string? key, string? version, string? host)
    {
        // 4.2.1, 1: "An HTTP/1.1 or higher GET request"
        if (method != "GET")
            return new(405, "A WebSocket request must use the method GET.");
        if (!http11OrLater)
            return new(400, "A WebSocket request must use HTTP/1.1 or later.");

        // 4.2.1, 2
        if (string.IsNullOrWhiteSpace(host) || host.Contains(','))
            return new(400, "The request needs exactly one header \"Host\", with the name of the server.");

        // 4.2.1, 3 and 4: the headers Upgrade and Connection are lists, and their case does not matter
        if (!HeaderTokens.Contains(upgrade, Token))
            return new(426, "This address accepts WebSocket requests: the request needs the header \"Upgrade: websocket\".");
        if (!HeaderTokens.Contains(connection, "Upgrade"))
            return new(426, "This address accepts WebSocket requests: the request needs the header \"Connection: Upgrade\".");

        // 4.2.1, 6; 11.3.5: at most once. The version is checked before the key, because another version may define the key differently.
        if (version?.Contains(',') == true)
            return new(400, "The request needs the header \"Sec-WebSocket-Version: 13\" exactly once.");

        // 4.4: the answer to another version is 426 and names the supported version
        if (version?.Trim(' ', '\t') != Version)
            return new(426, "The request needs the header \"Sec-WebSocket-Version: 13\".");

        // 4.2.1, 5; 11.3.1: exactly once
        if (key is null || !HandshakeKey.IsValid(key.Trim(' ', '\t')))
            return new(400, "The request needs exactly one header \"Sec-WebSocket-Key\", with 16 random bytes in base64.");

        return null;
    }

    /// <summary>Whether a request over HTTP/1.1 asks for a WebSocket, and not for another protocol such as h2c (RFC 9110, 7.8).</summary>
    /// <param name="upgrade">The header Upgrade; null if it is absent.</param>
    public static bool IsWebSocketUpgrade(string? upgrade) => HeaderTokens.Contains(upgrade, Token);

    /// <summary>
    /// Validates a request over HTTP/2 (RFC 8441, 5). Such a request has no key, and its headers Upgrade and Connection have no meaning.
    /// </summary>
    /// <param name="method">The method of the request.</param>
    /// <param name="protocol">The pseudo-header :protocol; null if it is absent.</param>
    /// <param name="version">The header Sec-WebSocket-Version; null if it is absent. Several values are joined by commas.</param>
    /// <returns>The reason to reject the request; null if it is valid.</returns>
    public static HandshakeFault? ValidateConnect(string method, string? protocol, string? version)
    {
        // RFC 8441, 4: a CONNECT with :protocol. A CONNECT without :protocol is another method, which requests a tunnel.
        if (method != "CONNECT" || protocol is null)
            return new(405, "Over HTTP/2 a WebSocket request must use CONNECT with \":protocol: websocket\".");

        // RFC 9220, 3, for all HTTP versions: 501 for an unknown :protocol
        if (!protocol.Equals(Token, StringComparison.OrdinalIgnoreCase))
            return new(501, "This address accepts WebSocket requests: the request needs \":protocol: websocket\".");

        // RFC 8441, 5: the version header has the same meaning as over HTTP/1.1. The status cannot be 426, because 426 requires the header Upgrade,
        // which HTTP/2 does not have.
        if (version?.Trim(' ', '\t') != Version)
            return new(400, "The request needs the header \"Sec-WebSocket-Version: 13\" exactly once.");

        return null;
    }

    /// <summary>Returns the subprotocols that the client offers (4.2.1, 8).</summary>
    /// <param name="offered">The values of Sec-WebSocket-Protocol, each a comma-separated list.</param>
    public static IReadOnlyList<string> GetSubprotocols(IEnumerable<string> offered)
    {
        ArgumentNullException.ThrowIfNull(offered);
        return [.. offered.SelectMany(value => HeaderTokens.Split(value))];
    }

    /// <summary>Chooses the subprotocol (4.2.2, 5). The comparison of names is case-sensitive.</summary>
    /// <param name="offered">The values of Sec-WebSocket-Protocol, each a comma-separated list.</param>
    /// <param name="supported">The subprotocols of the server in order of preference. This order decides, and not the client's order.</param>
    /// <returns>One of <paramref name="supported"/>; null if the client offered none of them.</returns>
    public static string? ChooseSubprotocol(IEnumerable<string> offered, IReadOnlyList<string> supported)
    {
        ArgumentNullException.ThrowIfNull(offered);
        ArgumentNullException.ThrowIfNull(supported);
        var names = offered.SelectMany(HeaderTokens.Split).ToHashSet(StringComparer.Ordinal);
        return supported.FirstOrDefault(names.Contains);
    }
}
