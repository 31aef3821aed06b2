using System.Buffers;
using RawSocketChat.Protocol.Framing;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Transports.Streaming;

/// <summary>Server-sent events, as an EventSource reads them. An EventSource reconnects and resumes by itself.</summary>
internal sealed class EventsBody : StreamBody
{
    // The delay before an EventSource reconnects.
    private const int RetryMilliseconds = 1000;

    // An EventSource always reconnects, whatever the last event says. So two EventSources of one device would take over from each other once a
    // second. With a delay of one hour (browsers accept at least this delay), the older EventSource usually does not reconnect while its page
    // is open.
    private const int RetryAfterTakeoverMilliseconds = 3_600_000;

    public override string TransportName => "sse";

    public override string ContentType => "text/event-stream";

    public override void WriteHead(IBufferWriter<byte> output, long cursor) => EventStreamFraming.WriteRetry(output, RetryMilliseconds);

    public override void WriteTakeover(IBufferWriter<byte> output) => EventStreamFraming.WriteRetry(output, RetryAfterTakeoverMilliseconds);

    public override void Write(IBufferWriter<byte> output, EncodedFrame frame, long? cursor) => EventStreamFraming.Write(output, cursor, frame.Payload.Span);

    public override void WriteKeepAlive(IBufferWriter<byte> output) => output.Write(EventStreamFraming.KeepAlive);
}
