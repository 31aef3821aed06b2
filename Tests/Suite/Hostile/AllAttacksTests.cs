using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Tests.Support;
using RawSocketChat.Tests.WebSocketLayer;

namespace RawSocketChat.Tests.Hostile;

/// <summary>
/// All attacks of one stranger at once, on a server with default settings in its own process. Meanwhile two users chat, and a newcomer
/// comes. Set <c>RSC_ATTACK_SECONDS</c> for a longer attack.
/// </summary>
[Category(Categories.Slow)] // attacks for some seconds
public sealed class AllAttacksTests
{
    // Without a limit, the garbage collector would take more memory than the server needs, because the machine has plenty.
    private const long HeapBytes = 384L * 1024 * 1024;

    // The heap, and the memory outside it: code, stacks, buffers of the sockets and the database's cache.
    private const long MaxBytes = 600L * 1024 * 1024;

    private static readonly TimeSpan Duration =
        TimeSpan.FromSeconds(double.Parse(Environment.GetEnvironmentVariable("RSC_ATTACK_SECONDS") ?? "6", CultureInfo.InvariantCulture));

    private int _httpPort;
    private int _rawPort;


    // If clients on this machine are charged, the server soon rejects the attackers' requests, because their address has no points left. If
    // they are not charged, the limits for all clients together must hold.
    [TestCase(true, TestName = "{m}(charged)")]
    [TestCase(false, TestName = "{m}(free of charge)")]
    public async Task Memory_stays_bounded_nothing_is_lost_and_newcomers_get_in(bool isCharged)
    {
        _httpPort = ServerUnderTest.FindFreePort();
        _rawPort = ServerUnderTest.FindFreePort();
        await using var server = await ServerProcess.StartWithHeapLimitAsync(
            HeapBytes, "--urls", $"http://127.0.0.1:{_httpPort}", "--RawTcp:Port", $"{_rawPort}", "--Proxies:Trusted:0", "127.0.0.1", "--Addresses:ChargeLoopback", $"{isCharged}");
        var (ann, _) = await JoinAsync("ann", "203.0.113.1");
        await using var first = ann;
        var (bob, _) = await JoinAsync("bob", "203.0.113.2");
        await using var second = bob;

        var quiet = await ChatAsync(ann, "quiet", TimeSpan.FromSeconds(2));
        using var stop = new CancellationTokenSource();
        var attacks = StartAttacks(stop.Token);
        var attacked = await ChatAsync(ann, "attacked", Duration);

        var (newcomer, _) = await JoinAsync("carol", "203.0.113.3");
        await using var third = newcomer;
        await newcomer.SendAsync("""{"type":"register","name":"carol","password":"correct horse battery","id":"register"}""");
        await newcomer.Inbox.ExpectAsync<WelcomeFrame>(welcome => !welcome.Guest);
        await newcomer.SayAsync("hello from a newcomer");
        await bob.Inbox.ExpectAsync<MessageFrame>(message => message.Text == "hello from a newcomer");

        await stop.CancelAsync();
        await Task.WhenAll(attacks).OrFail("the end of the attacks");
        var peak = ReadPeakMemory(server.Id);
        TestContext.Out.WriteLine(
            $"ack p99 {GetPercentile(quiet):0.0} ms quiet ({quiet.Count} messages), {GetPercentile(attacked):0.0} ms attacked ({attacked.Count}); peak memory {peak / 1024 / 1024} MiB");

        server.HasExited.Should().BeFalse();
        peak.Should().BeLessThan(MaxBytes);
        var count = quiet.Count + attacked.Count;
        await TestWait.UntilAsync(() => CountOwn(bob) >= count, () => $"{count} messages of ann; bob got {CountOwn(bob)}");
        CountOwn(bob).Should().Be(count, "each acknowledged message arrives once");
    }

