using System.Buffers.Binary;
using System.Security.Cryptography;

namespace RawSocketChat.Protocol.WebSocket;

/// <summary>
/// RFC 6455, 5.3 and 10.3: a fresh key for every frame, from a strong source, that nobody can predict. Drawn in blocks,
/// since a draw from the system's generator costs about as much for 4 bytes as for some hundred.
/// </summary>
internal static class MaskingKeys
{
    private const int BlockBytes = 512;

    [ThreadStatic] private static byte[]? Block;
    [ThreadStatic] private static int Left;

    public static uint Next()
    {
        Block ??= new byte[BlockBytes];
        if (Left == 0)
        {
            RandomNumberGenerator.Fill(Block);
            Left = BlockBytes;
        }
        Left -= sizeof(uint);
        var key = Block.AsSpan(Left, sizeof(uint));
        var value = BinaryPrimitives.ReadUInt32BigEndian(key);
        key.Clear();
        return value;
    }
}
