using System.Buffers.Binary;

namespace RawSocketChat.Protocol.Compression;

/// <summary>
/// Reads bits from bytes, starting with the lowest bit of each byte (RFC 1951, 3.1.1). After the end of the input it returns zeros,
/// and <see cref="IsOverrun"/> becomes true.
/// </summary>
internal ref struct BitReader(ReadOnlySpan<byte> input)
{
    private readonly ReadOnlySpan<byte> _input = input;
    private int _position;
    private ulong _bits;        // the next bits, starting with the lowest
    private int _count;         // the number of valid bits in _bits; negative after the end of the input

    /// <summary>Whether more bits were read than the input has.</summary>
    public readonly bool IsOverrun => _count < 0;

    /// <summary>Whether all bits were read.</summary>
    public readonly bool IsAtEnd => _count == 0 && _position == _input.Length;

    /// <summary>Loads bits until at least 56 bits are loaded or the input ends. A length and its distance together have at most 48 bits.</summary>
    public void Refill()
    {
        if (_count < 0) return;
        if (_input.Length - _position >= sizeof(ulong))
        {
            // _bits may have room for only a part of the last byte. The next call then loads the whole byte, which sets these bits to the same values again.
            _bits |= BinaryPrimitives.ReadUInt64LittleEndian(_input[_position..]) << _count;
            var bytes = (63 - _count) >> 3;
            _position += bytes;
            _count += bytes << 3;
            return;
        }
        for (; _count <= 56 && _position < _input.Length; _count += 8) _bits |= (ulong)_input[_position++] << _count;
    }

    /// <summary>Reads up to 13 of the loaded bits.</summary>
    public int Read(int bits)
    {
        var value = (int)_bits & ((1 << bits) - 1);
        _bits >>= bits;
        _count -= bits;
        return value;
    }

    /// <summary>Reads a symbol of a Huffman code. Returns -1 if the bits are not a valid code, or the input has ended.</summary>
    public int Read(HuffmanCode code)
    {
        var symbol = code.Decode(_bits, out var length);
        _bits >>= length;
        _count -= length;
        return IsOverrun ? -1 : symbol;
    }

    /// <summary>Skips the remaining bits of the current byte.</summary>
    public void AlignToByte() => Read(_count & 7);

    /// <summary>The unread bytes. The position must be at the beginning of a byte.</summary>
    public readonly ReadOnlySpan<byte> RemainingBytes => _input[(_position - (_count >> 3))..];

    /// <summary>Reads whole bytes. The position must be at the beginning of a byte.</summary>
    /// <param name="bytes">The number of bytes, at most the length of <see cref="RemainingBytes"/>.</param>
    public ReadOnlySpan<byte> ReadBytes(int bytes)
    {
        var taken = RemainingBytes[..bytes];
        _position += bytes - (_count >> 3);
        (_bits, _count) = (0, 0);
        return taken;
    }
}
