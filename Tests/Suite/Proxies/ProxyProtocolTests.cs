using System.Text;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Proxies;

/// <summary>The addresses of clients behind a proxy that speaks the PROXY protocol.</summary>
[Parallelizable(ParallelScope.Self)]
public sealed class ProxyProtocolTests
{
    private const string Line = "PROXY TCP4 192.0.2.7 127.0.0.1 56324 443\r\n";

    private static readonly byte[] Binary = [.. Convert.FromHexString("0D0A0D0A000D0A515549540A2111000C"), 192, 0, 2, 7, 127, 0, 0, 1, 0xDC, 0x04, 0x01, 0xBB];

    [TestCase("sockets", 1)]
    [TestCase("sockets", 2)]
    [TestCase("kestrel", 1)]
    [TestCase("kestrel", 2)]
    public async Task Address_in_the_header_is_the_clients_address(string transport, int version)
    {
        await using var server = await StartAsync("127.0.0.1", "--Transport:Kind", transport);
        var header = version == 1 ? Encoding.ASCII.GetBytes(Line) : Binary;
        await using var line = await LineClient.ConnectAsync(server.RawPort);
        // The header arrives in two parts. The second part also contains the first bytes of the client.
        await line.SendBytesAsync(header.AsMemory(0, 7));
        await line.SendBytesAsync((byte[])[.. header[7..], .. "/nick ann\n"u8]);
        await line.ExpectLineAsync("you are now called ann");
        server.FindConnection("ann").Remote.Should().Be("192.0.2.7:56324");

        await using var http = await LineClient.ConnectAsync(server.HttpPort);
        await http.SendBytesAsync((byte[])[.. header, .. Encoding.ASCII.GetBytes($"GET /ws?name=bob HTTP/1.1\r\nHost: 127.0.0.1:{server.HttpPort}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")]);
        await http.ExpectLineAsync("101 Switching Protocols");
        await TestWait.UntilAsync(() => server.HasConnection("bob"), "bob's connection");
        server.FindConnection("bob").Remote.Should().Be("192.0.2.7:56324");
    }

    [Test]
    public async Task Trusted_proxy_must_send_the_header()
    {
        await using var server = await StartAsync("127.0.0.1");
        foreach (var (port, text) in ((int, string)[])[(server.RawPort, "/nick ann\n"), (server.HttpPort, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"), (server.RawPort, "PROXY TCP4 bad\r\n/nick ann\n")])
        {
            await using var client = await LineClient.ConnectAsync(port);
            await client.SendBytesAsync(Encoding.ASCII.GetBytes(text));
            await TestWait.UntilAsync(() => client.Ended.IsCompleted, "the server to close the connection");
            client.Lines.Should().BeEmpty();
        }
    }

    [Test]
    public async Task Header_of_a_peer_that_is_not_trusted_has_no_effect()
    {
        await using var server = await StartAsync("192.0.2.1");
        await using var line = await LineClient.ConnectAsync(server.RawPort);
        await line.SendAsync(Line.TrimEnd());
        await line.ExpectLineAsync("without the PROXY protocol");
        await using var http = await LineClient.ConnectAsync(server.HttpPort);
        await http.SendAsync(Line + "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r");
        await http.ExpectLineAsync("HTTP/1.1 400");
        await using var plain = await LineClient.ConnectAsync(server.RawPort);
        await plain.SendAsync("/nick ann");
        await plain.ExpectLineAsync("you are now called ann");
    }

    [TestCase("PROXY UNKNOWN\r\n")]
    [TestCase("PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n")]
    public async Task Header_without_a_client_keeps_the_proxys_address(string header)
    {
        await using var server = await StartAsync("127.0.0.0/8");
        await using var line = await LineClient.ConnectAsync(server.RawPort);
        await line.SendAsync($"{header}/nick ann");
        await line.ExpectLineAsync("you are now called ann");
        server.FindConnection("ann").Remote.Should().StartWith("127.0.0.1:");
    }

    [Test]
    public async Task Client_of_a_trusted_proxy_has_the_limits_of_its_own_address()
    {
        await using var server = await StartAsync("127.0.0.1", "--Addresses:Connections", "1");
        await using var first = await LineClient.ConnectAsync(server.RawPort);
        await first.SendAsync($"{Line}/nick ann");
        await first.ExpectLineAsync("you are now called ann");
        await using var second = await LineClient.ConnectAsync(server.RawPort);
        await second.SendAsync($"{Line}/nick bob");
        await second.Ended.OrFail("the end of the second connection of the address");
        await using var other = await LineClient.ConnectAsync(server.RawPort);
        await other.SendAsync($"{Line.Replace("192.0.2.7", "192.0.2.8", StringComparison.Ordinal)}/nick cid");
        await other.ExpectLineAsync("you are now called cid");
    }

    [Test]
    public async Task PROXY_protocol_setting_is_an_error_if_no_proxy_is_trusted()
    {
        var (exitCode, _, error) = await ServerProcess.RunToEndAsync(["--urls", "http://127.0.0.1:0", "--Proxies:ProxyProtocolRawTcp", "true"]);
        exitCode.Should().Be(1);
        error.Trim().Should().Be("--Proxies:ProxyProtocolRawTcp: no proxy is trusted; try: --Proxies:Trusted:0 127.0.0.1");
    }

    private static Task<ServerUnderTest> StartAsync(string trusted, params string[] settings) =>
        ServerUnderTest.StartAsync(["--Proxies:Trusted:0", trusted, "--Proxies:ProxyProtocolHttp", "true", "--Proxies:ProxyProtocolRawTcp", "true", .. settings]);
}
