using System.Buffers;
using System.Text;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Transports.Streaming;

/// <summary>One frame per line: NDJSON, or the text format.</summary>
internal sealed class LinesBody(bool asText) : StreamBody
{
    public override string TransportName => "stream";

    public override string ContentType => asText ? "text/plain; charset=utf-8" : "application/x-ndjson";

    public override void Write(IBufferWriter<byte> output, EncodedFrame frame, long? cursor)
    {
        if (!asText)
        {
            output.Write(frame.Payload.Span);
            output.Write("\n"u8);
        }
        else if (FrameText.Render(frame) is { Length: > 0 } text)
        {
            Encoding.UTF8.GetBytes(text, output);
            output.Write("\n"u8);
        }
    }

    public override void WriteKeepAlive(IBufferWriter<byte> output) => output.Write("\n"u8);
}
