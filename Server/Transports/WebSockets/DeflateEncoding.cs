using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Transports.WebSockets;

/// <summary>
/// One WebSocket message a frame, compressed by itself where that pays (RFC 7692); where not, the very bytes that
/// connections without compression get.
/// </summary>
internal sealed class DeflateEncoding : WireEncoding
{
    private readonly WebSocketEncoding _plain;
    private readonly DeflateOptions _options;
    private readonly DeflateEncoding? _largest;
    private readonly int _longest;

    /// <summary>For the largest window.</summary>
    public DeflateEncoding(WebSocketEncoding plain, DeflateOptions options)
    {
        _plain = plain;
        _options = options;
        _longest = int.MaxValue;
    }

    /// <summary>For a smaller one: what is no longer than the window refers to nothing beyond it.</summary>
    public DeflateEncoding(DeflateEncoding largest, int windowBytes)
    {
        _plain = largest._plain;
        _options = largest._options;
        _largest = largest;
        _longest = windowBytes;
    }

    public override ReadOnlyMemory<byte> Encode(OutboundFrame frame)
    {
        if (frame.Payload.Length < _options.MinBytes)
            return frame.Wire(_plain);

        var payload = _plain.PayloadOf(frame);
        if (payload.Length > _longest)
            return frame.Wire(_plain);
        if (_largest is not null)
            return frame.Wire(_largest);

        using var deflater = new MessageDeflater(_options.Level);
        return deflater.TryDeflate(payload.Span, out var deflated)
            ? FrameWriter.Frame(WebSocketEncoding.OpcodeOf(frame), deflated, compressed: true)
            : frame.Wire(_plain);
    }
}