    private List<Task> StartAttacks(CancellationToken stop)
    {
        List<Func<CancellationToken, Task>> attacks =
        [
            .. Enumerable.Repeat<Func<CancellationToken, Task>>(PostHistoryAndReadNothingAsync, 10),
            .. Enumerable.Repeat<Func<CancellationToken, Task>>(CreateRoomsAsync, 5),
            .. Enumerable.Repeat<Func<CancellationToken, Task>>(JoinUnknownRoomsAsync, 3),
            .. Enumerable.Repeat<Func<CancellationToken, Task>>(PostLargeTextsAsync, 2),
            .. Enumerable.Repeat<Func<CancellationToken, Task>>(StartSessionsAsync, 2),
            .. Enumerable.Repeat<Func<CancellationToken, Task>>(AnnounceAsync, 4),
            .. Enumerable.Repeat<Func<CancellationToken, Task>>(SendHalfBodiesAsync, 1),
            .. Enumerable.Repeat<Func<CancellationToken, Task>>(GuessPasswordsAsync, 2),
            .. Enumerable.Repeat<Func<CancellationToken, Task>>(FloodPingsAsync, 16),
        ];
        return attacks.ConvertAll(attack => Task.Run(() => RepeatAsync(attack, stop)));
    }

    private static async Task RepeatAsync(Func<CancellationToken, Task> attack, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await attack(stop);
            }
            catch (Exception fault) when (fault is SocketException or IOException or HttpRequestException or ObjectDisposedException or OperationCanceledException or HandshakeRefusedException or AssertionException)
            {
                // The server has rejected the attacker, which is its right.
            }
        }
    }

    private Task PostHistoryAndReadNothingAsync(CancellationToken stop) =>
        PostUnreadAsync($"[{string.Join(',', Enumerable.Repeat("""{"type":"history","room":"lobby","limit":200}""", 100))}]", stop);

    private async Task PostUnreadAsync(string body, CancellationToken stop)
    {
        using var session = await HttpTestClient.StartSessionAsync(_httpPort);
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        await socket.ConnectAsync(IPAddress.Loopback, _httpPort, stop);
        await socket.SendAsync(Encoding.UTF8.GetBytes($"POST /send HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {session.Token}\r\nContent-Length: {body.Length}\r\n\r\n{body}"), stop);
        await Task.Delay(Random.Shared.Next(500, 3000), stop);
    }

    private Task CreateRoomsAsync(CancellationToken stop) =>
        PostAsync(Enumerable.Range(0, 20).Select(_ => $$"""{"type":"create","room":"spam-{{Random.Shared.Next()}}"}"""));

    private Task JoinUnknownRoomsAsync(CancellationToken stop) =>
        PostAsync(Enumerable.Range(0, 100).Select(_ => $$"""{"type":"join","room":"{{new string('s', 55)}}{{Random.Shared.Next(100_000)}}"}"""));

    private Task PostLargeTextsAsync(CancellationToken stop) =>
        PostAsync(Enumerable.Range(0, 20).Select(i => i == 0
            ? """{"type":"join","room":"lobby"}"""
            : $$"""{"type":"say","room":"lobby","text":"{{string.Concat(Enumerable.Repeat("\\u0001", 8000))}}"}"""));

    private async Task PostAsync(IEnumerable<string> frames)
    {
        using var session = await HttpTestClient.StartSessionAsync(_httpPort);
        await session.SendAsync($"[{string.Join(',', frames)}]");
    }

    private async Task StartSessionsAsync(CancellationToken stop)
    {
        using var client = new HttpTestClient(_httpPort);
        for (var i = 0; i < 50 && !stop.IsCancellationRequested; i++)
            await client.PostAsync("/session", """{"type":"hello"}""");
    }

    private async Task AnnounceAsync(CancellationToken stop)
    {
        await using var client = await ChatClient.ConnectAsync(_httpPort, "/ws?room=lobby");
        for (var i = 0; i < 50; i++)
        {
            await client.SendAsync($$"""{"type":"topic","room":"lobby","text":"topic {{i}}"}""");
            await client.SendAsync($$"""{"type":"nick","name":"m{{Random.Shared.Next()}}"}""");
            await client.SendAsync("""{"type":"leave","room":"lobby"}""");
            await client.SendAsync("""{"type":"join","room":"lobby"}""");
        }
    }

    private async Task SendHalfBodiesAsync(CancellationToken stop)
    {
        using var session = await HttpTestClient.StartSessionAsync(_httpPort);
        var sockets = new List<Socket>();
        try
        {
            var head = Encoding.ASCII.GetBytes($"POST /send HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {session.Token}\r\nContent-Length: 1000000\r\n\r\n");
            var part = new byte[900_000];
            for (var i = 0; i < 200; i++)
            {
                sockets.Add(new Socket(SocketType.Stream, ProtocolType.Tcp));
                await sockets[i].ConnectAsync(IPAddress.Loopback, _httpPort, stop);
                await sockets[i].SendAsync(head, stop);
                using var timeout = CancellationTokenSource.CreateLinkedTokenSource(stop);
                timeout.CancelAfter(TimeSpan.FromSeconds(1));
                await sockets[i].SendAsync(part, timeout.Token);
            }

            await Task.Delay(2000, stop);
        }
        finally
        {
            sockets.ForEach(socket => socket.Dispose());
        }
    }

    private async Task GuessPasswordsAsync(CancellationToken stop)
    {
        await using var client = await ChatClient.ConnectAsync(_httpPort);
        for (var i = 0; i < 20; i++)
            await client.SendAsync($$"""{"type":"login","name":"name{{i}}","password":"wrong password"}""");
        await Task.Delay(200, stop);
    }

    private async Task FloodPingsAsync(CancellationToken stop)
    {
        await using var line = await LineClient.ConnectAsync(_rawPort, read: false);
        await using var client = await ChatClient.ConnectAsync(_httpPort, frames: false);
        byte[] pings = [.. Enumerable.Repeat(new byte[] { 0x89, 0x81, 0, 0, 0, 0, 7 }, 200).SelectMany(bytes => bytes)];
        var requests = Enumerable.Repeat(Wire.To(WebSocketRole.Server, Opcode.Text, Encoding.UTF8.GetBytes("""{"type":"ping"}""")), 100).SelectMany(bytes => bytes).ToArray();
        for (var i = 0; i < 20 && !stop.IsCancellationRequested; i++)
        {
            await client.SendBytesAsync(pings).WaitAsync(TimeSpan.FromSeconds(2), stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await client.SendBytesAsync(requests).WaitAsync(TimeSpan.FromSeconds(2), stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<(ChatClient Client, JoinedFrame Joined)> JoinAsync(string name, string address)
    {
        var client = await ChatClient.ConnectAsync(_httpPort, $"/ws?name={name}&room=lobby", headers: [KeyValuePair.Create("X-Forwarded-For", address)]);
        return (client, await client.Inbox.ExpectAsync<JoinedFrame>());
    }

    // One message after the other, at the rate that every user has.
    private static async Task<List<double>> ChatAsync(ChatClient client, string text, TimeSpan duration)
    {
        var latencies = new List<double>();
        var began = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(began) < duration)
        {
            var sent = Stopwatch.GetTimestamp();
            await client.SayAsync($"ann's {text} message {latencies.Count}");
            latencies.Add(Stopwatch.GetElapsedTime(sent).TotalMilliseconds);
            await Task.Delay(250);
        }

        return latencies;
    }

    private static double GetPercentile(List<double> values) => values.Order().ElementAt((int)((values.Count - 1) * 0.99));

    private static int CountOwn(ChatClient client) => client.Inbox.All.OfType<MessageFrame>().Count(message => message.Text.StartsWith("ann's ", StringComparison.Ordinal));

    private static long ReadPeakMemory(int process)
    {
        var line = File.ReadLines($"/proc/{process}/status").Single(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) * 1024;
    }
}
