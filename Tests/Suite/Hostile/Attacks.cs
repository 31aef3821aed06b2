using System.Net;
using System.Net.Sockets;
using System.Text;
using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Tests.Support;
using RawSocketChat.Tests.WebSocketLayer;

namespace RawSocketChat.Tests.Hostile;

/// <summary>
/// The attacks of one attacker on a server. Each attack is cheap for the attacker, and would be expensive for a server without limits.
/// </summary>
/// <param name="httpPort">The HTTP port of the server, or of a proxy in front of it.</param>
/// <param name="rawPort">The raw TCP port; null to attack only the HTTP port.</param>
internal sealed class Attacks(int httpPort, int? rawPort)
{
    private static readonly byte[] PingRequest = """{"type":"ping"}"""u8.ToArray();

    private long _rounds;

    /// <summary>The number of completed attacks, including attacks that the server rejected.</summary>
    public long Rounds => Volatile.Read(ref _rounds);

    /// <summary>Starts all attacks. Each attack is repeated until it is cancelled.</summary>
    /// <returns>A task for each attack.</returns>
    public List<Task> Start(CancellationToken stop)
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
            .. Enumerable.Repeat<Func<CancellationToken, Task>>(FloodLinesAsync, rawPort is null ? 0 : 16),
        ];
        return attacks.ConvertAll(attack => Task.Run(() => RepeatAsync(attack, stop)));
    }

    private async Task RepeatAsync(Func<CancellationToken, Task> attack, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await attack(stop);
            }
            catch (Exception fault) when (fault is SocketException or IOException or HttpRequestException or ObjectDisposedException or OperationCanceledException or HandshakeRefusedException or AssertionException)
            {
                // The server may reject the attacker.
            }

            Interlocked.Increment(ref _rounds);
        }
    }

    private Task PostHistoryAndReadNothingAsync(CancellationToken stop) =>
        PostUnreadAsync($"[{string.Join(',', Enumerable.Repeat("""{"type":"history","room":"lobby","limit":200}""", 100))}]", stop);

    private async Task PostUnreadAsync(string body, CancellationToken stop)
    {
        using var session = await HttpTestClient.StartSessionAsync(httpPort);
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        await socket.ConnectAsync(IPAddress.Loopback, httpPort, stop);
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
            : $$"""{"type":"say","room":"lobby","text":"{{new string('\u6587', 8000)}}"}"""));

    private async Task PostAsync(IEnumerable<string> frames)
    {
        using var session = await HttpTestClient.StartSessionAsync(httpPort);
        await session.SendAsync($"[{string.Join(',', frames)}]");
    }

    private async Task StartSessionsAsync(CancellationToken stop)
    {
        using var client = new HttpTestClient(httpPort);
        for (var i = 0; i < 50 && !stop.IsCancellationRequested; i++)
            await client.PostAsync("/session", """{"type":"hello"}""");
    }

    private async Task AnnounceAsync(CancellationToken stop)
    {
        await using var client = await ChatClient.ConnectAsync(httpPort, "/ws?room=lobby");
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
        using var session = await HttpTestClient.StartSessionAsync(httpPort);
        var sockets = new List<Socket>();
        try
        {
            var head = Encoding.ASCII.GetBytes($"POST /send HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {session.Token}\r\nContent-Length: 1000000\r\n\r\n");
            var part = new byte[900_000];
            for (var i = 0; i < 200; i++)
            {
                sockets.Add(new Socket(SocketType.Stream, ProtocolType.Tcp));
                await sockets[i].ConnectAsync(IPAddress.Loopback, httpPort, stop);
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
        await using var client = await ChatClient.ConnectAsync(httpPort);
        for (var i = 0; i < 20; i++)
            await client.SendAsync($$"""{"type":"login","name":"name{{i}}","password":"wrong password"}""");
        await Task.Delay(200, stop);
    }

    private async Task FloodPingsAsync(CancellationToken stop)
    {
        await using var client = await ChatClient.ConnectAsync(httpPort, frames: false);
        byte[] pings = [.. Enumerable.Repeat(new byte[] { 0x89, 0x81, 0, 0, 0, 0, 7 }, 200).SelectMany(bytes => bytes)];
        byte[] requests = [.. Enumerable.Repeat(Wire.To(WebSocketRole.Server, Opcode.Text, PingRequest), 100).SelectMany(bytes => bytes)];
        for (var i = 0; i < 20 && !stop.IsCancellationRequested; i++)
        {
            await TrySendAsync(client.SendBytesAsync(pings), stop);
            await TrySendAsync(client.SendBytesAsync(requests), stop);
        }
    }

    private async Task FloodLinesAsync(CancellationToken stop)
    {
        await using var line = await LineClient.ConnectAsync(rawPort!.Value);
        byte[] requests = [.. Enumerable.Repeat((byte[])[.. PingRequest, (byte)'\n'], 200).SelectMany(bytes => bytes)];
        for (var i = 0; i < 20 && !stop.IsCancellationRequested; i++)
            await TrySendAsync(line.SendBytesAsync(requests), stop);
    }

    // A server that reads slowly must not delay the end of the attacks.
    private static async Task TrySendAsync(Task sending, CancellationToken stop) =>
        await sending.WaitAsync(TimeSpan.FromSeconds(2), stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
