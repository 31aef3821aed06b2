using System.Buffers;
using RawSocketChat.Protocol.Framing;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Transports.Streaming;

/// <summary>Server-sent events: what an EventSource reads, and resumes by itself.</summary>
internal sealed class EventsBody : StreamBody
{
    private const int RetryMilliseconds = 1000;

    public override string Way => "sse";

    public override string ContentType => "text/event-stream";

    public override void WriteHead(IBufferWriter<byte> output, long cursor) => EventStreamFraming.WriteHead(output, RetryMilliseconds);

    public override void Write(IBufferWriter<byte> output, OutboundFrame frame, long? cursor) => EventStreamFraming.Write(output, cursor, frame.Payload.Span);

    public override void WriteKeepAlive(IBufferWriter<byte> output) => output.Write(EventStreamFraming.KeepAlive);
}
