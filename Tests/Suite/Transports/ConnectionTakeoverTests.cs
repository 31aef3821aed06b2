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

/// <summary>
/// After the takeover of its connection, a WebSocket does not keep its HTTP request in memory. These tests fail if a new version of Kestrel
/// keeps the request.
/// </summary>
[Category(Categories.Slow)] // starts many servers
public class ConnectionTakeoverTests
{
    [TestCase("sockets")]
    [TestCase("kestrel")]
    public async Task WebSocket_does_not_keep_its_request_in_memory(string kind)
    {
        // The feature collection of a request is the object with which Kestrel processes HTTP on the connection.
        var requests = new RequestObjects(context => context.Features);
        await using var server = await ServerUnderTest.StartAsync(services => services.AddSingleton<IStartupFilter>(requests), "--Transport:Kind", kind);
        await using var peer = await ChatClient.ConnectAsync(server.HttpPort, "/ws?name=ann&room=lobby");
        await peer.Inbox.ExpectAsync<JoinedFrame>();

        await TestWait.UntilAsync(() => requests.AreCollected(), "the request to be collected");

        await peer.SendAsync("still here");
        (await peer.Inbox.ExpectAsync<MessageFrame>()).Text.Should().Be("still here");
    }

    [Test]
    public async Task WebSocket_on_our_socket_transport_does_not_keep_Kestrels_connection_in_memory()
    {
        // Kestrel's own connection object refers to this socket connection.
        var connections = new RequestObjects(context => context.Features.Get<IConnectionSocketFeature>()!);
        await using var server = await ServerUnderTest.StartAsync(services => services.AddSingleton<IStartupFilter>(connections), "--Transport:Kind", "sockets");
        await using var peer = await ChatClient.ConnectAsync(server.HttpPort, "/ws?name=ann&room=lobby");
        await peer.Inbox.ExpectAsync<JoinedFrame>();

        await TestWait.UntilAsync(() => connections.AreCollected(), "the connection to be collected");

        await peer.SendAsync("still here");
        (await peer.Inbox.ExpectAsync<MessageFrame>()).Text.Should().Be("still here");
        await peer.CloseAsync();
        await peer.StreamEnded.OrFail("the end of the stream");
    }

    [TestCase("sockets")]
    [TestCase("kestrel")]
    public async Task WebSocket_does_not_keep_the_half_close_adapter_in_memory(string kind)
    {
        var halves = new RequestObjects(context => context.Features.Get<HalfClose>()!);
        await using var server = await ServerUnderTest.StartAsync(services => services.AddSingleton<IStartupFilter>(halves), "--Transport:Kind", kind);
        await using var peer = await ChatClient.ConnectAsync(server.HttpPort, "/ws?name=ann&room=lobby");
        await peer.Inbox.ExpectAsync<JoinedFrame>();

        await TestWait.UntilAsync(() => halves.AreCollected(), "the half-close adapter to be collected");

        await peer.SendAsync("still here");
        (await peer.Inbox.ExpectAsync<MessageFrame>()).Text.Should().Be("still here");
    }

    [Test]
    public async Task WebSocket_without_connection_takeover_keeps_its_request_in_memory()
    {
        var requests = new RequestObjects(context => context.Features);
        await using var server = await ServerUnderTest.StartAsync(services => services.AddSingleton<IStartupFilter>(requests), "--Transport:Takeover", "false");
        await using var peer = await ChatClient.ConnectAsync(server.HttpPort, "/ws?name=ann&room=lobby");
        await peer.Inbox.ExpectAsync<JoinedFrame>();

        requests.AreCollected().Should().BeFalse();
    }

    [Test]
    public async Task Connection_no_longer_runs_the_heartbeat_callbacks_of_HTTP_after_the_takeover()
    {
        var (heartbeat, beats) = (new FakeHeartbeat(), 0);
        var connection = new DefaultConnectionContext();
        connection.Features.Set<IConnectionHeartbeatFeature>(heartbeat);
        var rest = new TaskCompletionSource();

        var run = ConnectionTakeover.RunAsync(
            inside =>
            {
                inside.Features.Get<IConnectionHeartbeatFeature>()!.OnHeartbeat(_ => beats++, inside);
                heartbeat.Beat();
                inside.Features.Get<ConnectionTakeover>()!.ContinueWith(new FakeRunner(rest.Task));
                return Task.CompletedTask;
            },
            connection);
        heartbeat.Beat();

        beats.Should().Be(1);
        run.IsCompleted.Should().BeFalse();
        rest.SetResult();
        await run;
    }

    [Test]
    public async Task Connection_without_a_takeover_ends_when_HTTP_ends()
    {
        var (heartbeat, beats) = (new FakeHeartbeat(), 0);
        var connection = new DefaultConnectionContext();
        connection.Features.Set<IConnectionHeartbeatFeature>(heartbeat);
        var http = new TaskCompletionSource();

        var run = ConnectionTakeover.RunAsync(
            inside =>
            {
                inside.Features.Get<IConnectionHeartbeatFeature>()!.OnHeartbeat(_ => beats++, inside);
                return http.Task;
            },
            connection);
        heartbeat.Beat();
        heartbeat.Beat();
        http.SetResult();
        await run;

        beats.Should().Be(2);
    }

    private sealed class FakeRunner(Task rest) : IConnectionRunner
    {
        public void RunDetached(IDetachablePipe pipe) => throw new NotSupportedException();

        public Task RunAsync(ConnectionContext connection) => rest;
    }

    private sealed class FakeHeartbeat : IConnectionHeartbeatFeature
    {
        private Action? _beat;

        public void OnHeartbeat(Action<object> action, object state) => _beat += () => action(state);

        public void Beat() => _beat?.Invoke();
    }

    /// <summary>Holds a weak reference to one object of each request.</summary>
    private sealed class RequestObjects(Func<HttpContext, object> select) : IStartupFilter
    {
        private readonly List<WeakReference> _seen = [];

        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use(inner => context =>
            {
                lock (_seen)
                    _seen.Add(new WeakReference(select(context)));
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
