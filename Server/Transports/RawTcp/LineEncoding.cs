using System.Text;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Protocol.Framing;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Transports.RawTcp;

/// <summary>A frame a line, ended as the client ends its own: by newline, or by NUL as Flash's XMLSocket did.</summary>
public sealed class LineEncoding : WireEncoding
{
    private static readonly LineEncoding JsonLines = new(LineDelimiter.Newline, asText: false);
    private static readonly LineEncoding TextLines = new(LineDelimiter.Newline, asText: true);
    private static readonly LineEncoding JsonNul = new(LineDelimiter.Nul, asText: false);
    private static readonly LineEncoding TextNul = new(LineDelimiter.Nul, asText: true);

    private readonly LineDelimiter _delimiter;
    private readonly bool _asText;

    private LineEncoding(LineDelimiter delimiter, bool asText)
    {
        _delimiter = delimiter;
        _asText = asText;
    }

    public static LineEncoding Of(LineDelimiter delimiter, bool asText) => (delimiter, asText) switch
    {
        (LineDelimiter.Nul, false) => JsonNul,
        (LineDelimiter.Nul, true) => TextNul,
        (_, true) => TextLines,
        _ => JsonLines,
    };

    public override ReadOnlyMemory<byte> Encode(OutboundFrame frame)
    {
        if (!_asText)
            return LineFraming.Frame(frame.Payload.Span, _delimiter);

        var text = TextFormat.Of(frame.Payload.Span);
        return text.Length == 0 ? default : LineFraming.Frame(Encoding.UTF8.GetBytes(text), _delimiter);
    }
}
