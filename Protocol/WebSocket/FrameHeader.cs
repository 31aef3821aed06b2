using System.Buffers.Binary;

namespace RawSocketChat.Protocol.WebSocket;

/// <summary>A frame's header, and how it is written. How it is read, byte by byte, is <see cref="FrameReader"/>.</summary>
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
internal readonly record struct FrameHeader(Opcode Opcode, bool Final, int PayloadLength, uint? MaskingKey, bool Compressed = false)
{
    public const byte FinalBit = 0x80;
    public const byte ReservedBits = 0x70;

    /// <summary>RSV1. With permessage-deflate it marks a compressed message, on its first frame (RFC 7692, 6).</summary>
    public const byte CompressedBit = 0x40;

    public const byte OpcodeBits = 0x0F;
    public const byte MaskBit = 0x80;
    public const byte LengthBits = 0x7F;

    /// <summary>Lengths up to this stand in the second byte itself; also the most that a control frame may have (5.5).</summary>
    public const int MaxShortLength = 125;
    public const byte Length16Follows = 126;
    public const byte Length64Follows = 127;

    /// <summary>2 + 8 + 4: no header is longer.</summary>
    public const int MaxSize = 14;

    /// <summary>This header's size in bytes, 2 to 14.</summary>
    public int Size => UnmaskedSize(PayloadLength) + (MaskingKey is null ? 0 : sizeof(uint));

    // 5.2: the length is written in the fewest bytes that hold it.
    public static int UnmaskedSize(int payloadLength) => payloadLength switch
    {
        <= MaxShortLength => 2,
        <= ushort.MaxValue => 2 + sizeof(ushort),
        _ => 2 + sizeof(ulong),
    };

    // 5.5: the highest bit of the four marks a control frame.
    public static bool IsControl(Opcode opcode) => ((byte)opcode & 0x8) != 0;

    /// <summary>Writes the header to the front of <paramref name="destination"/>, which has room for it.</summary>
    /// <returns>Its size.</returns>
    public int Write(Span<byte> destination)
    {
        destination[0] = (byte)((Final ? FinalBit : 0) | (Compressed ? CompressedBit : 0) | (byte)Opcode);
        var mask = MaskingKey is null ? 0 : MaskBit;
        var size = UnmaskedSize(PayloadLength);
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
