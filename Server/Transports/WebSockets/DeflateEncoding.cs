using RawSocketChat.Protocol.Compression;
using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Transports.WebSockets;

/// <summary>
/// Encodes one WebSocket message per frame. Each message is compressed independently of all other messages (RFC 7692) if the compressed
/// message is smaller. Otherwise the message is sent uncompressed, with the same bytes that connections without compression get.
/// </summary>
internal sealed class DeflateEncoding : WireEncoding
{
    private readonly WebSocketEncoding _plain;
    private readonly DeflateOptions _options;
    private readonly DeflateEncoding? _largestWindow;
    private readonly int _maxBytes;

    /// <summary>Creates the encoding for the largest window.</summary>
    public DeflateEncoding(WebSocketEncoding plain, DeflateOptions options)
    {
        _plain = plain;
        _options = options;
        _maxBytes = int.MaxValue;
    }

    /// <summary>
    /// Creates the encoding for a smaller window. A message that is not longer than the window can't refer to anything outside the window.
    /// So the bytes that were compressed for the largest window are valid for the smaller window too. A longer message is not compressed.
    /// </summary>
    public DeflateEncoding(DeflateEncoding largestWindow, int windowBytes)
    {
        _plain = largestWindow._plain;
        _options = largestWindow._options;
        _largestWindow = largestWindow;
        _maxBytes = windowBytes;
    }

    public override ReadOnlyMemory<byte> Encode(EncodedFrame frame)
    {
        if (frame.Payload.Length < _options.MinBytes)
            return frame.GetBytes(_plain);

        var payload = _plain.GetPayload(frame);
        if (payload.Length > _maxBytes)
            return frame.GetBytes(_plain);
        if (_largestWindow is not null)
            return frame.GetBytes(_largestWindow);

        using var deflater = new MessageDeflater(_options.Level);
        return deflater.TryDeflate(payload.Span, out var deflated)
            ? FrameWriter.CreateFrame(WebSocketEncoding.GetOpcode(frame), deflated, compressed: true)
            : frame.GetBytes(_plain);
    }
}
