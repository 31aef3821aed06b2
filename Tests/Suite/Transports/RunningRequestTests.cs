using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Hosting;
using RawSocketChat.Server.Transports.Http;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Transports;

/// <summary>A slow request keeps its session open while the request runs. The request ends when its peer is gone.</summary>
[Category(Categories.Slow)] // starts many servers
[Parallelizable(ParallelScope.Self)]
public sealed class RunningRequestTests
{
    [Test]
    public async Task Session_stays_open_while_a_slow_body_is_being_received()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var server = await ServerUnderTest.StartAsync(services => services.AddSingleton<TimeProvider>(time), "--Http:GraceSeconds", "30");
        using var ann = await HttpTestClient.StartSessionAsync(server.HttpPort, "ann");
        using var bob = await HttpTestClient.StartSessionAsync(server.HttpPort, "bob");
        var sessions = server.Services.GetRequiredService<HttpSessionRegistry>();
        using var slow = await ConnectAsync(server);
        const string body = """{"type":"ping"}""";
        await slow.SendAsync(Ascii($"POST /send HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ann.Token}\r\nExpect: 100-continue\r\nConnection: close\r\nContent-Length: {body.Length}\r\n\r\n"));
        using var reader = new StreamReader(new NetworkStream(slow));
        (await reader.ReadLineAsync().OrFail("100 Continue")).Should().StartWith("HTTP/1.1 100");
        await reader.ReadLineAsync();

        // Wait until the server has closed another session as idle. Then let at least the same time pass again.
        await TestWait.UntilAsync(() => { time.Advance(TimeSpan.FromSeconds(1)); return !server.HasConnection("bob"); }, "the idle session to be closed");
        var later = time.GetTimestamp();
        await TestWait.UntilAsync(() => { time.Advance(TimeSpan.FromSeconds(1)); return time.GetElapsedTime(later) > TimeSpan.FromSeconds(60); }, "more time to pass");
        await slow.SendAsync(Ascii(body));
        (await reader.ReadToEndAsync().OrFail("an answer")).Should().StartWith("HTTP/1.1 200").And.Contain("\"type\":\"pong\"");

        await TestWait.UntilAsync(() => { time.Advance(TimeSpan.FromSeconds(1)); return sessions.Count == 0; }, "the session to be closed after its last request");
    }

    [TestCase("/poll")]
    [TestCase("/longpoll")]
    [TestCase("/stream")]
    public async Task Request_ends_if_its_peer_leaves_before_the_session_has_opened(string path)
    {
        var (requests, open) = (new RequestCounter(), new TaskCompletionSource());
        await using var server = await ServerUnderTest.StartAsync(services =>
        {
            services.AddSingleton<IStartupFilter>(requests);
            services.AddSingleton(provider => new HttpEndpoint { Handlers = new DelayedHandlers(provider.GetRequiredService<ChatEndpoints>().Http.Handlers, open.Task) });
        });
        using var ann = await HttpTestClient.StartSessionAsync(server.HttpPort);
        var sessions = server.Services.GetRequiredService<HttpSessionRegistry>();
        using (var gone = await ConnectAsync(server))
        {
            await gone.SendAsync(Ascii($"GET {path}?device=other HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ann.Token}\r\n\r\n"));
            await TestWait.UntilAsync(() => sessions.Count == 2 && requests.Count == 1, "a request that waits for its session to open");
        }

        try
        {
            await TestWait.UntilAsync(() => requests.Count == 0, "the request to end");
        }
        finally
        {
            open.SetResult();
        }
    }

    [Test]
    public async Task Server_aborts_an_unread_poll_when_a_newer_poll_takes_over()
    {
        // The kernel cannot buffer so many bytes for a peer that does not read.
        const int answerBytes = 12 * 1024 * 1024;
        var requests = new RequestCounter();
        await using var server = await ServerUnderTest.StartAsync(
            services => services.AddSingleton<IStartupFilter>(requests), "--Limits:OutboxBytes", $"{2 * answerBytes}", "--Connections:LingerSeconds", "1");
        using var ann = await HttpTestClient.StartSessionAsync(server.HttpPort, "ann");
        await ann.GetAsync("/poll");
        var connection = server.FindConnection("ann");
        for (var i = 0; i < answerBytes / 1024 / 64; i++)
            connection.Send(new EncodedFrame(Ascii($$"""{"type":"pong","at":"2026-11-23T10:02:31.123Z","x":"{{new string('x', 64 * 1024)}}"}""")));

        using var unread = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        await unread.ConnectAsync("127.0.0.1", server.HttpPort);
        await unread.SendAsync(Ascii($"GET /poll HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ann.Token}\r\n\r\n"));
        (await unread.ReceiveAsync(new byte[16]).OrFail("the beginning of the answer")).Should().BePositive();

        (await ann.GetAsync("/poll")).Body.Length.Should().BeGreaterThan(answerBytes);
        await TestWait.UntilAsync(() => requests.Count == 0, "the older request to be aborted");
    }

    private static byte[] Ascii(string text) => Encoding.ASCII.GetBytes(text.ToString(CultureInfo.InvariantCulture));

    private static async Task<Socket> ConnectAsync(ServerUnderTest server)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync("127.0.0.1", server.HttpPort);
        return socket;
    }

    /// <summary>Counts the running requests.</summary>
    private sealed class RequestCounter : IStartupFilter
    {
        private int _count;

        public int Count => Volatile.Read(ref _count);

        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use(async (context, inner) =>
            {
                Interlocked.Increment(ref _count);
                try
                {
                    await inner(context);
                }
                finally
                {
                    Interlocked.Decrement(ref _count);
                }
            });
            next(app);
        };
    }

    /// <summary>Delays the opening of every HTTP session until a task completes. POST /session is not delayed.</summary>
    private sealed class DelayedHandlers(IConnectionHandlerFactory handlers, Task open) : IConnectionHandlerFactory
    {
        public IConnectionHandler Create(Connection connection) =>
            connection.Outbox is CursorOutbox ? new DelayedHandler(handlers.Create(connection), open) : handlers.Create(connection);

        private sealed class DelayedHandler(IConnectionHandler handler, Task open) : IConnectionHandler
        {
            public async ValueTask OnOpenedAsync()
            {
                await open;
                await handler.OnOpenedAsync();
            }

            public ValueTask OnMessageAsync(ReadOnlyMemory<byte> message, MessageKind kind, IFrameSink answers) => handler.OnMessageAsync(message, kind, answers);

            public ValueTask OnMessageTooBigAsync(int limitBytes) => handler.OnMessageTooBigAsync(limitBytes);

            public ValueTask OnClosedAsync() => handler.OnClosedAsync();

            public EncodedFrame? CreateCloseMessage(Disconnect reason) => handler.CreateCloseMessage(reason);

            public EncodedFrame? CreateSlowConsumerNotice(long queuedBytes, long limitBytes) => handler.CreateSlowConsumerNotice(queuedBytes, limitBytes);
        }
    }
}
