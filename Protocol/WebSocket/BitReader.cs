using System.Buffers.Binary;

namespace RawSocketChat.Protocol.WebSocket;

/// <summary>
/// Bits out of bytes, the lowest of each byte first (RFC 1951, 3.1.1). Behind the end there are zeros, and
/// <see cref="IsSpent"/> tells that some were taken.
/// </summary>
internal ref struct BitReader(ReadOnlySpan<byte> input)
{
    private readonly ReadOnlySpan<byte> _input = input;
    private int _position;
    private ulong _bits;        // the next ones, from its lowest bit on
    private int _count;         // of those that are known to be there

    /// <summary>Whether more was taken than there is.</summary>
    public readonly bool IsSpent => _count < 0;

    /// <summary>Whether all was taken.</summary>
    public readonly bool IsAtEnd => _count == 0 && _position == _input.Length;

    /// <summary>Makes the next 56 bits at least ready to be taken; as many as one length with its distance has at most are 48.</summary>
    public void Refill()
    {
        if (_count < 0) return;
        if (_input.Length - _position >= sizeof(ulong))
        {
            // The bits of a byte that does not fit as a whole come in once more by the next call: they are the same.
            _bits |= BinaryPrimitives.ReadUInt64LittleEndian(_input[_position..]) << _count;
            var bytes = (63 - _count) >> 3;
            _position += bytes;
            _count += bytes << 3;
            return;
        }
        for (; _count <= 56 && _position < _input.Length; _count += 8) _bits |= (ulong)_input[_position++] << _count;
    }

    /// <summary>Takes up to 13 of the bits that are ready.</summary>
    public int Take(int bits)
    {
        var value = (int)_bits & ((1 << bits) - 1);
        _bits >>= bits;
        _count -= bits;
        return value;
    }

    /// <summary>Takes a symbol; -1: there is none.</summary>
    public int Take(HuffmanCode code)
    {
        var symbol = code.Find(_bits, out var length);
        _bits >>= length;
        _count -= length;
        return IsSpent ? -1 : symbol;
    }

    /// <summary>Passes over the rest of a byte that was begun.</summary>
    public void SkipToByte() => Take(_count & 7);

    /// <summary>What has not been taken; at a byte's beginning.</summary>
    public readonly ReadOnlySpan<byte> Rest => _input[(_position - (_count >> 3))..];

    /// <summary>Takes whole bytes; at a byte's beginning.</summary>
    /// <param name="bytes">As many as <see cref="Rest"/> has at most.</param>
    public ReadOnlySpan<byte> TakeBytes(int bytes)
    {
        var taken = Rest[..bytes];
        _position += bytes - (_count >> 3);
        (_bits, _count) = (0, 0);
        return taken;
    }
}
