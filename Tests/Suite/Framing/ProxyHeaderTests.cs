using System.Buffers;
using System.Net;
using System.Text;
using RawSocketChat.Protocol.Framing;

namespace RawSocketChat.Tests.Framing;

/// <summary>The header of the PROXY protocol, versions 1 and 2.</summary>
public sealed class ProxyHeaderTests
{
    private const string Signature = "0D0A0D0A000D0A515549540A";

    [TestCase("PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n", "192.0.2.1:56324")]
    [TestCase("PROXY TCP6 2001:db8::1 2001:db8::2 1 65535\r\n", "[2001:db8::1]:1")]
    [TestCase("PROXY UNKNOWN\r\n", null)]
    [TestCase("PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n", null)]
    public void Text_header_is_read(string header, string? client) => ShouldBeComplete(Encoding.ASCII.GetBytes(header), client);

    [TestCase("PROXY TCP4 192.0.2.1 198.51.100.1 56324\r\n")]
    [TestCase("PROXY TCP4 192.0.2.1 198.51.100.1 56324 443 1\r\n")]
    [TestCase("PROXY TCP4 2001:db8::1 2001:db8::2 1 2\r\n")]
    [TestCase("PROXY TCP6 192.0.2.1 198.51.100.1 1 2\r\n")]
    [TestCase("PROXY TCP4 192.0.2.1 198.51.100.1 65536 443\r\n")]
    [TestCase("PROXY TCP4 192.0.2.1 198.51.100.1 -1 443\r\n")]
    [TestCase("PROXY UDP4 192.0.2.1 198.51.100.1 1 443\r\n")]
    [TestCase("PROXY \r\n")]
    [TestCase("proxy TCP4 192.0.2.1 198.51.100.1 56324 443\r\n")]
    [TestCase("GET / HTTP/1.1\r\n")]
    [TestCase("hello\n")]
    public void Text_that_is_not_a_valid_header_is_rejected(string header) =>
        TryRead(Encoding.ASCII.GetBytes(header), out _, out _).Should().Be(ProxyHeaderResult.Invalid);

    [Test]
    public void Text_header_has_at_most_107_bytes()
    {
        var start = "PROXY UNKNOWN ";
        ShouldBeComplete(Encoding.ASCII.GetBytes(start + new string('x', 105 - start.Length) + "\r\n"), client: null);
        TryRead(Encoding.ASCII.GetBytes(start + new string('x', 106 - start.Length) + "\r\n"), out _, out _).Should().Be(ProxyHeaderResult.Invalid);
    }

    [TestCase("2111000CC0000201C6336401DC0401BB", "192.0.2.1:56324")]
    [TestCase("21110010C0000201C6336401DC0401BB04000100", "192.0.2.1:56324", Description = "with an extension")]
    [TestCase("2121002420010DB800000000000000000000000120010DB8000000000000000000000002000100FF", "[2001:db8::1]:1")]
    [TestCase("20000000", null, Description = "LOCAL")]
    [TestCase("2011000CC0000201C6336401DC0401BB", null, Description = "LOCAL with an address")]
    [TestCase("21000000", null, Description = "unknown family")]
    [TestCase("213100D8" + "00", null, Description = "Unix domain socket")]
    public void Binary_header_is_read(string rest, string? client)
    {
        var bytes = Convert.FromHexString(Signature + rest);
        ShouldBeComplete(rest.StartsWith("2131", StringComparison.Ordinal) ? [.. bytes[..^1], .. new byte[216]] : bytes, client);
    }

    [TestCase("1111000CC0000201C6336401DC0401BB", Description = "version 1")]
    [TestCase("2211000CC0000201C6336401DC0401BB", Description = "unknown command")]
    [TestCase("2111000BC0000201C6336401DC0401", Description = "too short for IPv4")]
    [TestCase("2121000CC0000201C6336401DC0401BB", Description = "too short for IPv6")]
    [TestCase("2111FFFF", Description = "longer than any proxy sends")]
    public void Binary_header_with_a_wrong_version_or_command_or_length_is_rejected(string rest) =>
        TryRead(Convert.FromHexString(Signature + rest), out _, out _).Should().Be(ProxyHeaderResult.Invalid);

    [Test]
    public void Empty_input_is_the_beginning_of_a_header() => TryRead([], out _, out _).Should().Be(ProxyHeaderResult.NeedMore);

    private static void ShouldBeComplete(byte[] header, string? client)
    {
        for (var length = 0; length < header.Length; length++)
            TryRead(header[..length], out _, out _).Should().Be(ProxyHeaderResult.NeedMore, $"{length} bytes are only a part");
        foreach (var after in (string[])["", "GET / HTTP/1.1\r\n", new string('x', 10_000)])
        {
            TryRead([.. header, .. Encoding.ASCII.GetBytes(after)], out var length, out var found).Should().Be(ProxyHeaderResult.Complete);
            length.Should().Be(header.Length);
            found.Should().Be(client is null ? null : IPEndPoint.Parse(client));
        }
    }

    private static ProxyHeaderResult TryRead(byte[] bytes, out int length, out IPEndPoint? client) => ProxyHeader.TryRead(new ReadOnlySequence<byte>(bytes), out length, out client);
}
