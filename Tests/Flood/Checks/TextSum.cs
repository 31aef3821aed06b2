using System.Numerics;
using System.Runtime.InteropServices;

namespace RawSocketChat.Tests.Flood.Checks;

/// <summary>What is kept of a text that was said, to know it again: its length in bytes, and a CRC of them.</summary>
/// <remarks>
/// The texts of a long run are not kept themselves, and every subscriber checks every one: this is an instruction for eight bytes.
/// </remarks>
internal static class TextSum
{
    public static ulong Of(ReadOnlySpan<byte> utf8)
    {
        var crc = uint.MaxValue;
        var words = MemoryMarshal.Cast<byte, ulong>(utf8);
        foreach (var word in words) crc = BitOperations.Crc32C(crc, word);
        foreach (var rest in utf8[(words.Length * sizeof(ulong))..]) crc = BitOperations.Crc32C(crc, rest);
        return (ulong)utf8.Length << 32 | crc;
    }

    /// <summary>The bytes of the text that it is of.</summary>
    public static int Bytes(ulong sum) => (int)(sum >> 32);
}
