using System.Globalization;
using System.Net;
using System.Net.Sockets;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Hosting;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Hosting;

/// <summary>TCP keep-alive detects peers whose machine has vanished.</summary>
public sealed class KeepAliveTests
{
    [Test]
    public async Task Connections_of_both_ports_use_the_keep_alive_setting()
    {
        await using var server = await ServerUnderTest.StartAsync("--Connections:TcpKeepAliveSeconds", "5000");
        await using var raw = await LineClient.ConnectAsync(server.RawPort);
        await raw.SendAsync("""{"type":"hello"}""");
        await raw.Inbox.ExpectAsync<WelcomeFrame>();
        await using var ws = await ChatClient.ConnectAsync(server.HttpPort);
        await ws.Inbox.ExpectAsync<WelcomeFrame>();

        foreach (var port in (int[])[server.RawPort, server.HttpPort])
            await TestWait.UntilAsync(() => GetKeepAliveSeconds(port) is > 4_000 and <= 5_000, $"the timer of port {port}, which is at {GetKeepAliveSeconds(port)} s");
    }

    [TestCase(50, 30, 110, "50 s of silence, and four probes of 15 s")]
    [TestCase(50, 90, 180, "a stall timeout of 90 s, and 90 s to read the close message")]
    public async Task Timeout_of_unconfirmed_data_follows_the_keep_alive_and_stall_settings(int keepAlive, int stall, int seconds, string because)
    {
        using var listening = ListenerSetup.CreateListenSocket(new IPEndPoint(IPAddress.Loopback, 0), new ConnectionOptions { TcpKeepAliveSeconds = keepAlive, StallSeconds = stall });
        listening.Listen();
        using var client = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(listening.LocalEndPoint!);
        using var accepted = await listening.AcceptAsync();
        var (milliseconds, userTimeout) = (new byte[sizeof(int)], 18);
        accepted.GetRawSocketOption((int)SocketOptionLevel.Tcp, userTimeout, milliseconds);
        BitConverter.ToInt32(milliseconds).Should().Be(seconds * 1000, because);
    }

    // The columns of /proc/net/tcp are "sl local remote st tx:rx tr:when …". "st" is 01 for an established connection, and "tr" is 02 for the
    // keep-alive timer. "when" is the remaining time of the timer in 1/100 s.
    private static double? GetKeepAliveSeconds(int port)
    {
        foreach (var line in File.ReadLines("/proc/net/tcp").Concat(File.ReadLines("/proc/net/tcp6")).Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)))
        {
            if (line[1].EndsWith($":{port:X4}", StringComparison.Ordinal) && line[3] == "01" && line[5].StartsWith("02:", StringComparison.Ordinal))
                return long.Parse(line[5][3..], NumberStyles.HexNumber, CultureInfo.InvariantCulture) / 100.0;
        }

        return null;
    }
}
