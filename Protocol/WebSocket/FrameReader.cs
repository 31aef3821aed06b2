namespace RawSocketChat.Protocol.WebSocket;

/// <summary>
/// Reads one frame after the other: the header a byte at a time, so that it may be cut anywhere and a broken rule is
/// found at the byte that breaks it; then the payload in pieces. Keeps no bytes itself.
/// </summary>
internal sealed class FrameReader(WebSocketRole role, bool mayBeCompressed)
{
    private enum Next
    {
        FirstByte,
        SecondByte,
        LongLength,
        Key,
        Payload,
    }

    private Next _next;
    private byte _bytesOwed;    // of the long length or the key
    private bool _masked;
    private uint _key;
    private int _phase;         // of the key, 0 to 3
    private ulong _length;      // while it is being read: not yet checked
    private uint _shortest;     // the least that a long length may say

    /// <summary>Whether this is the last fragment of its message.</summary>
    public bool Final { get; private set; }

    /// <summary>What the frame is; a known one.</summary>
    public Opcode Opcode { get; private set; }

    /// <summary>Whether the message that the last data frame begins or continues is compressed.</summary>
    public bool Compressed { get; private set; }

    /// <summary>How many bytes of the payload are still to come.</summary>
    public int Remaining { get; private set; }

    /// <summary>Whether the header is complete and the frame is not.</summary>
    public bool IsInPayload => _next == Next.Payload;

    /// <summary>Whether the first byte of a frame has come, and not yet its last.</summary>
    public bool IsMidFrame => _next != Next.FirstByte;

    /// <summary>Whether that frame is a control frame.</summary>
    public bool IsControl => FrameHeader.IsControl(Opcode);

    /// <summary>Reads on in the header.</summary>
    /// <param name="input">What has come.</param>
    /// <param name="position">Where to read on; afterwards behind the header, or behind the byte that broke a rule, or at the end.</param>
    /// <param name="messageOpen">Whether fragments of a message have come and not yet its last.</param>
    /// <param name="held">The bytes of those fragments.</param>
    /// <param name="limit">The most bytes that a message may have.</param>
    /// <returns>The broken rule; null: none, see <see cref="IsInPayload"/>.</returns>
    public Fault? ReadHeader(ReadOnlySpan<byte> input, ref int position, bool messageOpen, int held, int limit)
    {
        while (position < input.Length && _next != Next.Payload)
        {
            var b = input[position++];
            var fault = _next switch
            {
                Next.FirstByte => ReadFirst(b, messageOpen),
                Next.SecondByte => ReadSecond(b, held, limit),
                Next.LongLength => ReadLongLength(b, held, limit),
                _ => ReadKey(b),
            };
            if (fault is not null) return fault;
        }
        return null;
    }

    /// <summary>Unmasks the next piece of the payload.</summary>
    /// <param name="piece">At most <see cref="Remaining"/> bytes.</param>
    /// <param name="destination">As long.</param>
    public void ReadPayload(ReadOnlySpan<byte> piece, Span<byte> destination)
    {
        if (_masked) Masking.Apply(piece, destination, _key, _phase);
        else piece.CopyTo(destination);
        _phase = (_phase + piece.Length) % 4;
        Remaining -= piece.Length;
    }

    /// <summary>The payload is complete: the next byte begins a frame.</summary>
    public void EndFrame() => _next = Next.FirstByte;

    private Fault? ReadFirst(byte b, bool messageOpen)
    {
        // 5.2: a reserved bit that no negotiated extension gives a meaning fails the connection.
        var reserved = b & FrameHeader.ReservedBits;
        if (reserved != 0 && !(mayBeCompressed && reserved == FrameHeader.CompressedBit)) return Fault.ReservedBits;

        Final = (b & FrameHeader.FinalBit) != 0;
        Opcode = (Opcode)(b & FrameHeader.OpcodeBits);
        // RFC 7692, 6.1: RSV1 stands on the first frame of a message, never on a continuation or a control frame.
        var begins = Opcode is Opcode.Text or Opcode.Binary;
        if (reserved != 0 && !begins) return Fault.CompressedLater;
        switch (Opcode)
        {
            // 5.4: a continuation continues something,
            case Opcode.Continuation when !messageOpen: return Fault.NothingToContinue;
            // and fragments of two messages never mix.
            case Opcode.Text or Opcode.Binary when messageOpen: return Fault.MessageInMessage;
            // 5.5: a control frame is whole, and may come between the fragments of a message.
            case Opcode.Close or Opcode.Ping or Opcode.Pong when !Final: return Fault.FragmentedControl;
            case Opcode.Continuation or Opcode.Text or Opcode.Binary or Opcode.Close or Opcode.Ping or Opcode.Pong: break;
            // 5.2: an unknown opcode fails the connection.
            default: return Fault.ReservedOpcode;
        }
        if (begins) Compressed = reserved != 0;
        _next = Next.SecondByte;
        return null;
    }

    private Fault? ReadSecond(byte b, int held, int limit)
    {
        // 5.1: a client masks every frame, a server none; the other end closes where that is not so.
        _masked = (b & FrameHeader.MaskBit) != 0;
        if (_masked != (role == WebSocketRole.Server))
            return role == WebSocketRole.Server ? Fault.ClientUnmasked : Fault.ServerMasked;

        var length = b & FrameHeader.LengthBits;
        // 5.5: a control frame has at most 125 bytes, so never a long length.
        if (length > FrameHeader.MaxShortLength && IsControl) return Fault.LongControl;

        _length = 0;
        if (length <= FrameHeader.MaxShortLength)
        {
            _length = (ulong)length;
            return EndLength(held, limit);
        }
        _next = Next.LongLength;
        _bytesOwed = length == FrameHeader.Length16Follows ? (byte)sizeof(ushort) : (byte)sizeof(ulong);
        _shortest = length == FrameHeader.Length16Follows ? FrameHeader.MaxShortLength + 1u : ushort.MaxValue + 1u;
        return null;
    }

    private Fault? ReadLongLength(byte b, int held, int limit)
    {
        _length = (_length << 8) | b;
        if (--_bytesOwed > 0) return null;

        // 5.2: the highest bit of a length of 64 bits is 0.
        if (_length > long.MaxValue) return Fault.LengthTopBit;
        // 5.2: the fewest bytes that can hold the length are used.
        return _length < _shortest ? Fault.LengthNotMinimal : EndLength(held, limit);
    }

    /// <summary>The length is known, and nothing of the payload has been taken yet.</summary>
    private Fault? EndLength(int held, int limit)
    {
        // 10.4: the limit holds for a frame and for the message that it is put together to. Before any cast to int.
        var most = Compressed ? MostDeflated(limit) : limit;
        if (!IsControl && _length + (ulong)held > (ulong)most) return Fault.MessageTooBig(_length + (ulong)held, limit);

        Remaining = (int)_length;
        _key = 0;
        _phase = 0;
        _bytesOwed = sizeof(uint);
        _next = _masked ? Next.Key : Next.Payload;
        return null;
    }

    private Fault? ReadKey(byte b)
    {
        // 5.3: the key follows the length, in network order.
        _key = (_key << 8) | b;
        if (--_bytesOwed == 0) _next = Next.Payload;
        return null;
    }

    /// <summary>
    /// The most bytes that a compressed message may take on the wire. Compression can make a message longer: by an eighth where
    /// a fast sender writes each byte in the 9 bits that the fixed code has for it.
    /// </summary>
    internal static int MostDeflated(int limit) => (int)Math.Min((long)limit + (limit >> 3) + 64, Array.MaxLength - 64);
}
