namespace RawSocketChat.Protocol.WebSocket;

// permessage-deflate (RFC 7692): what it adds between frames and messages.
public sealed partial class WebSocketProtocol
{
    // 7.2.2: what the sender leaves out at the end of each message.
    private static ReadOnlySpan<byte> Tail => [0x00, 0x00, 0xFF, 0xFF];

    private readonly DeflateParameters? _deflate;
    private Inflater? _inflater;
    private MessageDeflater? _deflater;
    private PooledBytes _inflated;

    /// <summary>Messages of fewer bytes are not compressed. Default 1024.</summary>
    public int DeflateMinBytes { get; init; } = MessageDeflater.DefaultMinBytes;

    /// <summary>How hard to compress, 1 (fast) to 9 (small). Default 3.</summary>
    public int DeflateLevel { get; init; } = MessageDeflater.DefaultLevel;

    /// <summary>What is held between messages for the peer's next one to refer to, in bytes (for the tests).</summary>
    internal int WindowBytes => _inflater?.HeldBytes ?? 0;

    /// <summary>The last frame of a compressed message has come.</summary>
    private Fault? Inflate()
    {
        var peer = _role == WebSocketRole.Server ? WebSocketRole.Client : WebSocketRole.Server;
        _inflater ??= new Inflater(_deflate!.WindowBits(peer), _deflate.TakesOver(peer));
        Tail.CopyTo(_message.Extend(Tail.Length, _message.Count + Tail.Length));
        var result = _inflater.Inflate(_message.Memory.Span, ref _inflated, _maxMessageBytes);
        _message.Release();
        return result switch
        {
            // As with any message, and found before a byte more than the limit was made.
            InflateResult.TooBig => Fault.MessageTooBig((ulong)_maxMessageBytes + 1, _maxMessageBytes),
            InflateResult.Bad => Fault.NotDeflate,
            // RFC 6455, 8.1, of what was meant, not of what was on the wire.
            _ when _messageType == Opcode.Text && _utf8.FindBad(_inflated.Memory.Span) >= 0 => Fault.TextNotUtf8,
            _ => null,
        };
    }

    private bool TryDeflate(ReadOnlySpan<byte> payload, out ReadOnlySpan<byte> deflated)
    {
        deflated = default;
        if (_deflate is null || CloseSent || payload.Length < DeflateMinBytes) return false;
        _deflater ??= new MessageDeflater(DeflateLevel, _deflate.WindowBits(_role), _deflate.TakesOver(_role));
        return _deflater.TryDeflate(payload, out deflated);
    }
}
