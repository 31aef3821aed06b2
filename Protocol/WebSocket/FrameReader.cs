namespace RawSocketChat.Protocol.WebSocket;

/// <summary>
/// Reads frames one after the other. This class reads the header byte by byte. So the input may be split anywhere, and this class detects a
/// violation at the byte that causes it. It reads the payload in pieces, and keeps no bytes of the payload.
/// </summary>
internal sealed class FrameReader(WebSocketRole role, bool allowCompression)
{
    private enum State
    {
        FirstByte,
        SecondByte,
        ExtendedLength,
        MaskingKey,
        Payload,
    }

    private State _state;
    private byte _missingBytes;    // the bytes of the extended length or of the masking key that have not arrived
    private bool _isMasked;
    private uint _key;
    private int _maskOffset;    // the position in the masking key, 0 to 3
    private ulong _length;      // the length read so far, not yet validated
    private uint _minLength;    // the minimum value of an extended length

    /// <summary>Whether this is the last fragment of its message.</summary>
    public bool IsFinal { get; private set; }

    /// <summary>The opcode of the frame; never a reserved one.</summary>
    public Opcode Opcode { get; private set; }

    /// <summary>Whether the newest data frame belongs to a compressed message.</summary>
    public bool IsCompressed { get; private set; }

    /// <summary>The number of payload bytes that are still to be received.</summary>
    public int RemainingBytes { get; private set; }

    /// <summary>Whether the header is complete, but the payload is not.</summary>
    public bool IsInPayload => _state == State.Payload;

    /// <summary>Whether the first byte of a frame has arrived, but not its last byte.</summary>
    public bool IsMidFrame => _state != State.FirstByte;

    /// <summary>Whether the current frame is a control frame.</summary>
    public bool IsControl => FrameHeader.IsControl(Opcode);

    /// <summary>Continues to read the header. Afterwards <see cref="IsInPayload"/> says whether the header is complete.</summary>
    /// <param name="input">The received bytes.</param>
    /// <param name="position">
    /// The position in the input. Afterwards: the position after the header, after the byte that caused a violation, or at the end.
    /// </param>
    /// <param name="isMessageOpen">Whether some fragments of a message have arrived, but not the last fragment.</param>
    /// <param name="bufferedBytes">The number of bytes in the fragments that have arrived.</param>
    /// <param name="maxMessageBytes">The maximum size of a message in bytes.</param>
    /// <returns>The violation; null if there is none.</returns>
    public Fault? ReadHeader(ReadOnlySpan<byte> input, ref int position, bool isMessageOpen, int bufferedBytes, int maxMessageBytes)
    {
        while (position < input.Length && _state != State.Payload)
        {
            var b = input[position++];
            var fault = _state switch
            {
                State.FirstByte => ReadFirstByte(b, isMessageOpen),
                State.SecondByte => ReadSecondByte(b, bufferedBytes, maxMessageBytes),
                State.ExtendedLength => ReadExtendedLength(b, bufferedBytes, maxMessageBytes),
                _ => ReadKey(b),
            };
            if (fault is not null) return fault;
        }
        return null;
    }

    /// <summary>Unmasks the next piece of the payload.</summary>
    /// <param name="piece">The masked bytes, at most <see cref="RemainingBytes"/>.</param>
    /// <param name="destination">The output, of the same length.</param>
    public void ReadPayload(ReadOnlySpan<byte> piece, Span<byte> destination)
    {
        if (_isMasked) Masking.Apply(piece, destination, _key, _maskOffset);
        else piece.CopyTo(destination);
        _maskOffset = (_maskOffset + piece.Length) % 4;
        RemainingBytes -= piece.Length;
    }

    /// <summary>Ends the frame after its payload is complete. The next byte begins a new frame.</summary>
    public void EndFrame() => _state = State.FirstByte;

