using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Hostile;

/// <summary>Origins that no browser sends. The server writes rejected origins to its log, and the operator may read the log on a terminal.</summary>
public sealed class HostileOriginTests
{
    [TestCase("http://evil\u001b]0;owned\a\u001b[31m", "http://evil?]0;owned??[31m, which", TestName = "{m}(escape)")]
    [TestCase("http://evil\u00c2\u009b31m", "31m, which", TestName = "{m}(escape in eight bits)")]
    [TestCase("http://long.example/{20000}", "xxx…, which", TestName = "{m}(long)")]
    public async Task Log_line_for_a_foreign_origin_is_short_and_without_control_characters(string origin, string expected)
    {
        using var log = new RecordedLog(LogLevel.Information);
        await using var server = await ServerUnderTest.StartAsync(services => services.AddLogging(logging => logging.AddProvider(log)));
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync("127.0.0.1", server.HttpPort);
        await socket.SendAsync(Encoding.Latin1.GetBytes(
            $"POST /session HTTP/1.1\r\nHost: 127.0.0.1:{server.HttpPort}\r\nOrigin: {origin.Replace("{20000}", new string('x', 20_000), StringComparison.Ordinal)}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"));
        using var reader = new StreamReader(new NetworkStream(socket));
        (await reader.ReadToEndAsync().OrFail("a response")).Should().StartWith("HTTP/1.1 403");

        var line = log.Lines.Should().ContainSingle(line => line.StartsWith("Rejected a request to /session", StringComparison.Ordinal)).Subject;
        line.Should().Contain(expected);
        line.Should().MatchRegex("^[ -~…]*$", "only these characters are safe on a terminal");
        line.Length.Should().BeLessThan(400);
    }

    [Test]
    public async Task Flood_of_foreign_origins_writes_few_log_lines()
    {
        using var log = new RecordedLog(LogLevel.Information);
        await using var server = await ServerUnderTest.StartAsync(services => services.AddLogging(logging => logging.AddProvider(log)));
        using var http = new HttpTestClient(server.HttpPort);
        for (var i = 0; i < 200; i++)
            (await http.PostAsync("/session", "", ("Origin", $"http://evil{i}.example"))).Status.Should().Be(403);
        log.Lines.Count(line => line.StartsWith("Rejected a request to /session", StringComparison.Ordinal)).Should().BeInRange(20, 30);
    }
}
