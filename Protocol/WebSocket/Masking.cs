using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace RawSocketChat.Protocol.WebSocket;

/// <summary>
/// RFC 6455, 5.3: byte i of the payload is XORed with byte (i modulo 4) of the key. Masking and unmasking are the same.
/// </summary>
internal static class Masking
{
    /// <summary>Masks <paramref name="source"/> into <paramref name="destination"/>, which may be the same bytes.</summary>
    /// <param name="source">A piece of the payload.</param>
    /// <param name="destination">At least as long.</param>
    /// <param name="key">The key as the number that its four bytes make in network order: 37 FA 21 3D is 0x37FA213D.</param>
    /// <param name="phase">How many bytes of the payload came before this piece, modulo 4.</param>
    public static void Apply(ReadOnlySpan<byte> source, Span<byte> destination, uint key, int phase)
    {
        destination = destination[..source.Length];

        // Turned so that the piece's first byte meets the key's highest byte.
        var turned = BitOperations.RotateLeft(key, 8 * phase);
        var inMemoryOrder = BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(turned) : turned;

        // Widest first. Every step is a multiple of 4 bytes, so the key needs no turning in between.
        var vectors = MemoryMarshal.Cast<byte, Vector<uint>>(source);
        if (vectors.Length > 0)
        {
            var wideKey = new Vector<uint>(inMemoryOrder);
            var masked = MemoryMarshal.Cast<byte, Vector<uint>>(destination);
            for (var i = 0; i < vectors.Length; i++) masked[i] = vectors[i] ^ wideKey;
            var done = vectors.Length * Vector<byte>.Count;
            source = source[done..];
            destination = destination[done..];
        }

        var words = MemoryMarshal.Cast<byte, uint>(source);
        var maskedWords = MemoryMarshal.Cast<byte, uint>(destination);
        for (var i = 0; i < words.Length; i++) maskedWords[i] = words[i] ^ inMemoryOrder;

        for (var i = words.Length * sizeof(uint); i < source.Length; i++)
            destination[i] = (byte)(source[i] ^ (turned >> (24 - 8 * (i % 4))));
    }
}
