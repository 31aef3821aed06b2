using System.Text;
using RawSocketChat.Protocol.Framing;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Transports.RawTcp;

/// <summary>Encodes one frame per line. The delimiter is the one that the client uses: newline, or NUL (as in Flash's XMLSocket).</summary>
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

    /// <summary>Returns the encoding for a delimiter and a format. There is one object for each combination.</summary>
    public static LineEncoding Get(LineDelimiter delimiter, bool asText) => (delimiter, asText) switch
    {
        (LineDelimiter.Nul, false) => JsonNul,
        (LineDelimiter.Nul, true) => TextNul,
        (_, true) => TextLines,
        _ => JsonLines,
    };

    public override ReadOnlyMemory<byte> Encode(EncodedFrame frame)
    {
        if (!_asText)
            return LineFraming.CreateFrame(frame.Payload.Span, _delimiter);

        var text = FrameText.Render(frame);
        return text.Length == 0 ? default : LineFraming.CreateFrame(Encoding.UTF8.GetBytes(text), _delimiter);
    }
}
