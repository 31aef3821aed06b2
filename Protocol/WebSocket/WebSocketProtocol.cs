using System.Buffers;
using System.Buffers.Binary;
using System.Text.Unicode;
using RawSocketChat.Protocol.Compression;

namespace RawSocketChat.Protocol.WebSocket;

/// <summary>
/// The WebSocket protocol after the handshake, for both roles (RFC 6455 and 7692). It turns received bytes into events, and messages
/// into bytes to send. It has no I/O, clock or threads. It does not throw, whatever the input is: a violation of the protocol becomes
/// a <see cref="WebSocketEventKind.Fault"/>.
/// </summary>
/// <remarks>
/// This class sends no answers by itself: the caller answers a ping with a pong, and a Close or a Fault with a close frame.
/// Receiving and writing share no state, so one thread may receive while another thread writes. Two threads must not receive at the
/// same time, and two threads must not write at the same time. The buffers come from the shared pool. This class holds buffers only
/// while a message or control frame is incomplete, or while the payload of an event is valid. So if the caller calls TryReceive until
/// the result is false, an idle connection holds no buffer.
/// </remarks>
public sealed class WebSocketProtocol : IDisposable
{
    /// <summary>
    /// The maximum number of empty fragments in one message; one more is a fault (1009). RFC 6455 allows empty fragments, and the size
    /// limit of a message does not limit their number. A program that flushes its buffers may send some empty fragments, but far fewer
    /// than this. With this maximum, an endless message of empty fragments fails after about 6 KB.
    /// </summary>
    public const int MaxEmptyFragments = 1024;

    // RFC 7692, 7.2.2: the sender omits these bytes at the end of each message.
    private static ReadOnlySpan<byte> Tail => [0x00, 0x00, 0xFF, 0xFF];

    private readonly WebSocketRole _role;
    private readonly int _maxMessageBytes;
    private readonly FrameReader _frame;

    private PooledBytes _message;       // the fragments received so far
    private PooledBytes _control;       // the payload of a control frame, which may come between fragments (5.4)
    private Opcode _messageType;
    private bool _isMessageOpen;        // the first fragment has begun, and the last one has not ended
    private int _emptyFragments;
    private Utf8Validator _utf8;        // between two messages, it is at a character boundary
    private bool _hasEnded;             // true after a Close or a Fault

    private readonly DeflateParameters? _deflate;
    private Inflater? _inflater;
    private MessageDeflater? _deflater;
    private PooledBytes _inflated;

