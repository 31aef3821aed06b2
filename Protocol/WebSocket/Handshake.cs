using System.Security.Cryptography;
using System.Text;

namespace RawSocketChat.Protocol.WebSocket;

/// <summary>
/// The opening handshake, over HTTP/1.1 (RFC 6455, 4) and over HTTP/2 (RFC 8441): there is no key there, and of all this
/// only the version and the subprotocol remain.
/// </summary>
public static partial class Handshake
{
    /// <summary>The only version of the protocol: the value of Sec-WebSocket-Version.</summary>
    public const string Version = "13";

    private const int KeyBytes = 16;
    private const int KeyCharacters = 24;   // 16 bytes in base64

    /// <summary>The value of Sec-WebSocket-Accept that answers a key, as proof that a WebSocket server read it (4.2.2, 5).</summary>
    /// <param name="key">Sec-WebSocket-Key, taken literally, not decoded.</param>
    public static string AcceptFor(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        // 1.3: the GUID is the RFC's, "unlikely to be used by network endpoints that do not understand the WebSocket protocol".
        var bytes = Encoding.Latin1.GetBytes(key.Trim(' ', '\t') + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
#pragma warning disable CA5350 // SHA-1 is what 4.2.2 prescribes; it authenticates nothing here (10.8)
        return Convert.ToBase64String(SHA1.HashData(bytes));
#pragma warning restore CA5350
    }

    /// <summary>Checks a request (4.2.1). Header values that came more than once are given joined by commas.</summary>
    /// <param name="method">The request's method.</param>
    /// <param name="http11OrLater">Whether it is of HTTP/1.1 at least.</param>
    /// <param name="upgrade">The header Upgrade; null: absent. The same for the further ones.</param>
    /// <param name="connection">Connection.</param>
    /// <param name="key">Sec-WebSocket-Key.</param>
    /// <param name="version">Sec-WebSocket-Version.</param>
    /// <param name="host">Host.</param>
    /// <returns>Null where the request is fine.</returns>
    public static HandshakeFault? Check(
        string method, bool http11OrLater, string? upgrade, string? connection, string? key, string? version, string? host)
    {
        // 4.2.1, 1: "An HTTP/1.1 or higher GET request"
        if (method != "GET")
            return new(405, "A WebSocket is opened by GET.");
        if (!http11OrLater)
            return new(400, "A WebSocket is opened over HTTP/1.1 or later.");
        // 4.2.1, 2
        if (string.IsNullOrWhiteSpace(host) || host.Contains(','))
            return new(400, "The request needs one header \"Host\", with the server's name.");
        // 4.2.1, 3 and 4: both are lists, and letters' case means nothing
        if (!HeaderTokens.Contains(upgrade, "websocket"))
            return new(426, "This address speaks WebSocket: the request needs the header \"Upgrade: websocket\".");
        if (!HeaderTokens.Contains(connection, "Upgrade"))
            return new(426, "This address speaks WebSocket: the request needs the header \"Connection: Upgrade\".");
        // 4.2.1, 6; 11.3.5: at most once. Before the key, since another version may mean something else by it.
        if (version?.Contains(',') == true)
            return new(400, "The request needs the header \"Sec-WebSocket-Version: 13\" once.");
        // 4.4: another version gets 426 and is told which are known
        if (version?.Trim(' ', '\t') != Version)
            return new(426, "The request needs the header \"Sec-WebSocket-Version: 13\".");
        // 4.2.1, 5; 11.3.1: exactly once
        if (key is null || !IsKey(key.Trim(' ', '\t')))
            return new(400, "The request needs one header \"Sec-WebSocket-Key\", with 16 random bytes in base64.");
        return null;
    }

    /// <summary>The subprotocol to speak (4.2.2, 5): names are compared letter for letter.</summary>
    /// <param name="offered">The values of Sec-WebSocket-Protocol as they came, each a comma list.</param>
    /// <param name="supported">What the server speaks, best first: its order decides.</param>
    /// <returns>One of <paramref name="supported"/>; null where none was offered.</returns>
    public static string? ChooseSubprotocol(IEnumerable<string> offered, IReadOnlyList<string> supported)
    {
        ArgumentNullException.ThrowIfNull(offered);
        ArgumentNullException.ThrowIfNull(supported);
        var names = offered.SelectMany(HeaderTokens.Split).ToHashSet(StringComparer.Ordinal);
        return supported.FirstOrDefault(names.Contains);
    }

    /// <summary>A client's key: 16 random bytes in base64, new for every connection (4.1).</summary>
    public static string NewKey() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(KeyBytes));

    private static bool IsKey(string text)
    {
        Span<byte> decoded = stackalloc byte[KeyBytes + 2];
        return text.Length == KeyCharacters && Convert.TryFromBase64String(text, decoded, out var bytes) && bytes == KeyBytes;
    }
}
