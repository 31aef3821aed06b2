using System.Buffers;
using System.Text;
using RawSocketChat.Protocol.Framing;
using RawSocketChat.Tests.Flood;
using RawSocketChat.Tests.Flood.Compare;

namespace RawSocketChat.Tests.FloodTool;

/// <summary>What a comparison reads by: the same whether bytes come whole, a byte at a time, or in two pieces cut anywhere.</summary>
public sealed class CompareReadersTests
{
    private const string Plain = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\nhello";
    private const string Chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nChat-Cursor: 41\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n";

    private static readonly string[] Frames =
    [
        """{"type":"message","room":"lobby","seq":1,"text":"a < b (c)"}""", """{"type":"wire","at":"2026-11-23T10:02:31.123Z","us":45}""", """{"type":"message","room":"lobby","seq":2,"text":"zwei 🌱"}""",
    ];

    [Test]
    public Task A_line_ends_where_its_newline_comes() => EverySplitAsync("one\r\ntwo\n\nlast", async line =>
    {
        (await ReadLineAsync()).Should().Be("one");
        (await ReadLineAsync()).Should().Be("two");
        (await ReadLineAsync()).Should().BeEmpty();
        (await ReadLineAsync()).Should().BeNull("what has no end is no line");

        async Task<string?> ReadLineAsync() => await line.ReadLineAsync(CancellationToken.None) is { } read ? Encoding.UTF8.GetString(read.Span) : null;
    });

    [Test]
    public Task So_many_bytes_are_read_and_the_rest_is_left() => EverySplitAsync("abcdef\nrest", async line =>
    {
        Encoding.UTF8.GetString((await line.ReadAsync(4, CancellationToken.None)).Span).Should().Be("abcd");
        Encoding.UTF8.GetString((await line.ReadLineAsync(CancellationToken.None))!.Value.Span).Should().Be("ef");
        var more = async () => await line.ReadAsync(5, CancellationToken.None);
        await more.Should().ThrowAsync<IOException>("the stream ended before");
    });

    [Test]
    public async Task A_line_longer_than_the_buffer_is_one_line()
    {
        var text = new string('x', 70_000);
        using var line = LineOf([Encoding.UTF8.GetBytes($"short\n{text}\n")], new Traffic());
        await line.ReadLineAsync(CancellationToken.None);
        (await line.ReadLineAsync(CancellationToken.None))!.Value.Length.Should().Be(70_000);
    }

    [Test]
    public async Task Bytes_of_both_directions_are_counted()
    {
        var traffic = new Traffic();
        using var line = LineOf(["12345"u8.ToArray(), "67"u8.ToArray()], traffic);
        await line.SendAsync("abc", CancellationToken.None);
        while (!(await line.ReadSomeAsync(CancellationToken.None)).IsEmpty)
        {
        }

        traffic.Now().Should().Be(new Counts(Up: 3, Down: 7, Payload: 0, Requests: 0));
        traffic.TakeOff(up: 1, down: 2);
        traffic.Now().Should().Be(new Counts(Up: 2, Down: 5, Payload: 0, Requests: 0));
    }

    [TestCase(Plain)]
    [TestCase(Chunked)]
    public Task An_answer_is_read_to_its_end_and_the_next_one_after_it(string answer) => EverySplitAsync(answer + Plain, async line =>
    {
        using var http = new HttpLine(_ => Task.FromResult(line), "localhost", new Traffic());
        Encoding.UTF8.GetString(await http.AskAsync("GET", "/poll", null, CancellationToken.None)).Should().Be("hello");
        Encoding.UTF8.GetString(await http.AskAsync("GET", "/poll", null, CancellationToken.None)).Should().Be("hello");
        http.Headers["content-type"].Should().Be("application/json");
    });

