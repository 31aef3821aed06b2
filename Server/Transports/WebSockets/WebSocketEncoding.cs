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
        var payload = PayloadOf(frame);
        return payload.IsEmpty && ShowsAsText(frame) ? default : FrameWriter.Frame(OpcodeOf(frame), payload.Span);
    }

    /// <summary>What goes into the message; empty where the text format shows nothing of the frame.</summary>
    internal ReadOnlyMemory<byte> PayloadOf(OutboundFrame frame) =>
        ShowsAsText(frame) ? Encoding.UTF8.GetBytes(TextFormat.Of(frame.Payload.Span)) : frame.Payload;

    internal static Opcode OpcodeOf(OutboundFrame frame) => frame.Kind == MessageKind.Binary ? Opcode.Binary : Opcode.Text;

    private bool ShowsAsText(OutboundFrame frame) => _asText && frame.Kind == MessageKind.Text;
}
