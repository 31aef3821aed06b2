using System.Buffers.Binary;
using System.Security.Cryptography;

namespace RawSocketChat.Protocol.WebSocket;

/// <summary>
/// Generates masking keys (RFC 6455, 5.3 and 10.3): a new unpredictable key for every frame. This class requests random bytes in blocks,
/// because a request for 4 bytes from the system's generator costs about as much as a request for several hundred bytes.
/// </summary>
internal static class MaskingKeys
{
    private const int BlockBytes = 512;

    [ThreadStatic] private static byte[]? Block;
    [ThreadStatic] private static int UnusedBytes;

    public static uint Next()
    {
        Block ??= new byte[BlockBytes];
        if (UnusedBytes == 0)
        {
            RandomNumberGenerator.Fill(Block);
            UnusedBytes = BlockBytes;
        }
        UnusedBytes -= sizeof(uint);
        var key = Block.AsSpan(UnusedBytes, sizeof(uint));
        var value = BinaryPrimitives.ReadUInt32BigEndian(key);
        key.Clear();
        return value;
    }
}
