using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Hostile;

/// <summary>An Origin that no browser would send reaches the operator's terminal through the log.</summary>
public sealed class HostileOriginTests
{
    [TestCase("http://evil\u001b]0;owned\a\u001b[31m", "http://evil?]0;owned??[31m at", TestName = "{m}(escape)")]
    [TestCase("http://evil\u00c2\u009b31m", "31m at", TestName = "{m}(escape in eight bits)")]
    [TestCase("http://long.example/{20000}", "xxx… at", TestName = "{m}(long)")]
    public async Task What_a_foreign_origin_makes_the_log_say_is_short_and_moves_no_cursor(string origin, string told)
    {
        using var log = new RecordedLog(LogLevel.Information);
        await using var server = await ServerUnderTest.StartAsync(services => services.AddLogging(logging => logging.AddProvider(log)));
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync("127.0.0.1", server.HttpPort);
        await socket.SendAsync(Encoding.Latin1.GetBytes(
            $"POST /session HTTP/1.1\r\nHost: 127.0.0.1:{server.HttpPort}\r\nOrigin: {origin.Replace("{20000}", new string('x', 20_000), StringComparison.Ordinal)}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"));
        using var reader = new StreamReader(new NetworkStream(socket));
        (await reader.ReadToEndAsync().OrFail("an answer")).Should().StartWith("HTTP/1.1 403");

        var line = log.Lines.Should().ContainSingle(line => line.StartsWith("Refused a page", StringComparison.Ordinal)).Subject;
        line.Should().Contain(told);
        line.Should().MatchRegex("^[ -~…]*$", "a terminal does nothing by these");
        line.Length.Should().BeLessThan(400);
    }
}
