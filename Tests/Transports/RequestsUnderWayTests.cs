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

/// <summary>A request that takes its time: as long as it is under way its session is asked for, and once its peer is gone it holds nothing.</summary>
public sealed class RequestsUnderWayTests
{
    [Test]
    public async Task A_body_that_comes_slowly_is_no_silence()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var server = await ServerUnderTest.StartAsync(services => services.AddSingleton<TimeProvider>(time), "--Http:GraceSeconds", "30");
        using var ann = await HttpAsker.BeginAsync(server.HttpPort, "ann");
        using var bob = await HttpAsker.BeginAsync(server.HttpPort, "bob");
        var sessions = server.Services.GetRequiredService<HttpSessions>();
        using var slow = await ConnectAsync(server);
        const string body = """{"type":"ping"}""";
        await slow.SendAsync(Ascii($"POST /send HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ann.Token}\r\nExpect: 100-continue\r\nConnection: close\r\nContent-Length: {body.Length}\r\n\r\n"));
        using var reader = new StreamReader(new NetworkStream(slow));
        (await reader.ReadLineAsync().OrFail("100 Continue")).Should().StartWith("HTTP/1.1 100");
        await reader.ReadLineAsync();

        // Somebody else's session is let go meanwhile, and then as much time passes again.
        await Patience.UntilAsync(() => { time.Advance(TimeSpan.FromSeconds(1)); return !server.HasConnectionOf("bob"); }, "the silent one to be let go");
        var later = time.GetTimestamp();
        await Patience.UntilAsync(() => { time.Advance(TimeSpan.FromSeconds(1)); return time.GetElapsedTime(later) > TimeSpan.FromSeconds(60); }, "more time to pass");
        await slow.SendAsync(Ascii(body));
        (await reader.ReadToEndAsync().OrFail("an answer")).Should().StartWith("HTTP/1.1 200").And.Contain("\"type\":\"pong\"");

        await Patience.UntilAsync(() => { time.Advance(TimeSpan.FromSeconds(1)); return sessions.Count == 0; }, "it to be let go once nobody asks any more");
    }

    [TestCase("/poll")]
    [TestCase("/longpoll")]
    [TestCase("/stream")]
    public async Task Who_goes_away_before_the_session_has_begun_keeps_no_request(string path)
    {
        var (requests, greet) = (new CountedRequests(), new TaskCompletionSource());
        await using var server = await ServerUnderTest.StartAsync(services =>
        {
            services.AddSingleton<IStartupFilter>(requests);
            services.AddSingleton(provider => new HttpEndpoint { Handlers = new SlowGreeting(provider.GetRequiredService<ChatEndpoints>().Http.Handlers, greet.Task) });
        });
        using var ann = await HttpAsker.BeginAsync(server.HttpPort);
        var sessions = server.Services.GetRequiredService<HttpSessions>();
        using (var gone = await ConnectAsync(server))
        {
            await gone.SendAsync(Ascii($"GET {path}?device=other HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ann.Token}\r\n\r\n"));
            await Patience.UntilAsync(() => sessions.Count == 2 && requests.Count == 1, "a request that waits for its session");
        }

        try
        {
            await Patience.UntilAsync(() => requests.Count == 0, "nothing to be left of it");
        }
        finally
        {
            greet.SetResult();
        }
    }

    [Test]
    public async Task A_poll_that_is_not_read_holds_its_answer_no_longer_than_a_newer_one_lets_it()
    {
        // More than the kernel takes for a peer that does not read.
        const int owed = 12 * 1024 * 1024;
        var requests = new CountedRequests();
        await using var server = await ServerUnderTest.StartAsync(
            services => services.AddSingleton<IStartupFilter>(requests), "--Limits:OutboxBytes", $"{2 * owed}", "--Connections:LingerSeconds", "1");
        using var ann = await HttpAsker.BeginAsync(server.HttpPort, "ann");
        await ann.GetAsync("/poll");
        var connection = server.ConnectionOf("ann");
        for (var i = 0; i < owed / 1024 / 64; i++)
            connection.Send(new OutboundFrame(Ascii($$"""{"type":"pong","at":"2026-11-23T10:02:31.123Z","x":"{{new string('x', 64 * 1024)}}"}""")));

        using var deaf = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        await deaf.ConnectAsync("127.0.0.1", server.HttpPort);
        await deaf.SendAsync(Ascii($"GET /poll HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ann.Token}\r\n\r\n"));
        (await deaf.ReceiveAsync(new byte[16]).OrFail("the answer's beginning")).Should().BePositive();

        (await ann.GetAsync("/poll")).Body.Length.Should().BeGreaterThan(owed);
        await Patience.UntilAsync(() => requests.Count == 0, "the older one to be let go");
    }

    private static byte[] Ascii(string text) => Encoding.ASCII.GetBytes(text.ToString(CultureInfo.InvariantCulture));

    private static async Task<Socket> ConnectAsync(ServerUnderTest server)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync("127.0.0.1", server.HttpPort);
        return socket;
    }

    /// <summary>How many requests are under way.</summary>
    private sealed class CountedRequests : IStartupFilter
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

    /// <summary>Lets all that ask over HTTP wait for their greeting; what is asked by POST /session is answered.</summary>
    private sealed class SlowGreeting(IConnectionHandlerFactory handlers, Task greet) : IConnectionHandlerFactory
    {
        public IConnectionHandler Create(Connection connection) =>
            connection.Outbox is CursorOutbox ? new Slow(handlers.Create(connection), greet) : handlers.Create(connection);

        private sealed class Slow(IConnectionHandler handler, Task greet) : IConnectionHandler
        {
            public async ValueTask OpenedAsync()
            {
                await greet;
                await handler.OpenedAsync();
            }

            public ValueTask ReceivedAsync(ReadOnlyMemory<byte> message, MessageKind kind, IFrameSink answers) => handler.ReceivedAsync(message, kind, answers);

            public ValueTask ReceivedTooBigAsync(int limitBytes) => handler.ReceivedTooBigAsync(limitBytes);

            public ValueTask ClosedAsync() => handler.ClosedAsync();

            public OutboundFrame? Farewell(Disconnect reason) => handler.Farewell(reason);

            public OutboundFrame? Lagging(long queuedBytes, long limitBytes) => handler.Lagging(queuedBytes, limitBytes);
        }
    }
}
