using System.Text;
using RawSocketChat.Protocol.Framing;

namespace RawSocketChat.Tests.Framing;

/// <summary>Removing telnet commands from a line (RFC 854).</summary>
public sealed class TelnetCommandsTests
{
    [TestCase("hello", "hello")]
    [TestCase("ÿûÿû hello", "ÿûÿû hello", "these letters are UTF-8, so no byte is a telnet command")]
    public void Remove_returns_a_line_without_commands_unchanged(string line, string expected, string because = "") =>
        Encoding.UTF8.GetString(TelnetCommands.Remove(Encoding.UTF8.GetBytes(line)).Span).Should().Be(expected, because);

    [TestCase("FF FB 1F FF FD 03 68 69", "68 69", TestName = "{m}(two option commands at the start)")]
    [TestCase("68 FF F4 FF FD 06 69", "68 69", TestName = "{m}(an interrupt in the middle)")]
    [TestCase("FF FA 18 00 78 FF F0 68 69", "68 69", TestName = "{m}(a subnegotiation)")]
    [TestCase("68 69 FF FE", "68 69 FF FE", TestName = "{m}(a command without its option stays)")]
    [TestCase("FF FA 18 68 69", "FF FA 18 68 69", TestName = "{m}(a subnegotiation without an end stays)")]
    [TestCase("68 FF", "68 FF", TestName = "{m}(IAC at the end stays)")]
    [TestCase("FF 68", "FF 68", TestName = "{m}(IAC before a letter stays)")]
    public void Remove_removes_telnet_commands(string line, string expected) =>
        TelnetCommands.Remove(Convert.FromHexString(line.Replace(" ", "", StringComparison.Ordinal))).ToArray()
            .Should().Equal(Convert.FromHexString(expected.Replace(" ", "", StringComparison.Ordinal)));
}
