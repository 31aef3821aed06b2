using System.Buffers.Binary;

namespace RawSocketChat.Protocol.WebSocket;

/// <summary>The header of a frame to write. <see cref="FrameReader"/> reads received headers byte by byte.</summary>
/// <remarks>
/// RFC 6455, 5.2:
/// <code>
///  byte 0              byte 1              then
/// +-+-+-+-+-+-+-+-+   +-+-+-+-+-+-+-+-+   +- - - - - - - - - -+ +- - - - - -+ +--------
/// |F|R|R|R| opcode|   |M|  length      |   | length, 2 bytes   | |  key      | | payload
/// |I|S|S|S|       |   |A|  0..125      |   |   if that was 126 | |  4 bytes  | |
/// |N|V|V|V|       |   |S|  126 or 127  |   | length, 8 bytes   | |  if MASK  | |
/// | |1|2|3|       |   |K|              |   |   if that was 127 | |           | |
/// +-+-+-+-+-+-+-+-+   +-+-+-+-+-+-+-+-+   +- - - - - - - - - -+ +- - - - - -+ +--------
///  80 40 20 10   0F    80           7F     network byte order
/// </code>
/// </remarks>
internal readonly record struct FrameHeader(Opcode Opcode, bool IsFinal, int PayloadLength, uint? MaskingKey, bool IsCompressed = false)
{
    public const byte FinalBit = 0x80;
    public const byte ReservedBits = 0x70;

    /// <summary>RSV1. With permessage-deflate, this bit is set on the first frame of a compressed message (RFC 7692, 6).</summary>
    public const byte CompressedBit = 0x40;

    public const byte OpcodeBits = 0x0F;
    public const byte MaskBit = 0x80;
    public const byte LengthBits = 0x7F;

    /// <summary>The maximum length that fits into the second byte, and the maximum payload of a control frame (5.5).</summary>
    public const int MaxShortLength = 125;
    public const byte Length16Follows = 126;
    public const byte Length64Follows = 127;

    /// <summary>The maximum size of a header in bytes: 2 + 8 + 4.</summary>
    public const int MaxSize = 14;

    /// <summary>The size of this header in bytes, 2 to 14.</summary>
    public int Size => GetUnmaskedSize(PayloadLength) + (MaskingKey is null ? 0 : sizeof(uint));

    // 5.2: the length must use the minimal number of bytes.
    public static int GetUnmaskedSize(int payloadLength) => payloadLength switch
    {
        <= MaxShortLength => 2,
        <= ushort.MaxValue => 2 + sizeof(ushort),
        _ => 2 + sizeof(ulong),
    };

    // 5.5: in a control frame, the highest of the four opcode bits is set.
    public static bool IsControl(Opcode opcode) => ((byte)opcode & 0x8) != 0;

    /// <summary>Writes the header to the front of <paramref name="destination"/>, which must be large enough.</summary>
    /// <returns>The size of the header in bytes.</returns>
    public int Write(Span<byte> destination)
    {
        destination[0] = (byte)((IsFinal ? FinalBit : 0) | (IsCompressed ? CompressedBit : 0) | (byte)Opcode);
        var mask = MaskingKey is null ? 0 : MaskBit;
        var size = GetUnmaskedSize(PayloadLength);
        switch (size)
        {
            case 2:
                destination[1] = (byte)(mask | PayloadLength);
                break;
            case 2 + sizeof(ushort):
                destination[1] = (byte)(mask | Length16Follows);
                BinaryPrimitives.WriteUInt16BigEndian(destination[2..], (ushort)PayloadLength);
                break;
            default:
                destination[1] = (byte)(mask | Length64Follows);
                BinaryPrimitives.WriteUInt64BigEndian(destination[2..], (ulong)PayloadLength);
                break;
        }
        if (MaskingKey is not { } key) return size;
        BinaryPrimitives.WriteUInt32BigEndian(destination[size..], key);
        return size + sizeof(uint);
    }
}