    /// <summary>Creates the state after the handshake.</summary>
    /// <param name="role">The role of this end.</param>
    /// <param name="maxMessageBytes">The maximum size of a received message in bytes, with all fragments and after inflating; 0 or more.</param>
    /// <param name="deflate">The agreed parameters of permessage-deflate; null if messages are not compressed.</param>
    public WebSocketProtocol(WebSocketRole role, int maxMessageBytes, DeflateParameters? deflate = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maxMessageBytes);
        _role = role;
        _maxMessageBytes = maxMessageBytes;
        _frame = new FrameReader(role, allowCompression: deflate is not null);
        _deflate = deflate;
    }

    /// <summary>Whether a frame or a message has arrived only in part.</summary>
    public bool IsMidFrame => !_hasEnded && (_frame.IsMidFrame || _isMessageOpen);

    /// <summary>
    /// Whether the first fragment of a message has begun, and the last one has not ended. A control frame does not change this value (5.4).
    /// </summary>
    public bool IsMidMessage => !_hasEnded && _isMessageOpen;

    /// <summary>Whether the peer's close frame has arrived.</summary>
    public bool CloseReceived { get; private set; }

    /// <summary>Whether the peer has violated the protocol. Further input is ignored, including a close frame (7.1.7).</summary>
    public bool HasFailed { get; private set; }

    /// <summary>Whether <see cref="WriteClose"/> has written a close frame.</summary>
    public bool CloseSent { get; private set; }

    /// <summary>The minimum size of a message to compress, in bytes. Default 1024.</summary>
    public int DeflateMinBytes { get; init; } = MessageDeflater.DefaultMinBytes;

    /// <summary>The compression level, 1 (fastest) to 9 (smallest output). Default 3.</summary>
    public int DeflateLevel { get; init; } = MessageDeflater.DefaultLevel;

    /// <summary>The number of bytes that the inflater keeps between messages, as its window (for the tests).</summary>
    internal int WindowBytes => _inflater?.RetainedBytes ?? 0;

    /// <summary>Whether this object holds no pooled buffer (for the tests).</summary>
    internal bool HoldsNoBuffer => !_message.IsRented && !_control.IsRented && !_inflated.IsRented;

    /// <summary>Reads the input up to and including the next event.</summary>
    /// <param name="input">Received bytes, split anywhere. This class does not keep a reference to them.</param>
    /// <param name="consumed">The number of bytes read: up to the last byte of the event, or the byte that caused a violation.</param>
    /// <param name="e">The event. Its payload is valid until the next call or Dispose.</param>
    /// <returns>
    /// True if there is an event; the caller calls again with the rest of the input. False if all input was read, and no event is
    /// complete. After a Close or a Fault there are no more events, and all input is dropped (RFC 6455, 1.4 and 7.1.7).
    /// </returns>
    public bool TryReceive(ReadOnlySpan<byte> input, out int consumed, out WebSocketEvent e)
    {
        // Release the payload of the previous event.
        if (!_isMessageOpen) _message.Release();
        _inflated.Release();
        if (!_frame.IsMidFrame) _control.Release();

        e = default;
        consumed = 0;
        while (!_hasEnded && consumed < input.Length)
        {
            if (!_frame.IsInPayload)
            {
                var fault = _frame.ReadHeader(input, ref consumed, _isMessageOpen, _message.Count, _maxMessageBytes);
                if (fault is null && _frame.IsInPayload) fault = BeginFrame();
                if (fault is not null) return Fail(fault, out e);
                if (!_frame.IsInPayload) return false;
            }

            if (ReadPayload(input, ref consumed) is { } bad) return Fail(bad, out e);
            if (_frame.RemainingBytes > 0) return false;

            _frame.EndFrame();
            if (_frame.IsControl) return EndControl(out e);
            if (_frame.IsFinal) return EndMessage(out e);
        }

        consumed = input.Length;
        return false;
    }

    /// <summary>Handles a complete header. The first frame of a message sets the type of the message.</summary>
    private Fault? BeginFrame()
    {
        if (_frame.IsControl) return null;
        if (_frame.Opcode != Opcode.Continuation)
        {
            _isMessageOpen = true;
            _messageType = _frame.Opcode;
            _emptyFragments = 0;
        }
        var isEmptyFragment = _frame.RemainingBytes == 0 && !_frame.IsFinal;
        return isEmptyFragment && ++_emptyFragments > MaxEmptyFragments ? Fault.TooManyEmptyFragments : null;
    }

    /// <summary>Reads the available part of the payload.</summary>
    private Fault? ReadPayload(ReadOnlySpan<byte> input, ref int consumed)
    {
        var piece = input.Slice(consumed, Math.Min(_frame.RemainingBytes, input.Length - consumed));
        if (_frame.IsControl)
        {
            _frame.ReadPayload(piece, _control.Extend(piece.Length, FrameHeader.MaxShortLength));
            consumed += piece.Length;
            return null;
        }

        if (_frame.IsCompressed)
        {
            _frame.ReadPayload(piece, _message.Extend(piece.Length, FrameReader.GetMaxCompressedBytes(_maxMessageBytes)));
            consumed += piece.Length;
            return null;
        }

        var unmasked = _message.Extend(piece.Length, _maxMessageBytes);
        _frame.ReadPayload(piece, unmasked);

        // 8.1: text that is not UTF-8 fails the connection. This check fails at the first invalid byte, not at the end of the message.
        var bad = _messageType == Opcode.Text ? _utf8.FindInvalid(unmasked) : -1;
        consumed += bad < 0 ? piece.Length : bad + 1;
        return bad < 0 ? null : Fault.InvalidUtf8Text;
    }

    private bool EndMessage(out WebSocketEvent e)
    {
        if (_frame.IsCompressed && Inflate() is { } bad) return Fail(bad, out e);

        // 5.6: the whole message must be UTF-8. A fragment may end inside a character, but the last fragment may not.
        if (_messageType == Opcode.Text && !_utf8.IsAtBoundary) return Fail(Fault.TruncatedText, out e);

        _isMessageOpen = false;
        var kind = _messageType == Opcode.Text ? WebSocketEventKind.Text : WebSocketEventKind.Binary;
        e = new WebSocketEvent(kind, _frame.IsCompressed ? _inflated.Memory : _message.Memory);
        return true;
    }

    private bool EndControl(out WebSocketEvent e)
    {
        switch (_frame.Opcode)
        {
            case Opcode.Ping:
                e = new WebSocketEvent(WebSocketEventKind.Ping, _control.Memory);
                return true;
            case Opcode.Pong:
                e = new WebSocketEvent(WebSocketEventKind.Pong, _control.Memory);
                return true;
            default:
                return EndClose(_control.Memory, out e);
        }
    }

    private bool EndClose(ReadOnlyMemory<byte> payload, out WebSocketEvent e)
    {
        // 5.5.1: the first two bytes of a payload are the code. 7.1.5: without a payload the code is 1005.
        if (payload.Length == 1) return Fail(Fault.TruncatedCloseCode, out e);
        var code = payload.IsEmpty ? CloseCode.NoStatus : BinaryPrimitives.ReadUInt16BigEndian(payload.Span);
        var reason = payload.IsEmpty ? payload : payload[sizeof(ushort)..];

        // 7.4: some codes must never be sent.
        if (!payload.IsEmpty && !CloseCode.MayBeSent(code)) return Fail(Fault.InvalidCloseCode(code), out e);
        // 5.5.1: the reason must be UTF-8.
        var utf8 = default(Utf8Validator);
        if (utf8.FindInvalid(reason.Span) >= 0 || !utf8.IsAtBoundary) return Fail(Fault.InvalidUtf8Reason, out e);

        // 5.5.1: input after a close frame is ignored, and an incomplete message is dropped.
        CloseReceived = true;
        _hasEnded = true;
        _message.Release();
        e = new WebSocketEvent(WebSocketEventKind.Close, reason, code);
        return true;
    }

    private bool Fail(Fault fault, out WebSocketEvent e)
    {
        EndReceiving();
        HasFailed = true;
        e = new WebSocketEvent(fault);
        return true;
    }

    /// <summary>Inflates a message after its last frame has arrived.</summary>
    private Fault? Inflate()
    {
        _inflater ??= CreateInflater(_deflate!);
        Tail.CopyTo(_message.Extend(Tail.Length, _message.Count + Tail.Length));
        var result = _inflater.Inflate(_message.Memory.Span, ref _inflated, _maxMessageBytes);
        _message.Release();
        return result switch
        {
            // The inflater stops at the limit, so the real size is not known.
            InflateResult.TooBig => Fault.MessageTooBig((ulong)_maxMessageBytes + 1, _maxMessageBytes),
            InflateResult.InvalidData => Fault.InvalidDeflateData,
            // RFC 6455, 8.1: the inflated text must be UTF-8, not the compressed bytes.
            _ when _messageType == Opcode.Text && _utf8.FindInvalid(_inflated.Memory.Span) >= 0 => Fault.InvalidUtf8Text,
            _ => null,
        };
    }

    private bool TryDeflate(ReadOnlySpan<byte> payload, out ReadOnlySpan<byte> deflated)
    {
        deflated = default;
        if (_deflate is null || CloseSent || payload.Length < DeflateMinBytes) return false;
        _deflater ??= CreateDeflater(_deflate);
        return _deflater.TryDeflate(payload, out deflated);
    }

    // RFC 7692, 7.1: the inflater uses the parameters of the peer's role, and the deflater uses the parameters of this end's role.
    private Inflater CreateInflater(DeflateParameters agreed) => _role == WebSocketRole.Server
        ? new Inflater(agreed.ClientMaxWindowBits, takeover: !agreed.ClientNoContextTakeover)
        : new Inflater(agreed.ServerMaxWindowBits, takeover: !agreed.ServerNoContextTakeover);

    private MessageDeflater CreateDeflater(DeflateParameters agreed) => _role == WebSocketRole.Server
        ? new MessageDeflater(DeflateLevel, agreed.ServerMaxWindowBits, takeover: !agreed.ServerNoContextTakeover)
        : new MessageDeflater(DeflateLevel, agreed.ClientMaxWindowBits, takeover: !agreed.ClientNoContextTakeover);

    /// <summary>
    /// Writes a message in one frame. A client masks it with a new random key. The message is compressed if compression was agreed,
    /// the message has at least <see cref="DeflateMinBytes"/> bytes, and it becomes smaller. After <see cref="WriteClose"/>, this method writes
    /// nothing (5.5.1).
    /// </summary>
    /// <param name="output">The output.</param>
    /// <param name="textOrBinary">Text or Binary. The payload of a text must be UTF-8; this method does not check that.</param>
    /// <param name="payload">The message, of any length. It is not changed.</param>
    /// <exception cref="ArgumentOutOfRangeException">The opcode is neither Text nor Binary.</exception>
    public void WriteMessage(IBufferWriter<byte> output, Opcode textOrBinary, ReadOnlySpan<byte> payload)
    {
        if (textOrBinary is not (Opcode.Text or Opcode.Binary))
            throw new ArgumentOutOfRangeException(nameof(textOrBinary), textOrBinary, "a message is Text or Binary");
        if (TryDeflate(payload, out var deflated)) WriteFrame(output, textOrBinary, deflated, compressed: true);
        else WriteFrame(output, textOrBinary, payload);
    }

    /// <summary>Writes a ping. After <see cref="WriteClose"/>, this method writes nothing.</summary>
    /// <param name="output">The output.</param>
    /// <param name="payload">The payload, at most 125 bytes.</param>
    /// <exception cref="ArgumentException">The payload has more than 125 bytes (5.5).</exception>
    public void WritePing(IBufferWriter<byte> output, ReadOnlySpan<byte> payload) => WriteFrame(output, Opcode.Ping, payload);

    /// <summary>Writes a pong, which answers a ping with the same payload (5.5.3). After <see cref="WriteClose"/>, this method writes nothing.</summary>
    /// <param name="output">The output.</param>
    /// <param name="payload">The payload, at most 125 bytes.</param>
    /// <exception cref="ArgumentException">The payload has more than 125 bytes (5.5).</exception>
    public void WritePong(IBufferWriter<byte> output, ReadOnlySpan<byte> payload) => WriteFrame(output, Opcode.Pong, payload);

    /// <summary>Writes a close frame, to begin or to answer the closing handshake (5.5.1, 7.1.2).</summary>
    /// <param name="output">The output.</param>
    /// <param name="code">A code for which <see cref="CloseCode.MayBeSent"/> is true, or 1005 for a close frame without code and reason.</param>
    /// <param name="reason">The reason. It is cut to 123 bytes of UTF-8, between two characters.</param>
    /// <returns>False if a close frame was already written. This method then writes nothing.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The code may not be sent.</exception>
    public bool WriteClose(IBufferWriter<byte> output, ushort code, string reason)
    {
        ArgumentNullException.ThrowIfNull(reason);
        if (code != CloseCode.NoStatus && !CloseCode.MayBeSent(code))
            throw new ArgumentOutOfRangeException(nameof(code), code, "may not be sent in a close frame (RFC 6455, 7.4)");
        if (CloseSent) return false;

        Span<byte> payload = stackalloc byte[FrameHeader.MaxShortLength];
        var length = 0;
        if (code != CloseCode.NoStatus)
        {
            BinaryPrimitives.WriteUInt16BigEndian(payload, code);
            Utf8.FromUtf16(reason, payload[sizeof(ushort)..], out _, out var reasonBytes);
            length = sizeof(ushort) + reasonBytes;
        }
        WriteFrame(output, Opcode.Close, payload[..length]);
        CloseSent = true;
        return true;
    }

    /// <summary>Returns the pooled buffers and drops an incomplete message. There are no events afterwards.</summary>
    public void Dispose()
    {
        EndReceiving();
        _deflater?.Dispose();
        _deflater = null;
    }

    // Do not dispose the deflater here, because another thread may be writing.
    private void EndReceiving()
    {
        _hasEnded = true;
        _message.Release();
        _control.Release();
        _inflated.Release();
    }

    private void WriteFrame(IBufferWriter<byte> output, Opcode opcode, ReadOnlySpan<byte> payload, bool compressed = false)
    {
        // 5.5.1: nothing may be sent after a close frame. Callers with queued frames need not check this.
        if (CloseSent) return;
        // 5.1: a client must mask every frame, and a server must mask none.
        uint? key = _role == WebSocketRole.Client ? MaskingKeys.Next() : null;
        FrameWriter.Write(output, opcode, payload, key, compressed: compressed);
    }
}
