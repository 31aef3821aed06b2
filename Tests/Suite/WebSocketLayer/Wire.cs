using System.Buffers.Binary;
using System.Text;
using RawSocketChat.Protocol.WebSocket;

namespace RawSocketChat.Tests.WebSocketLayer;

/// <summary>Builds valid and invalid frames without the code under test.</summary>
internal static class Wire
{
    public const uint Key = 0x37FA213D;     // the key of RFC 6455's examples

    public static byte[] Hex(string text) => Convert.FromHexString(text.Replace(" ", ""));

    public static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    public static byte[] Join(params byte[][] parts) => parts.SelectMany(part => part).ToArray();

    /// <summary>A frame as its receiver expects it: masked for a server, unmasked for a client.</summary>
    public static byte[] To(WebSocketRole receiver, Opcode opcode, byte[] payload, bool final = true) =>
        Frame((byte)opcode, payload, final, masked: receiver == WebSocketRole.Server);

    public static byte[] To(WebSocketRole receiver, Opcode opcode, string payload, bool final = true) =>
        To(receiver, opcode, Utf8(payload), final);

    public static byte[] Close(WebSocketRole receiver, int code, string reason = "") =>
        To(receiver, Opcode.Close, Join([(byte)(code >> 8), (byte)code], Utf8(reason)));

    /// <summary>Builds any frame, valid or invalid.</summary>
    public static byte[] Frame(int opcode, byte[] payload, bool final = true, bool masked = false, int reserved = 0, uint key = Key)
    {
        var first = (byte)((final ? 0x80 : 0) | reserved << 4 | opcode);
        var head = payload.Length switch
        {
            < 126 => [(byte)payload.Length],
            < 65536 => Join([126], Number((ulong)payload.Length, 2)),
            _ => Join([127], Number((ulong)payload.Length, 8)),
        };
        if (masked) head[0] |= 0x80;
        return masked ? Join([first], head, Number(key, 4), Masked(payload, key)) : Join([first], head, payload);
    }

    /// <summary>A frame with the bit that marks a compressed message (RFC 7692, section 6.1), masked as its receiver expects it.</summary>
    public static byte[] Compressed(WebSocketRole receiver, byte[] payload, bool final = true, Opcode opcode = Opcode.Text) =>
        Frame((byte)opcode, payload, final, masked: receiver == WebSocketRole.Server, reserved: 4);

    /// <summary>The header of a frame with a length field of 2 or 8 bytes, even if the length fits into a shorter field.</summary>
    public static byte[] LongHeader(WebSocketRole receiver, Opcode opcode, ulong length, int lengthBytes)
    {
        var mask = receiver == WebSocketRole.Server ? 0x80 : 0;
        var lengthCode = lengthBytes == 2 ? 126 : 127;
        return Join([(byte)(0x80 | (byte)opcode), (byte)(mask | lengthCode)], Number(length, lengthBytes));
    }

    /// <summary>Masks byte by byte (RFC 6455, section 5.3).</summary>
    public static byte[] Masked(byte[] payload, uint key)
    {
        var octets = Number(key, 4);
        return payload.Select((b, i) => (byte)(b ^ octets[i % 4])).ToArray();
    }

    private static byte[] Number(ulong value, int bytes)
    {
        var eight = new byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(eight, value);
        return eight[^bytes..];
    }
}
