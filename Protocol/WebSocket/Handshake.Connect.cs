namespace RawSocketChat.Protocol.WebSocket;

// The handshake over HTTP/2: an extended CONNECT (RFC 8441, 5), on one stream of a connection that carries others.
public static partial class Handshake
{
    /// <summary>The upgrade token, and over HTTP/2 the value of <c>:protocol</c>.</summary>
    public const string Token = "websocket";

    /// <summary>Checks a request over HTTP/2. There is no key, no Upgrade and no Connection, and whatever stands in them means nothing.</summary>
    /// <param name="method">The request's method.</param>
    /// <param name="protocol">The pseudo-header :protocol; null: absent.</param>
    /// <param name="version">The header Sec-WebSocket-Version; null: absent. One that came more than once is given joined by commas.</param>
    /// <returns>Null where the request is fine.</returns>
    public static HandshakeFault? CheckConnect(string method, string? protocol, string? version)
    {
        // RFC 8441, 4: a CONNECT with :protocol; one without is another method, which asks for a tunnel
        if (method != "CONNECT" || protocol is null)
            return new(405, "Over HTTP/2 a WebSocket is opened by CONNECT with \":protocol: websocket\".");
        // RFC 9220, 3, which says it for all of them: a :protocol that is not known here
        if (!protocol.Equals(Token, StringComparison.OrdinalIgnoreCase))
            return new(501, "This address speaks WebSocket: the request needs \":protocol: websocket\".");
        // RFC 8441, 5: the version is told as before. 426 is of no use, since it has to name an Upgrade, which HTTP/2 has not.
        if (version?.Trim(' ', '\t') != Version)
            return new(400, "The request needs the header \"Sec-WebSocket-Version: 13\" once.");
        return null;
    }
}
