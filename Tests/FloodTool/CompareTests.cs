using System.Text.Json.Nodes;
using RawSocketChat.Tests.Flood;
using RawSocketChat.Tests.Flood.Compare;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.FloodTool;

/// <summary><c>flood compare</c> against the real server. What is asserted are counts, which are exact; never how long anything took.</summary>
public sealed class CompareTests
{
    [Test]
    public async Task Every_way_gets_every_message_once_and_costs_what_it_must()
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
        var ways = result["ways"]!.AsArray().ToDictionary(way => way!["way"]!.GetValue<string>());
        ways.Keys.Should().Equal(CompareOptions.AllWays);
        foreach (var (name, way) in ways)
        {
            Of(name, "lost").Should().Be(0);
            Of(name, "repeated").Should().Be(0);
            Of(name, "outOfOrder").Should().Be(0);
            Of(name, "payloadBytes").Should().Be(Of("tcp", "payloadBytes"), $"the same frames come by {name}");
            Of(name, "headerBytes").Should().BeApproximately(Of(name, "upBytes") + Of(name, "downBytes") - Of(name, "payloadBytes"), 1e-6);
            Of(name, "p50").Should().BePositive().And.BeGreaterThanOrEqualTo(Of(name, "fromSendP50"), "nothing is sent before it is due");
            Of(name, "p99").Should().BeGreaterThanOrEqualTo(Of(name, "p50"));
            output.Should().Contain($"| {name} ");
            if (name == "tcp")
                ways["tcp"]!["serverToWireP50"].Should().BeNull("it has no address to ask in");
            else
                (Of(name, "serverToWireP50"), Of(name, "wireToClientP50")).Should().Match<(double ToWire, double ToClient)>(split => split.ToWire > 0 && split.ToClient > 0);
        }

        Of("ws", "requests").Should().Be(0, "the upgrade was before");
        Of("sse", "requests").Should().Be(0);
        Of("longpoll", "requests").Should().BeInRange(1, 50, "one for each answer, and an answer brings all that was waiting");
        Of("tcp", "headerBytes").Should().Be(50, "a newline each");
        foreach (var socket in new[] { "ws", "ws-deflate" })
            Of(socket, "headerBytes").Should().Be(50 * 4, "a frame header of four bytes each (RFC 6455, section 5.2), and none of what measuring costs");
        Of("ws-h2", "downBytes").Should().BeGreaterThan(Of("ws", "downBytes"), "frames of HTTP/2 are around those of the WebSocket");
        foreach (var way in new[] { "iframe", "stream", "sse", "ws", "tcp" })
            Of(way, "upBytes").Should().Be(0, $"nobody asks again by {way}");
        Of("poll", "upBytes").Should().BePositive();
        // On a busy machine several wait for one write, and a write is one chunk (RFC 9112, section 7.1): the digits of its size, and two ends of lines.
        Of("stream", "headerBytes").Should().BeInRange(50 + 6, 50 * (1 + 7), "a newline each, and a chunk for all together or for each");
        Of("stream", "headerBytes").Should().BeLessThan(Of("sse", "headerBytes"));
        Of("sse", "headerBytes").Should().BeLessThan(Of("iframe", "headerBytes"));
        Of("longpoll", "headerBytes").Should().BeGreaterThan(100 * Of("longpoll", "requests"), "every answer has a head, and so has its question");
        Of("poll", "idleBytesAMinute").Should().BeGreaterThan(Of("longpoll", "idleBytesAMinute"));

