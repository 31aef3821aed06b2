using System.Buffers;

namespace RawSocketChat.Protocol.Framing;

/// <summary>
/// Writes server-sent events (HTML standard, section 9.2). Each frame is one event: <c>id:</c> is the frame's cursor, and
/// <c>data:</c> is the frame's JSON, which contains no line end.
/// </summary>
public static class EventStreamFraming
{
    /// <summary>A comment, which browsers ignore. It prevents timeouts of the connection and of proxies.</summary>
    public static ReadOnlySpan<byte> KeepAlive => ":\n\n"u8;

    /// <summary>Writes the time that an EventSource waits before it reconnects. If a stream contains several such times, the last one counts.</summary>
    /// <param name="output">The output.</param>
    /// <param name="retryMilliseconds">The time in milliseconds.</param>
    public static void WriteRetry(IBufferWriter<byte> output, int retryMilliseconds)
    {
        output.Write("retry: "u8);
        PollBatch.WriteNumber(output, retryMilliseconds);
        output.Write("\n\n"u8);
    }

    /// <summary>Writes one frame.</summary>
    /// <param name="output">The output.</param>
    /// <param name="cursor">The value that a client later sends as <c>Last-Event-ID</c>; null if the frame does not change the cursor.</param>
    /// <param name="json">The frame as JSON.</param>
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
