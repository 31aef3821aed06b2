using System.Text.Json.Nodes;
using RawSocketChat.Tests.Flood;
using RawSocketChat.Tests.Flood.Compare;
using RawSocketChat.Tests.Flood.Transports;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Tools.FloodTool;

/// <summary><c>flood compare</c> against the real server. The tests assert counts, which are exact, and no durations.</summary>
[Category(Categories.Slow)] // runs the load test for seconds
[Parallelizable(ParallelScope.Self)]
public sealed class CompareTests
{
    [Test]
    public void Comparison_supports_the_same_transports_as_a_flood() => CompareOptions.AllTransports.Should().BeEquivalentTo(TransportMix.AllNames);

    [Test]
    public async Task Every_transport_receives_every_message_once_with_the_expected_overhead()
    {
        await using var server = await ServerUnderTest.StartAsync("--urls", "http://127.0.0.1:0;https://127.0.0.1:0", "--Limits:Enabled", "false");
        var addresses = server.Addresses;
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "result.json");
        var (exitCode, output, error) = await RunAsync(
            "--url", $"ws://127.0.0.1:{addresses.Single(address => address.Scheme == "http" && address.Port != server.RawPort).Port}/ws",
            "--tls-url", $"wss://127.0.0.1:{addresses.Single(address => address.Scheme == "https").Port}/ws",
            "--raw-port", $"{server.RawPort}", "--connections", "3", "--rate", "50", "--seconds", "1", "--idle-seconds", "0.3", "--poll-interval", "0.05", "--json", file);
        exitCode.Should().Be(0, error + output);

        var result = JsonNode.Parse(await File.ReadAllTextAsync(file))!;
        result["version"]!.GetValue<int>().Should().Be(2);
        result["idleIsExtrapolated"]!.GetValue<bool>().Should().BeTrue();
        result["leftOut"]!.AsArray().Should().BeEmpty();
        output.Should().Contain("extrapolated from 0.3 s");
        var transports = result["ways"]!.AsArray().ToDictionary(transport => transport!["way"]!.GetValue<string>());
        transports.Keys.Should().Equal(CompareOptions.AllTransports);
        foreach (var name in transports.Keys)
        {
            Get(name, "lost").Should().Be(0);
            Get(name, "repeated").Should().Be(0);
            Get(name, "outOfOrder").Should().Be(0);
            Get(name, "payloadBytes").Should().Be(Get("tcp", "payloadBytes"), $"{name} carries the same frames");
            Get(name, "headerBytes").Should().BeApproximately(Get(name, "upBytes") + Get(name, "downBytes") - Get(name, "payloadBytes"), 1e-6);
            Get(name, "p50").Should().BePositive().And.BeGreaterThanOrEqualTo(Get(name, "fromSendP50"), "no message is sent before its scheduled time");
            Get(name, "p99").Should().BeGreaterThanOrEqualTo(Get(name, "p50"));
            output.Should().Contain($"| {name} ");
            if (name == "tcp")
                transports["tcp"]!["serverToWireP50"].Should().BeNull("raw TCP can't request wire times");
            else
                (Get(name, "serverToWireP50"), Get(name, "wireToClientP50")).Should().Match<(double ToWire, double ToClient)>(split => split.ToWire > 0 && split.ToClient > 0);
        }

        Get("ws", "requests").Should().Be(0, "the upgrade was in an earlier phase");
        Get("sse", "requests").Should().Be(0);
        Get("longpoll", "requests").Should().BeInRange(1, 50, "there is one request for each response, and a response has all waiting frames");
        Get("tcp", "headerBytes").Should().Be(50, "one newline for each message");
        foreach (var socket in new[] { "ws", "ws-deflate" })
            Get(socket, "headerBytes").Should().Be(50 * 4, "four bytes of frame header for each message (RFC 6455, section 5.2), without the cost of measuring");
        Get("ws-h2", "downBytes").Should().BeGreaterThan(Get("ws", "downBytes"), "HTTP/2 frames enclose the WebSocket frames");
        foreach (var transport in new[] { "iframe", "stream", "sse", "ws", "tcp" })
            Get(transport, "upBytes").Should().Be(0, $"{transport} sends no further requests");
        Get("poll", "upBytes").Should().BePositive();
        // Each write is one chunk (RFC 9112, section 7.1). Its framing is the size in hexadecimal digits and two line ends. On a busy
        // machine one write has several messages.
        Get("stream", "headerBytes").Should().BeInRange(50 + 6, 50 * (1 + 7), "each message has one newline, and the number of chunks is between one and the number of messages");
        Get("stream", "headerBytes").Should().BeLessThan(Get("sse", "headerBytes"));
        Get("sse", "headerBytes").Should().BeLessThan(Get("iframe", "headerBytes"));
        Get("longpoll", "headerBytes").Should().BeGreaterThan(100 * Get("longpoll", "requests"), "every request and every response has headers");
        Get("poll", "idleBytesAMinute").Should().BeGreaterThan(Get("longpoll", "idleBytesAMinute"));

