using System.Buffers;
using System.Text;
using RawSocketChat.Protocol.Framing;
using RawSocketChat.Tests.Flood;
using RawSocketChat.Tests.Flood.Compare;

namespace RawSocketChat.Tests.Tools.FloodTool;

/// <summary>Tests of the readers of a comparison, with bytes in one piece, in single bytes, and in two pieces split at every position.</summary>
public sealed class CompareReadersTests
{
    private const string Plain = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\nhello";
    private const string Chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nChat-Cursor: 41\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n";

    private static readonly string[] Frames =
    [
        """{"type":"message","room":"lobby","seq":1,"text":"a < b (c)"}""", """{"type":"wire","at":"2026-11-23T10:02:31.123Z","us":45}""", """{"type":"message","room":"lobby","seq":2,"text":"zwei 🌱"}""",
    ];

    [Test]
    public Task Line_ends_at_its_newline() => EverySplitAsync("one\r\ntwo\n\nlast", async connection =>
    {
        (await ReadLineAsync()).Should().Be("one");
        (await ReadLineAsync()).Should().Be("two");
        (await ReadLineAsync()).Should().BeEmpty();
        (await ReadLineAsync()).Should().BeNull("the last line has no newline");

        async Task<string?> ReadLineAsync() => await connection.ReadLineAsync(CancellationToken.None) is { } read ? Encoding.UTF8.GetString(read.Span) : null;
    });

    [Test]
    public Task Read_returns_the_requested_number_of_bytes_and_keeps_the_rest() => EverySplitAsync("abcdef\nrest", async connection =>
    {
        Encoding.UTF8.GetString((await connection.ReadAsync(4, CancellationToken.None)).Span).Should().Be("abcd");
        Encoding.UTF8.GetString((await connection.ReadLineAsync(CancellationToken.None))!.Value.Span).Should().Be("ef");
        var more = async () => await connection.ReadAsync(5, CancellationToken.None);
        await more.Should().ThrowAsync<IOException>("the stream ended");
    });

    [Test]
    public async Task Line_may_be_longer_than_the_buffer()
    {
        var text = new string('x', 70_000);
        using var connection = CreateConnection([Encoding.UTF8.GetBytes($"short\n{text}\n")], new Traffic());
        await connection.ReadLineAsync(CancellationToken.None);
        (await connection.ReadLineAsync(CancellationToken.None))!.Value.Length.Should().Be(70_000);
    }

    [Test]
    public async Task Bytes_in_both_directions_are_counted()
    {
        var traffic = new Traffic();
        using var connection = CreateConnection(["12345"u8.ToArray(), "67"u8.ToArray()], traffic);
        await connection.SendAsync("abc", CancellationToken.None);
        while (!(await connection.ReadSomeAsync(CancellationToken.None)).IsEmpty)
        {
        }

        traffic.GetCounts().Should().Be(new Counts(Up: 3, Down: 7, Payload: 0, Requests: 0));
        traffic.Exclude(up: 1, down: 2);
        traffic.GetCounts().Should().Be(new Counts(Up: 2, Down: 5, Payload: 0, Requests: 0));
    }

    [TestCase(Plain)]
    [TestCase(Chunked)]
    public Task Requester_reads_one_response_after_another(string answer) => EverySplitAsync(answer + Plain, async connection =>
    {
        using var http = new HttpRequester(_ => Task.FromResult(connection), "localhost", new Traffic());
        Encoding.UTF8.GetString(await http.RequestAsync("GET", "/poll", null, CancellationToken.None)).Should().Be("hello");
        Encoding.UTF8.GetString(await http.RequestAsync("GET", "/poll", null, CancellationToken.None)).Should().Be("hello");
        http.Headers["content-type"].Should().Be("application/json");
    });

    [TestCase("HTTP/1.1 401 Unauthorized\r\nContent-Length: 4\r\n\r\nnope", "*401*nope*")]
    [TestCase("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "*invalid chunk size: xyz*")]
    [TestCase("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "*invalid length: -1*")]
    public Task Invalid_response_gives_an_error(string answer, string message) => EverySplitAsync(answer, async connection =>
    {
        using var http = new HttpRequester(_ => Task.FromResult(connection), "localhost", new Traffic());
        var asking = () => http.RequestAsync("GET", "/poll", null, CancellationToken.None);
        await asking.Should().ThrowAsync<FloodException>().WithMessage(message);
    });

    [TestCase("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel")]
    [TestCase("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel")]
    [TestCase("HTTP/1.1 200 OK\r\nContent-Le")]
    public Task Incomplete_response_gives_an_error(string answer) => EverySplitAsync(answer, async connection =>
    {
        using var http = new HttpRequester(_ => Task.FromResult(connection), "localhost", new Traffic());
        var asking = () => http.RequestAsync("GET", "/poll", null, CancellationToken.None);
        await asking.Should().ThrowAsync<IOException>();
    });

    [TestCase("/stream")]
    [TestCase("/events")]
    [TestCase("/iframe")]
    public void Stream_reader_returns_whole_frames_and_a_cursor_that_does_not_count_wire_frames(string path)
    {
        var body = CreateBody(path);
        foreach (var pieces in Splits(body))
        {
            var reader = new StreamFrameReader(path, 40);
            var frames = new List<StreamedFrame>();
            foreach (var piece in pieces)
                frames.AddRange(reader.Read(piece));
            frames.Select(frame => Encoding.UTF8.GetString(frame.Json)).Should().Equal(Frames.Select(frame => path == "/iframe" ? Escape(frame) : frame));
            reader.Cursor.Should().Be(42);
            frames.Sum(frame => frame.Json.Length + frame.OverheadBytes).Should().Be(body.Length, "every byte is counted as frame or overhead");
        }
    }

    [Test]
    public void Cursor_does_not_count_bye_and_pong()
    {
        var reader = new StreamFrameReader("/stream", 40);
        reader.Read("\n{\"type\":\"pong\",\"at\":\"x\"}\n{\"type\":\"welcome\"}\n{\"type\":\"bye\",\"code\":4009}\n"u8.ToArray()).Should().HaveCount(3);
        reader.Cursor.Should().Be(41);
    }

    private static byte[] CreateBody(string path)
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

    private static string Escape(string json) => json.Replace("<", "\\u003c", StringComparison.Ordinal);

    private static async Task EverySplitAsync(string bytes, Func<CountingConnection, Task> check)
    {
        foreach (var pieces in Splits(Encoding.UTF8.GetBytes(bytes)))
        {
            using var connection = CreateConnection(pieces, new Traffic());
            await check(connection);
        }
    }

    private static IEnumerable<byte[][]> Splits(byte[] bytes)
    {
        yield return [bytes];
        yield return [.. bytes.Select(one => new[] { one })];
        for (var at = 1; at < bytes.Length; at++)
            yield return [bytes[..at], bytes[at..]];
    }

    private static CountingConnection CreateConnection(byte[][] pieces, Traffic traffic) => new(new PieceStream(pieces), traffic, () => { });

    /// <summary>Returns one piece for each read, and accepts every write.</summary>
    private sealed class PieceStream(byte[][] pieces) : MemoryStream
    {
        private readonly Queue<byte[]> _remaining = new(pieces);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (!_remaining.TryDequeue(out var piece))
                return new(0);
            var count = Math.Min(piece.Length, buffer.Length);
            piece.AsMemory(0, count).CopyTo(buffer);
            if (count < piece.Length)
            {
                var rest = _remaining.ToArray();
                _remaining.Clear();
                _remaining.Enqueue(piece[count..]);
                Array.ForEach(rest, _remaining.Enqueue);
            }

            return new(count);
        }
    }
}
