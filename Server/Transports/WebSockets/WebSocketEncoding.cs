using System.Text;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Transports.WebSockets;

/// <summary>One unmasked WebSocket message a frame (RFC 6455, section 5.6), the same bytes for every receiver.</summary>
public sealed class WebSocketEncoding : WireEncoding
{
    /// <summary>The payload as it is.</summary>
    public static readonly WebSocketEncoding Json = new(asText: false);

    /// <summary>What a person reads.</summary>
    public static readonly WebSocketEncoding Text = new(asText: true);

    private readonly bool _asText;

    private WebSocketEncoding(bool asText) => _asText = asText;

    public override ReadOnlyMemory<byte> Encode(OutboundFrame frame)
    {
        if (frame.Kind == MessageKind.Binary)
            return FrameWriter.Frame(Opcode.Binary, frame.Payload.Span);
        if (!_asText)
            return FrameWriter.Frame(Opcode.Text, frame.Payload.Span);

        var text = TextFormat.Of(frame.Payload.Span);
        return text.Length == 0 ? default : FrameWriter.Frame(Opcode.Text, Encoding.UTF8.GetBytes(text));
    }
}
