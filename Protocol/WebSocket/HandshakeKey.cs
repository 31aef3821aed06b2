using System.Security.Cryptography;
using System.Text;

namespace RawSocketChat.Protocol.WebSocket;

/// <summary>Creates, validates and answers the header Sec-WebSocket-Key of the opening handshake (RFC 6455, 4).</summary>
public static class HandshakeKey
{
    private const int KeyBytes = 16;
    private const int KeyCharacters = 24;   // 16 bytes in base64

    /// <summary>Creates the key of a client: 16 random bytes in base64, new for every connection (4.1).</summary>
    public static string Create() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(KeyBytes));

    /// <summary>Computes Sec-WebSocket-Accept. This value proves that a WebSocket server has read the key (4.2.2, 5).</summary>
    /// <param name="key">The value of Sec-WebSocket-Key, which is used as text and not decoded.</param>
    public static string ComputeAccept(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        // 1.3: the RFC defines this GUID, "unlikely to be used by network endpoints that do not understand the WebSocket protocol".
        var bytes = Encoding.Latin1.GetBytes(key.Trim(' ', '\t') + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
#pragma warning disable CA5350 // 4.2.2 requires SHA-1; the hash authenticates nothing (10.8)
        return Convert.ToBase64String(SHA1.HashData(bytes));
#pragma warning restore CA5350
    }

    /// <summary>Whether a key is valid: 16 bytes in base64.</summary>
    internal static bool IsValid(string key)
    {
        Span<byte> decoded = stackalloc byte[KeyBytes + 2];
        return key.Length == KeyCharacters && Convert.TryFromBase64String(key, decoded, out var bytes) && bytes == KeyBytes;
    }
}
