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
        await using var server = await ServerUnderTest.StartAsync("--Limits:Enabled", "false");
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "result.json");
        var (exitCode, output, error) = await RunAsync(
            "--url", $"ws://127.0.0.1:{server.HttpPort}/ws", "--raw-port", $"{server.RawPort}", "--connections", "3", "--rate", "50", "--seconds", "1", "--idle-seconds", "0.3", "--poll-interval", "0.05", "--json", file);
        exitCode.Should().Be(0, error);

        var result = JsonNode.Parse(await File.ReadAllTextAsync(file))!;
        result["version"]!.GetValue<int>().Should().Be(1);
        var ways = result["ways"]!.AsArray().ToDictionary(way => way!["way"]!.GetValue<string>());
        ways.Keys.Should().BeEquivalentTo(CompareOptions.AllWays);
        foreach (var (name, way) in ways)
        {
            Of(name, "lost").Should().Be(0);
            Of(name, "repeated").Should().Be(0);
            Of(name, "payloadBytes").Should().Be(Of("tcp", "payloadBytes"), $"the same frames come by {name}");
            Of(name, "p50").Should().BePositive();
            output.Should().Contain($"| {name} ");
        }

        Of("ws", "requests").Should().Be(0, "the upgrade was before");
        Of("sse", "requests").Should().Be(0);
        Of("longpoll", "requests").Should().BeGreaterThan(10);
        Of("tcp", "headerBytes").Should().Be(50, "a newline each");
        Of("ws", "headerBytes").Should().Be(50 * 4, "a frame header of four bytes each (RFC 6455, section 5.2)");
        Of("ws", "headerBytes").Should().BeLessThan(Of("stream", "headerBytes"));
        Of("stream", "headerBytes").Should().BeLessThan(Of("sse", "headerBytes"));
        Of("sse", "headerBytes").Should().BeLessThan(Of("iframe", "headerBytes"));
        Of("iframe", "headerBytes").Should().BeLessThan(Of("longpoll", "headerBytes"));
        Of("poll", "idleBytesAMinute").Should().BeGreaterThan(Of("longpoll", "idleBytesAMinute"));

        double Of(string way, string field) => ways[way]![field]!.GetValue<double>();
    }

    [TestCase("--ways", "ws,carrier-pigeon", "--ways is a list of poll, longpoll, iframe, stream, sse, ws, tcp")]
    [TestCase("--ways", "", "--ways is a list of")]
    [TestCase("--connections", "0", "--connections must be 1 to 1000 (it is 0)")]
    [TestCase("--poll-interval", "0", "--poll-interval must be 0.01 to 60 (it is 0)")]
    [TestCase("--url", "http://localhost:5080", "--url must be a ws:// address")]
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
