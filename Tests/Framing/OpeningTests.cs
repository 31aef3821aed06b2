using System.Text;
using RawSocketChat.Protocol.Framing;

namespace RawSocketChat.Tests.Framing;

/// <summary>Who speaks, by the first line; and telnet's commands between the words.</summary>
public sealed class OpeningTests
{
    [TestCase("hello", Opening.Person)]
    [TestCase("/join lobby", Opening.Person)]
    [TestCase("<3 to all", Opening.Person)]
    [TestCase("<policy-file-request/> is what Flash sends", Opening.Person)]
    [TestCase("GET /my drift?", Opening.Person)]
    [TestCase("GET", Opening.Person)]
    [TestCase("I speak HTTP/1.1", Opening.Person)]
    [TestCase("\u00161 synchronous idle", Opening.Person)]
    [TestCase("{\"type\":\"hello\"}", Opening.Program)]
    [TestCase(" \t{\"type\":\"hello\"}", Opening.Program)]
    [TestCase("\uFEFF{\"type\":\"hello\"}", Opening.Program)]
    [TestCase("\uFEFFhello", Opening.Person)]
    [TestCase("<policy-file-request/>", Opening.PolicyRequest)]
    [TestCase("GET / HTTP/1.1", Opening.Http)]
    [TestCase("POST /chat?a=b HTTP/1.0\r", Opening.Http)]
    [TestCase("OPTIONS * HTTP/1.1", Opening.Http)]
    [TestCase("GET http://example.org/ HTTP/1.1", Opening.Http)]
    [TestCase("CONNECT example.org:443 HTTP/1.1", Opening.Http)]
    [TestCase("PRI * HTTP/2.0", Opening.Http)]
    [TestCase("\u0016\u0003\u0001", Opening.Tls)]
    public void A_whole_line_tells_who_speaks(string line, Opening opening) => Of(line, LineResult.Line).Should().Be(opening);

    [TestCase("", Opening.Unclear)]
    [TestCase("hello", Opening.Unclear)]
    [TestCase("GET / HTTP/1.1", Opening.Unclear)]
    [TestCase("<policy-file-request", Opening.Unclear)]
    [TestCase("\u0016", Opening.Unclear)]
    [TestCase("<policy-file-request/>", Opening.PolicyRequest)]
    [TestCase("{", Opening.Program)]
    [TestCase("\u0016\u0003", Opening.Tls)]
    public void Of_half_a_line_some_can_be_told(string line, Opening opening) => Of(line, LineResult.NeedMore).Should().Be(opening);

    [TestCase("POST /aaaaaaaaaaaa", Opening.Http)]
    [TestCase("HELLO everybody", Opening.Person)]
    [TestCase("{\"type\":", Opening.Program)]
    public void Of_a_line_that_is_too_long_the_beginning_must_do(string line, Opening opening) => Of(line, LineResult.TooLong).Should().Be(opening);

    [TestCase("hello", "hello")]
    [TestCase("ÿûÿû hello", "ÿûÿû hello", "letters that Latin-1 would write as commands are UTF-8 here")]
    public void A_line_without_commands_stays(string line, string expected, string because = "") =>
        Encoding.UTF8.GetString(TelnetCommands.Remove(Encoding.UTF8.GetBytes(line)).Span).Should().Be(expected, because);

    [TestCase("FF FB 1F FF FD 03 68 69", "68 69", TestName = "An offer and a demand at the start")]
    [TestCase("68 FF F4 FF FD 06 69", "68 69", TestName = "An interrupt in the middle")]
    [TestCase("FF FA 18 00 78 FF F0 68 69", "68 69", TestName = "A subnegotiation")]
    [TestCase("68 69 FF FE", "68 69 FF FE", TestName = "A command that lacks its option is none")]
    [TestCase("FF FA 18 68 69", "FF FA 18 68 69", TestName = "A subnegotiation without an end is none")]
    [TestCase("68 FF", "68 FF", TestName = "The byte alone is none")]
    [TestCase("FF 68", "FF 68", TestName = "The byte before a letter is none")]
    public void Telnets_commands_are_taken_out(string line, string expected) =>
        TelnetCommands.Remove(Convert.FromHexString(line.Replace(" ", "", StringComparison.Ordinal))).ToArray()
            .Should().Equal(Convert.FromHexString(expected.Replace(" ", "", StringComparison.Ordinal)));

    private static Opening Of(string line, LineResult found) => Openings.Of(Encoding.UTF8.GetBytes(line), found);
}
