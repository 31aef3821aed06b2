using System.Text;
using RawSocketChat.Tests.Flood;
using RawSocketChat.Tests.Flood.Transports;

namespace RawSocketChat.Tests.Tools.FloodTool;

/// <summary>Reads responses and lines from bytes in one piece, in two pieces split at every position, and in single bytes.</summary>
public class TransportReadersTests
{
    private const string Responses =
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello" +
        "HTTP/1.1 409 Conflict\r\ncontent-length: 0\r\n\r\n" +
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nChat-Cursor: 7\r\n\r\n5\r\nfirst\r\nb\r\n and second\r\n0\r\n\r\n" +
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nend";

    private const string Expected = "200(hello) 409() 200,7(first and second) 200(end) ";

    [Test]
    public void Reader_reads_responses_split_at_any_byte()
    {
        Read([Responses]).Should().Be(Expected);
        for (var at = 1; at < Responses.Length; at++) Read([Responses[..at], Responses[at..]]).Should().Be(Expected, "split at {0}", at);
        Read(Responses.Select(one => one.ToString())).Should().Be(Expected);
    }

    [TestCase("HTTP/1.0 200 OK\r\n\r\n")]
    [TestCase("SSH-2.0-OpenSSH\r\n\r\n")]
    [TestCase("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n")]
    [TestCase("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n")]
    public void Reader_rejects_an_invalid_response(string text)
    {
        var reading = () => Read([text]);
        reading.Should().Throw<FloodException>();
    }

    [Test]
    public void Splitter_finds_lines_split_at_any_byte()
    {
        const string text = "one\r\n\ntwo and more\nlast\n";
        for (var at = 0; at <= text.Length; at++) Lines(text[..at], text[at..]).Should().Equal("one", "", "two and more", "last");
        Lines("no end").Should().BeEmpty();
    }

    private static string Read(IEnumerable<string> pieces)
    {
        var reader = new HttpResponseReader();
        var output = new StringBuilder();
        foreach (var text in pieces)
        {
            ReadOnlySpan<byte> bytes = Encoding.UTF8.GetBytes(text);
            while (reader.TryRead(ref bytes, out var piece, out var body))
            {
                if (piece == HttpResponsePart.Head)
                    output.Append(reader.Status).Append(reader.Headers.TryGetValue("Chat-Cursor", out var cursor) ? $",{cursor}" : "").Append('(');
                else if (piece == HttpResponsePart.Body) output.Append(Encoding.UTF8.GetString(body));
                else output.Append(") ");
            }
        }
        return output.ToString();
    }

    private static List<string> Lines(params string[] pieces)
    {
        var splitter = new LineSplitter();
        var found = new List<string>();
        foreach (var text in pieces)
        {
            ReadOnlySpan<byte> bytes = Encoding.UTF8.GetBytes(text);
            while (splitter.TryReadLine(ref bytes, out var line)) found.Add(Encoding.UTF8.GetString(line));
        }
        return found;
    }
}
