using System.Buffers;
using System.Text;
using RawSocketChat.Protocol.Framing;

namespace RawSocketChat.Tests.Framing;

/// <summary>Writing and reading server-sent events (HTML standard, section 9.2).</summary>
public sealed class EventStreamTests
{
    [Test]
    public void Writer_writes_a_frame_as_an_event_with_its_cursor_as_id()
    {
        var output = new ArrayBufferWriter<byte>();
        EventStreamFraming.WriteRetry(output, 1000);
        EventStreamFraming.Write(output, 7, """{"type":"pong"}"""u8);
        EventStreamFraming.Write(output, null, """{"type":"bye"}"""u8);
        Encoding.UTF8.GetString(output.WrittenSpan).Should().Be("retry: 1000\n\nid: 7\ndata: {\"type\":\"pong\"}\n\ndata: {\"type\":\"bye\"}\n\n");
    }

    [Test]
    public void Reader_reads_what_the_writer_wrote()
    {
        var output = new ArrayBufferWriter<byte>();
        EventStreamFraming.WriteRetry(output, 1000);
        EventStreamFraming.Write(output, 7, "{\"a\":1}"u8);
        output.Write(EventStreamFraming.KeepAlive);
        EventStreamFraming.Write(output, 8, "{\"b\":2}"u8);
        EventStreamFraming.Write(output, null, "{\"c\":3}"u8);

        Read(Encoding.UTF8.GetString(output.WrittenSpan)).Should().Equal((7, "{\"a\":1}"), (8, "{\"b\":2}"), (8, "{\"c\":3}"));
    }

    [Test]
    public void Reader_joins_lines_of_data_and_ignores_unknown_fields() =>
        Read("event: x\ndata:one\ndata: two\nid: nonsense\nfoo\n\n\n:comment\n\n").Should().Equal((null, "one\ntwo"));

    private static List<(long?, string)> Read(string stream)
    {
        var reader = new EventStreamReader();
        var events = new List<(long?, string)>();
        foreach (var line in stream.Split('\n')[..^1])
        {
            if (reader.TryReceive(Encoding.UTF8.GetBytes(line), out var data))
                events.Add((reader.LastEventId, Encoding.UTF8.GetString(data)));
        }

        return events;
    }
}