    private Fault? ReadFirstByte(byte b, bool isMessageOpen)
    {
        // 5.2: a reserved bit fails the connection, unless a negotiated extension defines it.
        var reserved = b & FrameHeader.ReservedBits;
        if (reserved != 0 && !(allowCompression && reserved == FrameHeader.CompressedBit)) return Fault.ReservedBits;

        IsFinal = (b & FrameHeader.FinalBit) != 0;
        Opcode = (Opcode)(b & FrameHeader.OpcodeBits);
        // RFC 7692, 6.1: RSV1 may be set on the first frame of a message only, not on a continuation or a control frame.
        var begins = Opcode is Opcode.Text or Opcode.Binary;
        if (reserved != 0 && !begins) return Fault.MisplacedCompressedBit;
        switch (Opcode)
        {
            // 5.4: a continuation needs a message that was started
            case Opcode.Continuation when !isMessageOpen: return Fault.UnexpectedContinuation;
            // 5.4: the fragments of two messages must not be interleaved
            case Opcode.Text or Opcode.Binary when isMessageOpen: return Fault.InterleavedMessages;
            // 5.5: a control frame must not be fragmented; it may come between the fragments of a message
            case Opcode.Close or Opcode.Ping or Opcode.Pong when !IsFinal: return Fault.FragmentedControlFrame;
            case Opcode.Continuation or Opcode.Text or Opcode.Binary or Opcode.Close or Opcode.Ping or Opcode.Pong: break;
            // 5.2: an unknown opcode fails the connection
            default: return Fault.ReservedOpcode;
        }
        if (begins) IsCompressed = reserved != 0;
        _state = State.SecondByte;
        return null;
    }

    private Fault? ReadSecondByte(byte b, int bufferedBytes, int maxMessageBytes)
    {
        // 5.1: a client must mask every frame, and a server must mask none.
        _isMasked = (b & FrameHeader.MaskBit) != 0;
        if (_isMasked != (role == WebSocketRole.Server))
            return role == WebSocketRole.Server ? Fault.UnmaskedClientFrame : Fault.MaskedServerFrame;

        var length = b & FrameHeader.LengthBits;
        // 5.5: a control frame has at most 125 bytes, so it has no extended length.
        if (length > FrameHeader.MaxShortLength && IsControl) return Fault.ControlFrameTooLong;

        _length = 0;
        if (length <= FrameHeader.MaxShortLength)
        {
            _length = (ulong)length;
            return CompleteLength(bufferedBytes, maxMessageBytes);
        }
        _state = State.ExtendedLength;
        _missingBytes = length == FrameHeader.Length16Follows ? (byte)sizeof(ushort) : (byte)sizeof(ulong);
        _minLength = length == FrameHeader.Length16Follows ? FrameHeader.MaxShortLength + 1u : ushort.MaxValue + 1u;
        return null;
    }

    private Fault? ReadExtendedLength(byte b, int bufferedBytes, int maxMessageBytes)
    {
        _length = (_length << 8) | b;
        if (--_missingBytes > 0) return null;

        // 5.2: the highest bit of a 64-bit length must be 0.
        if (_length > long.MaxValue) return Fault.LengthOverflow;
        // 5.2: the length must use the minimal number of bytes.
        return _length < _minLength ? Fault.NonMinimalLength : CompleteLength(bufferedBytes, maxMessageBytes);
    }

    /// <summary>Checks the complete length against the limit, before any payload is read.</summary>
    private Fault? CompleteLength(int bufferedBytes, int maxMessageBytes)
    {
        // 10.4: the limit applies to the frame and to the reassembled message. The check must come before the cast to int, which could overflow.
        var maxBytes = IsCompressed ? GetMaxCompressedBytes(maxMessageBytes) : maxMessageBytes;
        if (!IsControl && _length + (ulong)bufferedBytes > (ulong)maxBytes) return Fault.MessageTooBig(_length + (ulong)bufferedBytes, maxMessageBytes);

        RemainingBytes = (int)_length;
        _key = 0;
        _maskOffset = 0;
        _missingBytes = sizeof(uint);
        _state = _isMasked ? State.MaskingKey : State.Payload;
        return null;
    }

    private Fault? ReadKey(byte b)
    {
        // 5.3: the masking key follows the length, in network byte order.
        _key = (_key << 8) | b;
        if (--_missingBytes == 0) _state = State.Payload;
        return null;
    }

    /// <summary>
    /// Returns the maximum size of a compressed message on the wire, in bytes. Compression can make a message longer, by up to an
    /// eighth: a sender that saves time may use only the fixed code, which has 9 bits for some bytes.
    /// </summary>
    internal static int GetMaxCompressedBytes(int maxMessageBytes) => (int)Math.Min((long)maxMessageBytes + (maxMessageBytes >> 3) + 64, Array.MaxLength - 64);
}
