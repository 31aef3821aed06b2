using System.Text;
using RawSocketChat.Tests.Flood;
using RawSocketChat.Tests.Flood.Ways;

namespace RawSocketChat.Tests.FloodTool;

/// <summary>Bytes to answers and lines, whole, split at every byte, and a byte at a time.</summary>
public class WaysTests
{
    private const string Answers =
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello" +
        "HTTP/1.1 409 Conflict\r\ncontent-length: 0\r\n\r\n" +
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nChat-Cursor: 7\r\n\r\n5\r\nfirst\r\nb\r\n and second\r\n0\r\n\r\n" +
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nend";

    private const string Means = "200(hello) 409() 200,7(first and second) 200(end) ";

    [Test]
    public void Answers_are_read_wherever_they_are_split()
    {
        Read([Answers]).Should().Be(Means);
        for (var at = 1; at < Answers.Length; at++) Read([Answers[..at], Answers[at..]]).Should().Be(Means, "split at {0}", at);
        Read(Answers.Select(one => one.ToString())).Should().Be(Means);
    }

    [TestCase("HTTP/1.0 200 OK\r\n\r\n")]
    [TestCase("SSH-2.0-OpenSSH\r\n\r\n")]
    [TestCase("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n")]
    [TestCase("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n")]
    public void What_is_no_answer_is_told(string text)
    {
        var reading = () => Read([text]);
        reading.Should().Throw<FloodException>();
    }

    [Test]
    public void Lines_are_found_wherever_they_are_split()
    {
        const string text = "one\r\n\ntwo and more\nlast\n";
        for (var at = 0; at <= text.Length; at++) Lines(text[..at], text[at..]).Should().Equal("one", "", "two and more", "last");
        Lines("no end").Should().BeEmpty();
    }

    private static string Read(IEnumerable<string> pieces)
    {
        var reader = new HttpResponseReader();
        var told = new StringBuilder();
        foreach (var text in pieces)
        {
            ReadOnlySpan<byte> bytes = Encoding.UTF8.GetBytes(text);
            while (reader.TryRead(ref bytes, out var piece, out var body))
            {
                if (piece == HttpPiece.Head)
                    told.Append(reader.Status).Append(reader.Headers.TryGetValue("Chat-Cursor", out var cursor) ? $",{cursor}" : "").Append('(');
                else if (piece == HttpPiece.Body) told.Append(Encoding.UTF8.GetString(body));
                else told.Append(") ");
            }
        }
        return told.ToString();
    }

    private static List<string> Lines(params string[] pieces)
    {
        var splitter = new LineSplitter();
        var found = new List<string>();
        foreach (var text in pieces)
        {
            ReadOnlySpan<byte> bytes = Encoding.UTF8.GetBytes(text);
            while (splitter.TryLine(ref bytes, out var line)) found.Add(Encoding.UTF8.GetString(line));
        }
        return found;
    }
}
