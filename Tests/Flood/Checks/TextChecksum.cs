using System.Numerics;
using System.Runtime.InteropServices;

namespace RawSocketChat.Tests.Flood.Checks;

/// <summary>A checksum of a published text: its length in bytes (upper 32 bits) and the CRC-32C of the bytes.</summary>
/// <remarks>
/// Flood does not store the texts of a run. Every subscriber checks every text, and CRC-32C takes one instruction for eight bytes.
/// </remarks>
internal static class TextChecksum
{
    public static ulong Compute(ReadOnlySpan<byte> utf8)
    {
        var crc = uint.MaxValue;
        var words = MemoryMarshal.Cast<byte, ulong>(utf8);
        foreach (var word in words) crc = BitOperations.Crc32C(crc, word);
        foreach (var rest in utf8[(words.Length * sizeof(ulong))..]) crc = BitOperations.Crc32C(crc, rest);
        return (ulong)utf8.Length << 32 | crc;
    }

    /// <summary>Gets the length of the text in bytes.</summary>
    public static int GetByteCount(ulong sum) => (int)(sum >> 32);
}
