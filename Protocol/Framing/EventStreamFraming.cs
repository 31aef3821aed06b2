using System.Buffers;

namespace RawSocketChat.Protocol.Framing;

/// <summary>
/// Server-sent events as the HTML standard has them (section 9.2): each frame is one event, <c>id:</c> its cursor,
/// <c>data:</c> the JSON, which has no line end in it.
/// </summary>
public static class EventStreamFraming
{
    /// <summary>What a browser ignores; it keeps the stream, and the proxies on its way, awake.</summary>
    public static ReadOnlySpan<byte> KeepAlive => ":\n\n"u8;

    /// <summary>The first bytes of a stream: how long an EventSource waits before it comes back.</summary>
    /// <param name="output">Where they go.</param>
    /// <param name="retryMilliseconds">In milliseconds.</param>
    public static void WriteHead(IBufferWriter<byte> output, int retryMilliseconds)
    {
        output.Write("retry: "u8);
        PollBatch.WriteNumber(output, retryMilliseconds);
        output.Write("\n\n"u8);
    }

    /// <summary>One frame.</summary>
    /// <param name="output">Where it goes.</param>
    /// <param name="cursor">What <c>Last-Event-ID</c> will say; null for a frame that no cursor confirms.</param>
    /// <param name="json">The frame.</param>
    public static void Write(IBufferWriter<byte> output, long? cursor, ReadOnlySpan<byte> json)
    {
        if (cursor is { } number)
        {
            output.Write("id: "u8);
            PollBatch.WriteNumber(output, number);
            output.Write("\n"u8);
        }

        output.Write("data: "u8);
        output.Write(json);
        output.Write("\n\n"u8);
    }
}