        double Of(string way, string field) => ways[way]![field]!.GetValue<double>();
    }

    [Test]
    public async Task What_is_compressed_costs_less_than_its_JSON()
    {
        await using var server = await ServerUnderTest.StartAsync("--Limits:Enabled", "false");
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "result.json");
        var (exitCode, output, error) = await RunAsync(
            "--url", $"ws://127.0.0.1:{server.HttpPort}/ws", "--ways", "ws,ws-deflate", "--text-bytes", "3000", "--connections", "1", "--rate", "50", "--seconds", "0.2",
            "--idle-seconds", "0", "--poll-interval", "0.05", "--json", file);
        exitCode.Should().Be(0, error);
        var ways = JsonNode.Parse(await File.ReadAllTextAsync(file))!["ways"]!.AsArray();
        ways[1]!["headerBytes"]!.GetValue<double>().Should().BeNegative();
        ways[1]!["payloadBytes"]!.GetValue<double>().Should().Be(ways[0]!["payloadBytes"]!.GetValue<double>());
        output.Should().Contain("Nothing was measured of an idle minute.");
    }

    [Test]
    public async Task What_is_not_to_be_had_is_left_out_and_said()
    {
        await using var server = await ServerUnderTest.StartAsync("--Limits:Enabled", "false", "--Deflate:Enabled", "false");
        var (exitCode, output, error) = await RunAsync(
            "--url", $"ws://127.0.0.1:{server.HttpPort}/ws", "--ways", "ws-deflate,ws-h2,ws", "--connections", "1", "--rate", "50", "--seconds", "0.1", "--idle-seconds", "0", "--poll-interval", "0.05");
        exitCode.Should().Be(0, error);
        output.Should().Contain("ws-deflate is left out: the server compresses nothing").And.Contain("ws-h2 is left out: HTTP/2 needs TLS: --tls-url")
            .And.Contain("| ws ").And.NotContain("| ws-h2 ");

        (exitCode, _, error) = await RunAsync("--url", $"ws://127.0.0.1:{server.HttpPort}/ws", "--ways", "ws-h2");
        exitCode.Should().Be(3);
        error.TrimEnd().Should().Be("flood: no way is left to compare");
    }

    [Test]
    public async Task A_TLS_address_where_there_is_no_TLS_is_left_out_too()
    {
        await using var server = await ServerUnderTest.StartAsync("--Limits:Enabled", "false");
        var (exitCode, output, error) = await RunAsync(
            "--url", $"ws://127.0.0.1:{server.HttpPort}/ws", "--tls-url", $"wss://127.0.0.1:{server.HttpPort}/ws", "--ways", "ws,ws-h2", "--connections", "1", "--rate", "50", "--seconds", "0.1",
            "--idle-seconds", "0", "--poll-interval", "0.05");
        exitCode.Should().Be(0, error);
        output.Should().Contain($"ws-h2 is left out: wss://127.0.0.1:{server.HttpPort}/ws: ");
    }

    [TestCase("--ways", "ws,carrier-pigeon", "--ways is a list of poll, longpoll, iframe, stream, sse, ws, ws-deflate, ws-h2, tcp")]
    [TestCase("--ways", "", "--ways is a list of")]
    [TestCase("--connections", "0", "--connections must be 1 to 1000 (it is 0)")]
    [TestCase("--poll-interval", "0", "--poll-interval must be 0.01 to 60 (it is 0)")]
    [TestCase("--patience", "0.5", "--patience must be 1 to 600 (it is 0.5)")]
    [TestCase("--text-bytes", "10", "--text-bytes must be 64 to 8000 (it is 10)")]
    [TestCase("--url", "http://localhost:5080", "--url must be a ws:// address")]
    [TestCase("--tls-url", "ws://localhost:5080/ws", "--tls-url must be a wss:// address, such as wss://localhost:5443/ws (it is ws://localhost:5080/ws)")]
    [TestCase("--tls-url", "localhost", "--tls-url must be a wss:// address")]
    [TestCase("--url", "ws://192.0.2.1/ws", "--allow-remote")]
    public async Task A_bad_option_is_said_in_one_line(string option, string value, string line)
    {
        var (exitCode, _, error) = await RunAsync(option, value);
        exitCode.Should().NotBe(0);
        error.Should().StartWith("flood: ").And.Contain(line);
        error.TrimEnd().Should().NotContain("\n");
    }

    [Test]
    public async Task A_server_that_is_not_there_is_said_in_one_line()
    {
        var (exitCode, _, error) = await RunAsync("--url", $"ws://127.0.0.1:{ServerUnderTest.FreePort()}/ws");
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
