using System.Text;
using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Transports.WebSockets;

/// <summary>Encodes one unmasked WebSocket message per frame (RFC 6455, section 5.6). All receivers get the same bytes.</summary>
public sealed class WebSocketEncoding : WireEncoding
{
    /// <summary>Sends the payload unchanged.</summary>
    public static readonly WebSocketEncoding Json = new(asText: false);

    /// <summary>Sends the text format.</summary>
    public static readonly WebSocketEncoding Text = new(asText: true);

    private readonly bool _asText;

    private WebSocketEncoding(bool asText) => _asText = asText;

    public override ReadOnlyMemory<byte> Encode(EncodedFrame frame)
    {
        var payload = GetPayload(frame);
        return payload.IsEmpty && ShowsAsText(frame) ? default : FrameWriter.CreateFrame(GetOpcode(frame), payload.Span);
    }

    /// <summary>Returns the payload of the message; empty if the text format shows nothing of the frame.</summary>
    internal ReadOnlyMemory<byte> GetPayload(EncodedFrame frame) =>
        ShowsAsText(frame) ? Encoding.UTF8.GetBytes(FrameText.Render(frame)) : frame.Payload;

    internal static Opcode GetOpcode(EncodedFrame frame) => frame.Kind == MessageKind.Binary ? Opcode.Binary : Opcode.Text;

    private bool ShowsAsText(EncodedFrame frame) => _asText && frame.Kind == MessageKind.Text;
}
