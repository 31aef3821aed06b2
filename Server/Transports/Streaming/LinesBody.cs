using System.Buffers;
using System.Text;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Transports.Streaming;

/// <summary>A frame a line: NDJSON, or what a person reads.</summary>
internal sealed class LinesBody(bool asText) : StreamBody
{
    public override string Way => "stream";

    public override string ContentType => asText ? "text/plain; charset=utf-8" : "application/x-ndjson";

    public override void Write(IBufferWriter<byte> output, OutboundFrame frame, long? cursor)
    {
        if (!asText)
        {
            output.Write(frame.Payload.Span);
            output.Write("\n"u8);
        }
        else if (TextFormat.Of(frame.Payload.Span) is { Length: > 0 } text)
        {
            Encoding.UTF8.GetBytes(text, output);
            output.Write("\n"u8);
        }
    }

    public override void WriteKeepAlive(IBufferWriter<byte> output) => output.Write("\n"u8);
}
