using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace RawSocketChat.Protocol.WebSocket;

/// <summary>
/// Masks and unmasks payloads (RFC 6455, 5.3): byte i is XORed with byte (i modulo 4) of the key. Masking and unmasking are the same
/// operation.
/// </summary>
internal static class Masking
{
    /// <summary>Masks <paramref name="source"/> into <paramref name="destination"/>, which may be the same memory.</summary>
    /// <param name="source">A piece of the payload.</param>
    /// <param name="destination">The output, at least as long as the source.</param>
    /// <param name="key">The key as a number in network byte order: 37 FA 21 3D is 0x37FA213D.</param>
    /// <param name="offset">The number of payload bytes before this piece, modulo 4.</param>
    public static void Apply(ReadOnlySpan<byte> source, Span<byte> destination, uint key, int offset)
    {
        destination = destination[..source.Length];

        // Rotate the key, so that its highest byte masks the first byte of the piece.
        var rotated = BitOperations.RotateLeft(key, 8 * offset);
        var inMemoryOrder = BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(rotated) : rotated;

        // Vectors first, then words, then bytes. Vectors and words are multiples of 4 bytes, so the key needs no further rotation.
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
            destination[i] = (byte)(source[i] ^ (rotated >> (24 - 8 * (i % 4))));
    }
}