    [TestCase("HTTP/1.1 401 Unauthorized\r\nContent-Length: 4\r\n\r\nnope", "*401*nope*")]
    [TestCase("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "*no chunk's size: xyz*")]
    [TestCase("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "*no length: -1*")]
    public Task An_answer_that_is_none_is_said(string answer, string said) => EverySplitAsync(answer, async line =>
    {
        using var http = new HttpLine(_ => Task.FromResult(line), "localhost", new Traffic());
        var asking = () => http.AskAsync("GET", "/poll", null, CancellationToken.None);
        await asking.Should().ThrowAsync<FloodException>().WithMessage(said);
    });

    [TestCase("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel")]
    [TestCase("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel")]
    [TestCase("HTTP/1.1 200 OK\r\nContent-Le")]
    public Task An_answer_that_breaks_off_is_a_broken_stream(string answer) => EverySplitAsync(answer, async line =>
    {
        using var http = new HttpLine(_ => Task.FromResult(line), "localhost", new Traffic());
        var asking = () => http.AskAsync("GET", "/poll", null, CancellationToken.None);
        await asking.Should().ThrowAsync<IOException>();
    });

    [TestCase("/stream")]
    [TestCase("/events")]
    [TestCase("/iframe")]
    public void Frames_of_a_stream_come_out_whole_and_the_cursor_counts_all_but_stamps(string path)
    {
        var body = BodyOf(path);
        foreach (var pieces in Splits(body))
        {
            var reader = new StreamFrames(path, 40);
            var frames = new List<StreamedFrame>();
            foreach (var piece in pieces)
                frames.AddRange(reader.Take(piece));
            frames.Select(frame => Encoding.UTF8.GetString(frame.Json)).Should().Equal(Frames.Select(frame => path == "/iframe" ? Escaped(frame) : frame));
            reader.Cursor.Should().Be(42);
            frames.Sum(frame => frame.Json.Length + frame.Around).Should().Be(body.Length, "every byte is the frame's or around one");
        }
    }

    [Test]
    public void Farewells_and_probes_are_not_counted_either()
    {
        var reader = new StreamFrames("/stream", 40);
        reader.Take("\n{\"type\":\"pong\",\"at\":\"x\"}\n{\"type\":\"welcome\"}\n{\"type\":\"bye\",\"code\":4009}\n"u8.ToArray()).Should().HaveCount(3);
        reader.Cursor.Should().Be(41);
    }

    private static byte[] BodyOf(string path)
    {
        var output = new ArrayBufferWriter<byte>();
        long? cursor = 40;
        foreach (var frame in Frames)
        {
            var json = Encoding.UTF8.GetBytes(frame);
            long? counted = frame.Contains("\"wire\"", StringComparison.Ordinal) ? null : ++cursor;
            if (path == "/events")
                EventStreamFraming.Write(output, counted, json);
            else if (path == "/iframe")
                ScriptFraming.Write(output, "0123456789abcdef", "parent.onFrame", json);
            else
                output.Write([.. json, (byte)'\n']);
        }

        return output.WrittenSpan.ToArray();
    }

    private static string Escaped(string json) => json.Replace("<", "\\u003c", StringComparison.Ordinal);

    private static async Task EverySplitAsync(string bytes, Func<CountedLine, Task> check)
    {
        foreach (var pieces in Splits(Encoding.UTF8.GetBytes(bytes)))
        {
            using var line = LineOf(pieces, new Traffic());
            await check(line);
        }
    }

    private static IEnumerable<byte[][]> Splits(byte[] bytes)
    {
        yield return [bytes];
        yield return [.. bytes.Select(one => new[] { one })];
        for (var at = 1; at < bytes.Length; at++)
            yield return [bytes[..at], bytes[at..]];
    }

    private static CountedLine LineOf(byte[][] pieces, Traffic traffic) => new(new Pieces(pieces), traffic, () => { });

    /// <summary>Gives one piece a read, and takes whatever is written.</summary>
    private sealed class Pieces(byte[][] pieces) : MemoryStream
    {
        private readonly Queue<byte[]> _left = new(pieces);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (!_left.TryDequeue(out var piece))
                return new(0);
            var count = Math.Min(piece.Length, buffer.Length);
            piece.AsMemory(0, count).CopyTo(buffer);
            if (count < piece.Length)
            {
                var rest = _left.ToArray();
                _left.Clear();
                _left.Enqueue(piece[count..]);
                Array.ForEach(rest, _left.Enqueue);
            }

            return new(count);
        }
    }
}
