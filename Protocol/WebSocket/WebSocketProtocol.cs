using System.Buffers;
using System.Buffers.Binary;
using System.Text.Unicode;

namespace RawSocketChat.Protocol.WebSocket;

/// <summary>
/// RFC 6455 and 7692 after the handshake, for both roles: bytes in, events out; messages in, bytes out. Without I/O, clock or
/// thread. Nothing that comes in makes it throw: what breaks a rule becomes a <see cref="WebSocketEventKind.Fault"/>.
/// </summary>
/// <remarks>
/// It answers nothing by itself: the caller writes the pong to a ping and the close to a close or a fault.
/// Receiving and writing share no state, so that each may have its own thread; neither is safe for two at once.
/// Buffers come from the shared pool and are held only while a message or control frame is incomplete, or an event's
/// payload is valid: a loop that calls TryReceive until it returns false leaves nothing rented on an idle connection.
/// </remarks>
public sealed partial class WebSocketProtocol : IDisposable
{
    /// <summary>
    /// How many fragments of one message may be empty; one more is a fault (1009). Fragments with bytes are bounded by the
    /// message's size, and empty ones, which RFC 6455 allows, by nothing: this is far above what a program flushing its
    /// buffers sends, and makes an endless message end after some 6 KB.
    /// </summary>
    public const int MaxEmptyFragments = 1024;

    private readonly WebSocketRole _role;
    private readonly int _maxMessageBytes;
    private readonly FrameReader _frame;

    private PooledBytes _message;       // the fragments so far
    private PooledBytes _control;       // apart, since it may come between them (5.4)
    private Opcode _messageType;
    private bool _messageOpen;          // the first fragment has begun, the last has not ended
    private int _emptyFragments;
    private Utf8Validator _utf8;        // between texts at a boundary, or the connection has failed
    private bool _over;                 // after a Close or a Fault