        double Get(string transport, string field) => transports[transport]![field]!.GetValue<double>();
    }

    [Test]
    public async Task Compressed_message_takes_fewer_bytes_than_its_JSON()
    {
        await using var server = await ServerUnderTest.StartAsync("--Limits:Enabled", "false");
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "result.json");
        var (exitCode, output, error) = await RunAsync(
            "--url", $"ws://127.0.0.1:{server.HttpPort}/ws", "--transports", "ws,ws-deflate", "--text-bytes", "3000", "--connections", "1", "--rate", "50", "--seconds", "0.2",
            "--idle-seconds", "0", "--poll-interval", "0.05", "--json", file);
        exitCode.Should().Be(0, error);
        var transports = JsonNode.Parse(await File.ReadAllTextAsync(file))!["ways"]!.AsArray();
        transports[1]!["headerBytes"]!.GetValue<double>().Should().BeNegative();
        transports[1]!["payloadBytes"]!.GetValue<double>().Should().Be(transports[0]!["payloadBytes"]!.GetValue<double>());
        output.Should().Contain("The idle minute was not measured.");
    }

    [Test]
    public async Task Unavailable_transport_is_left_out_with_a_reason()
    {
        await using var server = await ServerUnderTest.StartAsync("--Limits:Enabled", "false", "--Deflate:Enabled", "false");
        var (exitCode, output, error) = await RunAsync(
            "--url", $"ws://127.0.0.1:{server.HttpPort}/ws", "--transports", "ws-deflate,ws-h2,ws", "--connections", "1", "--rate", "50", "--seconds", "0.1", "--idle-seconds", "0", "--poll-interval", "0.05");
        exitCode.Should().Be(0, error);
        output.Should().Contain("ws-deflate is left out: the server did not accept compression").And.Contain("ws-h2 is left out: HTTP/2 needs TLS: give the server's address with --tls-url")
            .And.Contain("| ws ").And.NotContain("| ws-h2 ");

        (exitCode, _, error) = await RunAsync("--url", $"ws://127.0.0.1:{server.HttpPort}/ws", "--transports", "ws-h2");
        exitCode.Should().Be(3);
        error.TrimEnd().Should().Be("flood: no transport is left to compare");
    }

    [Test]
    public async Task Transport_over_TLS_is_left_out_if_the_address_has_no_TLS()
    {
        await using var server = await ServerUnderTest.StartAsync("--Limits:Enabled", "false");
        var (exitCode, output, error) = await RunAsync(
            "--url", $"ws://127.0.0.1:{server.HttpPort}/ws", "--tls-url", $"wss://127.0.0.1:{server.HttpPort}/ws", "--transports", "ws,ws-h2", "--connections", "1", "--rate", "50", "--seconds", "0.1",
            "--idle-seconds", "0", "--poll-interval", "0.05");
        exitCode.Should().Be(0, error);
        output.Should().Contain($"ws-h2 is left out: wss://127.0.0.1:{server.HttpPort}/ws: ");
    }

    [TestCase("--transports", "ws,carrier-pigeon", "--transports must be a list of poll, longpoll, iframe, stream, sse, ws, ws-deflate, ws-h2, tcp")]
    [TestCase("--transports", "", "--transports must be a list of")]
    [TestCase("--ways", "carrier-pigeon", "--transports must be a list of", Description = "an alias")]
    [TestCase("--connections", "0", "--connections must be 1 to 1000 (it is 0)")]
    [TestCase("--poll-interval", "0", "--poll-interval must be 0.01 to 60 (it is 0)")]
    [TestCase("--patience", "0.5", "--patience must be 1 to 600 (it is 0.5)")]
    [TestCase("--text-bytes", "10", "--text-bytes must be 64 to 8000 (it is 10)")]
    [TestCase("--url", "http://localhost:5080", "--url must be a ws:// address")]
    [TestCase("--tls-url", "ws://localhost:5080/ws", "--tls-url must be a wss:// address, such as wss://localhost:5443/ws (it is ws://localhost:5080/ws)")]
    [TestCase("--tls-url", "localhost", "--tls-url must be a wss:// address")]
    [TestCase("--url", "ws://192.0.2.1/ws", "--allow-remote")]
    public async Task Invalid_option_gives_one_error_line(string option, string value, string line)
    {
        var (exitCode, _, error) = await RunAsync(option, value);
        exitCode.Should().NotBe(0);
        error.Should().StartWith("flood: ").And.Contain(line);
        error.TrimEnd().Should().NotContain("\n");
    }

    [Test]
    public async Task Unreachable_server_gives_one_error_line()
    {
        var (exitCode, _, error) = await RunAsync("--url", $"ws://127.0.0.1:{ServerUnderTest.FindFreePort()}/ws");
        exitCode.Should().Be(3);
        error.TrimEnd().Should().StartWith("flood: ").And.NotContain("\n");
    }

    private static async Task<(int ExitCode, string Output, string Error)> RunAsync(params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var exitCode = await FloodCommand.RunAsync(["compare", .. args], output, error, CancellationToken.None).OrFail("the comparison");
        return (exitCode, output.ToString(), error.ToString());
    }
}
