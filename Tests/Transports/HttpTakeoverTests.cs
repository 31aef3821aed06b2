using System.IO.Pipelines;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Transports;
using RawSocketChat.Server.Transports.Http;
using RawSocketChat.Server.Transports.WebSockets;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Transports;

/// <summary>A WebSocket that outlives its request keeps nothing of it; this rests on how Kestrel happens to be built.</summary>
public class HttpTakeoverTests
{
    [TestCase("sockets")]
    [TestCase("kestrel")]
    public async Task A_WebSocket_leaves_nothing_of_its_request_behind(string kind)
    {
        // Kestrel's features of a request are the object that stands for HTTP on its connection.
        var requests = new Requests(context => context.Features);
        await using var server = await ServerUnderTest.StartAsync(services => services.AddSingleton<IStartupFilter>(requests), "--Transport:Kind", kind);
        await using var peer = await ChatClient.ConnectAsync(server.HttpPort, "/ws?name=ann&room=lobby");
        await peer.Inbox.ExpectAsync<JoinedFrame>();

        await Patience.UntilAsync(() => requests.AreCollected(), "the request to be collected");

        await peer.SendAsync("still here");
        (await peer.Inbox.ExpectAsync<MessageFrame>()).Text.Should().Be("still here");
    }

    [Test]
    public async Task On_our_transport_it_leaves_nothing_of_Kestrels_connection_either()
    {
        // The connection of the socket is what Kestrel's own refers to.
        var connections = new Requests(context => context.Features.Get<IConnectionSocketFeature>()!);
        await using var server = await ServerUnderTest.StartAsync(services => services.AddSingleton<IStartupFilter>(connections), "--Transport:Kind", "sockets");
        await using var peer = await ChatClient.ConnectAsync(server.HttpPort, "/ws?name=ann&room=lobby");
        await peer.Inbox.ExpectAsync<JoinedFrame>();

        await Patience.UntilAsync(() => connections.AreCollected(), "the connection to be collected");

        await peer.SendAsync("still here");
        (await peer.Inbox.ExpectAsync<MessageFrame>()).Text.Should().Be("still here");
        await peer.CloseAsync();
        await peer.StreamEnded.OrFail("the end of the stream");
    }

    [TestCase("sockets")]
    [TestCase("kestrel")]
    public async Task It_keeps_nothing_of_what_listens_to_half_closed_requests(string kind)
    {
        var halves = new Requests(context => context.Features.Get<HalfClose>()!);
        await using var server = await ServerUnderTest.StartAsync(services => services.AddSingleton<IStartupFilter>(halves), "--Transport:Kind", kind);
        await using var peer = await ChatClient.ConnectAsync(server.HttpPort, "/ws?name=ann&room=lobby");
        await peer.Inbox.ExpectAsync<JoinedFrame>();

        await Patience.UntilAsync(() => halves.AreCollected(), "what stood around HTTP to be collected");

        await peer.SendAsync("still here");
        (await peer.Inbox.ExpectAsync<MessageFrame>()).Text.Should().Be("still here");
    }

    [Test]
    public async Task A_WebSocket_that_stays_inside_its_request_keeps_it()
    {
        var requests = new Requests(context => context.Features);
        await using var server = await ServerUnderTest.StartAsync(services => services.AddSingleton<IStartupFilter>(requests), "--Transport:Takeover", "false");
        await using var peer = await ChatClient.ConnectAsync(server.HttpPort, "/ws?name=ann&room=lobby");
        await peer.Inbox.ExpectAsync<JoinedFrame>();

        requests.AreCollected().Should().BeFalse();
    }

    [Test]
    public async Task What_HTTP_counts_by_the_heartbeat_ends_with_it()
    {
        var (heart, beats) = (new Heart(), 0);
        var connection = new DefaultConnectionContext();
        connection.Features.Set<IConnectionHeartbeatFeature>(heart);
        var rest = new TaskCompletionSource();

        var run = HttpTakeover.RunAsync(
            inside =>
            {
                inside.Features.Get<IConnectionHeartbeatFeature>()!.OnHeartbeat(_ => beats++, inside);
                heart.Beat();
                inside.Features.Get<HttpTakeover>()!.Take(new Taker(rest.Task));
                return Task.CompletedTask;
            },
            connection);
        heart.Beat();

        beats.Should().Be(1);
        run.IsCompleted.Should().BeFalse();
        rest.SetResult();
        await run;
    }

    [Test]
    public async Task A_connection_that_nothing_takes_over_ends_with_HTTP()
    {
        var (heart, beats) = (new Heart(), 0);
        var connection = new DefaultConnectionContext();
        connection.Features.Set<IConnectionHeartbeatFeature>(heart);
        var http = new TaskCompletionSource();

        var run = HttpTakeover.RunAsync(
            inside =>
            {
                inside.Features.Get<IConnectionHeartbeatFeature>()!.OnHeartbeat(_ => beats++, inside);
                return http.Task;
            },
            connection);
        heart.Beat();
        heart.Beat();
        http.SetResult();
        await run;

        beats.Should().Be(2);
    }

    private sealed class Taker(Task rest) : ITakesConnection
    {
        public void Take(IDetachablePipe pipe) => throw new NotSupportedException();

        public Task RunAsync(ConnectionContext connection) => rest;
    }

    private sealed class Heart : IConnectionHeartbeatFeature
    {
        private Action? _beat;

        public void OnHeartbeat(Action<object> action, object state) => _beat += () => action(state);

        public void Beat() => _beat?.Invoke();
    }

    /// <summary>Remembers something of each request without keeping it.</summary>
    private sealed class Requests(Func<HttpContext, object> what) : IStartupFilter
    {
        private readonly List<WeakReference> _seen = [];

        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use(inner => context =>
            {
                lock (_seen)
                    _seen.Add(new WeakReference(what(context)));
                return inner(context);
            });
            next(app);
        };

        public bool AreCollected()
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            lock (_seen)
                return _seen.Count > 0 && _seen.TrueForAll(request => !request.IsAlive);
        }
    }
}