    /// <summary>The state right after the handshake.</summary>
    /// <param name="role">Which end this is.</param>
    /// <param name="maxMessageBytes">The most bytes that an incoming message may have, all fragments together, inflated; 0 or more.</param>
    /// <param name="deflate">What the handshake agreed on for permessage-deflate; null: nothing is compressed.</param>
    public WebSocketProtocol(WebSocketRole role, int maxMessageBytes, DeflateParameters? deflate = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maxMessageBytes);
        _role = role;
        _maxMessageBytes = maxMessageBytes;
        _frame = new FrameReader(role, mayBeCompressed: deflate is not null);
        _deflate = deflate;
    }

    /// <summary>Whether a part of a frame has come, or of a message, and the rest has not.</summary>
    public bool IsMidFrame => !_over && (_frame.IsMidFrame || _messageOpen);

    /// <summary>Whether the peer's close frame has come.</summary>
    public bool CloseReceived { get; private set; }

    /// <summary>Whether the peer has broken a rule: nothing of what it sends is read any more, a close frame neither (7.1.7).</summary>
    public bool HasFailed { get; private set; }

    /// <summary>Whether <see cref="WriteClose"/> has written one.</summary>
    public bool CloseSent { get; private set; }

    /// <summary>Whether nothing of the pool is held (for the tests).</summary>
    internal bool HoldsNothing => !_message.IsRented && !_control.IsRented && !_inflated.IsRented;

    /// <summary>Takes what has come, up to and including the next event.</summary>
    /// <param name="input">Bytes as they come, cut anywhere; never kept.</param>
    /// <param name="consumed">How many of them were taken: up to the event's last byte, or to the byte that broke a rule.</param>
    /// <param name="e">The event. Its payload is valid until the next call, or Dispose.</param>
    /// <returns>
    /// True: an event; call again with the rest. False: all was taken, and no event is complete. After a Close or a Fault
    /// there are no more events: everything is taken and dropped (RFC 6455, 1.4 and 7.1.7).
    /// </returns>
    public bool TryReceive(ReadOnlySpan<byte> input, out int consumed, out WebSocketEvent e)
    {
        // What the last event pointed to is no longer valid.
        if (!_messageOpen) _message.Release();
        _inflated.Release();
        if (!_frame.IsMidFrame) _control.Release();

        e = default;
        consumed = 0;
        while (!_over && consumed < input.Length)
        {
            if (!_frame.IsInPayload)
            {
                var fault = _frame.ReadHeader(input, ref consumed, _messageOpen, _message.Count, _maxMessageBytes);
                if (fault is null && _frame.IsInPayload) fault = BeginFrame();
                if (fault is not null) return Fail(fault, out e);
                if (!_frame.IsInPayload) return false;
            }

            if (ReadPayload(input, ref consumed) is { } bad) return Fail(bad, out e);
            if (_frame.Remaining > 0) return false;

            _frame.EndFrame();
            if (_frame.IsControl) return EndControl(out e);
            if (_frame.Final) return EndMessage(out e);
        }

        consumed = input.Length;
        return false;
    }

    /// <summary>The header is complete: opens a message where this frame does.</summary>
    private Fault? BeginFrame()
    {
        if (_frame.IsControl) return null;
        if (_frame.Opcode != Opcode.Continuation)
        {
            _messageOpen = true;
            _messageType = _frame.Opcode;
            _emptyFragments = 0;
        }
        var isEmptyFragment = _frame.Remaining == 0 && !_frame.Final;
        return isEmptyFragment && ++_emptyFragments > MaxEmptyFragments ? Fault.EmptyFragments : null;
    }

    /// <summary>Takes as much of the payload as is there.</summary>
    private Fault? ReadPayload(ReadOnlySpan<byte> input, ref int consumed)
    {
        var piece = input.Slice(consumed, Math.Min(_frame.Remaining, input.Length - consumed));
        if (_frame.IsControl)
        {
            _frame.ReadPayload(piece, _control.Extend(piece.Length, FrameHeader.MaxShortLength));
            consumed += piece.Length;
            return null;
        }

        if (_frame.Compressed)
        {
            _frame.ReadPayload(piece, _message.Extend(piece.Length, FrameReader.MostDeflated(_maxMessageBytes)));
            consumed += piece.Length;
            return null;
        }

        var unmasked = _message.Extend(piece.Length, _maxMessageBytes);
        _frame.ReadPayload(piece, unmasked);

        // 8.1: what is not UTF-8 fails the connection; here at the first byte that can't be, not at the message's end.
        var bad = _messageType == Opcode.Text ? _utf8.FindBad(unmasked) : -1;
        consumed += bad < 0 ? piece.Length : bad + 1;
        return bad < 0 ? null : Fault.TextNotUtf8;
    }

    private bool EndMessage(out WebSocketEvent e)
    {
        if (_frame.Compressed && Inflate() is { } bad) return Fail(bad, out e);

        // 5.6: the whole message is UTF-8; a fragment may end inside a character, the last one not.
        if (_messageType == Opcode.Text && !_utf8.IsAtBoundary) return Fail(Fault.TextCutShort, out e);

        _messageOpen = false;
        var kind = _messageType == Opcode.Text ? WebSocketEventKind.Text : WebSocketEventKind.Binary;
        e = new WebSocketEvent(kind, _frame.Compressed ? _inflated.Memory : _message.Memory);
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
        // 5.5.1: where there is a payload, its first two bytes are the code. 7.1.5: where there is none, the code is 1005.
        if (payload.Length == 1) return Fail(Fault.CloseOfOneByte, out e);
        var code = payload.IsEmpty ? CloseCode.NoStatus : BinaryPrimitives.ReadUInt16BigEndian(payload.Span);
        var reason = payload.IsEmpty ? payload : payload[sizeof(ushort)..];

        // 7.4: some codes are never on the wire.
        if (!payload.IsEmpty && !CloseCode.MayBeSent(code)) return Fail(Fault.BadCloseCode(code), out e);
        // 5.5.1: the reason is UTF-8.
        var utf8 = default(Utf8Validator);
        if (utf8.FindBad(reason.Span) >= 0 || !utf8.IsAtBoundary) return Fail(Fault.ReasonNotUtf8, out e);

        // 5.5.1: what comes after a close frame is not looked at; an unfinished message is lost.
        CloseReceived = true;
        _over = true;
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

    /// <summary>
    /// Writes a message in one frame, masked by a new random key in the client role, and compressed where that was agreed on
    /// and pays (<see cref="DeflateMinBytes"/>). Nothing, after a close (5.5.1).
    /// </summary>
    /// <param name="output">Where to.</param>
    /// <param name="textOrBinary">Text (the payload has to be UTF-8, and is not checked) or Binary.</param>
    /// <param name="payload">Any length; is not changed.</param>
    /// <exception cref="ArgumentOutOfRangeException">Another opcode.</exception>
    public void WriteMessage(IBufferWriter<byte> output, Opcode textOrBinary, ReadOnlySpan<byte> payload)
    {
        if (textOrBinary is not (Opcode.Text or Opcode.Binary))
            throw new ArgumentOutOfRangeException(nameof(textOrBinary), textOrBinary, "a message is Text or Binary");
        if (TryDeflate(payload, out var deflated)) WriteFrame(output, textOrBinary, deflated, compressed: true);
        else WriteFrame(output, textOrBinary, payload);
    }

    /// <summary>Writes a ping. Nothing, after a close.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="payload">At most 125 bytes.</param>
    /// <exception cref="ArgumentException">Over 125 bytes (5.5).</exception>
    public void WritePing(IBufferWriter<byte> output, ReadOnlySpan<byte> payload) => WriteFrame(output, Opcode.Ping, payload);

    /// <summary>Writes a pong, the answer to a ping of the same payload (5.5.3). Nothing, after a close.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="payload">At most 125 bytes.</param>
    /// <exception cref="ArgumentException">Over 125 bytes (5.5).</exception>
    public void WritePong(IBufferWriter<byte> output, ReadOnlySpan<byte> payload) => WriteFrame(output, Opcode.Pong, payload);

    /// <summary>Writes a close frame, to begin the closing handshake or to answer it (5.5.1, 7.1.2).</summary>
    /// <param name="output">Where to.</param>
    /// <param name="code">One that <see cref="CloseCode.MayBeSent"/>; or 1005, for a close frame without code and reason.</param>
    /// <param name="reason">Cut to 123 bytes of UTF-8, between two characters.</param>
    /// <returns>False, and nothing written, where one was sent before.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A code that may not be sent.</exception>
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

    /// <summary>Gives pooled buffers back and drops what was incomplete. No events come afterwards.</summary>
    public void Dispose()
    {
        EndReceiving();
        _deflater?.Dispose();
        _deflater = null;
    }

    // Not the deflater: another thread may be writing.
    private void EndReceiving()
    {
        _over = true;
        _message.Release();
        _control.Release();
        _inflated.Release();
    }

    private void WriteFrame(IBufferWriter<byte> output, Opcode opcode, ReadOnlySpan<byte> payload, bool compressed = false)
    {
        // 5.5.1: nothing is sent after a close frame. A pump that still has frames in hand need not know.
        if (CloseSent) return;
        // 5.1: a client masks every frame, a server none.
        uint? key = _role == WebSocketRole.Client ? MaskingKeys.Next() : null;
        FrameWriter.Write(output, opcode, payload, key, compressed: compressed);
    }
}
