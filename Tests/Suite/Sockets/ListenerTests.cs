using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Sockets;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Sockets;

public sealed class ListenerTests
{
    private static readonly IPEndPoint Anywhere = new(IPAddress.Loopback, 0);

    private readonly FakeTimeProvider _time = new();
    private SocketTransport _transport = null!;

    [SetUp]
    public void MakeTransport() => _transport = SocketPair.MakeTransport(_time);

    [TearDown]
    public void DropTransport() => _transport.Dispose();

    [Test]
    public async Task Accept_returns_null_after_unbind()
    {
        await using var listener = await _transport.BindAsync(Anywhere);
        var waiting = listener.AcceptAsync().AsTask();
        waiting.IsCompleted.Should().BeFalse();
        await listener.UnbindAsync();
        (await waiting.OrFail("the end of the wait")).Should().BeNull();
        (await listener.AcceptAsync()).Should().BeNull();
        (await listener.AcceptAsync()).Should().BeNull();
    }

    [Test]
    public async Task Bind_to_an_address_in_use_throws_the_exception_that_Kestrel_expects()
    {
        await using var listener = await _transport.BindAsync(Anywhere);
        await _transport.Invoking(async transport => await transport.BindAsync(listener.EndPoint)).Should().ThrowAsync<AddressInUseException>();
    }

    [Test]
    public async Task Listener_waits_before_it_retries_when_no_file_descriptor_is_free()
    {
        using var listening = new Socket(SocketType.Stream, ProtocolType.Tcp);
        listening.Bind(Anywhere);
        listening.Listen();
        var attempts = 0;
        await using var listener = new SocketListener(listening, _transport)
        {
            Accept = token => ++attempts < 4 ? throw new SocketException((int)SocketError.TooManyOpenSockets) : listening.AcceptAsync(token),
        };
        using var peer = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await peer.ConnectAsync(listening.LocalEndPoint!);

        var accepting = listener.AcceptAsync().AsTask();
        for (var expected = 1; expected < 4; expected++)
        {
            await TestWait.UntilAsync(() => attempts == expected, $"attempt {expected}");
            _time.Advance(SocketListener.RetryDelay / 2);
            attempts.Should().Be(expected, "the delay is not over");
            _time.Advance(SocketListener.RetryDelay / 2);
        }

        await using var connection = await accepting.OrFail("the waiting connection");
        connection.Should().NotBeNull();
    }

    [Test]
    public async Task Listener_logs_one_line_a_minute_while_it_cannot_accept()
    {
        using var log = new RecordedLog(LogLevel.Warning);
        using var transport = MakeLoggingTransport(log);
        using var listening = new Socket(SocketType.Stream, ProtocolType.Tcp);
        listening.Bind(Anywhere);
        listening.Listen();
        var attempts = 0;
        await using var listener = new SocketListener(listening, transport)
        {
            // Every second attempt succeeds. The listener must limit its log lines also for failures that do not follow each other directly.
            Accept = token => ++attempts % 2 == 1 ? throw new SocketException((int)SocketError.TooManyOpenSockets) : listening.AcceptAsync(token),
        };
        for (var i = 0; i < 3; i++)
        {
            var expected = attempts + 1;
            var accepting = listener.AcceptAsync().AsTask();
            await TestWait.UntilAsync(() => attempts == expected, "the failed attempt");
            using var peer = await ConnectAsync(listening.LocalEndPoint!);
            _time.Advance(SocketListener.RetryDelay);
            await using var connection = await accepting.OrFail("the connection");
            if (i == 1)
                _time.Advance(SocketListener.LogInterval);
        }

        log.Lines.Should().HaveCount(2).And.OnlyContain(line => line.Contains("cannot accept connections"));
    }

    [Test]
    public async Task Listener_closes_connections_above_the_maximum_until_others_end()
    {
        using var log = new RecordedLog(LogLevel.Warning);
        using var transport = MakeLoggingTransport(log, maxConnections: 2);
        await using var listener = await transport.BindAsync(Anywhere);
        using var ann = await ConnectAsync(listener.EndPoint);
        await using var first = await AcceptAsync(listener);
        using var bob = await ConnectAsync(listener.EndPoint);
        await using var second = await AcceptAsync(listener);

        var accepting = AcceptAsync(listener);
        await ExpectEndAsync(listener.EndPoint);
        await ExpectEndAsync(listener.EndPoint);
        log.Lines.Should().ContainSingle().Which.Should().Contain("2 open connections").And.Contain("closed 1");
        _time.Advance(SocketListener.LogInterval);
        await ExpectEndAsync(listener.EndPoint);
        log.Lines.Should().HaveCount(2).And.Contain(line => line.Contains("closed 2"));
        accepting.IsCompleted.Should().BeFalse();

        // A detached connection counts until its pipe is closed.
        var detached = (IDetachablePipe)second.Transport;
        detached.Detach();
        await second.DisposeAsync();
        await ExpectEndAsync(listener.EndPoint);
        detached.Abort();
        detached.Abort();
        using var eve = await ConnectAsync(listener.EndPoint);
        await using var third = await accepting.OrFail("the connection");
        ((IPEndPoint)third.RemoteEndPoint!).Port.Should().Be(((IPEndPoint)eve.LocalEndPoint!).Port);
        var next = AcceptAsync(listener);
        await ExpectEndAsync(listener.EndPoint);
        await first.DisposeAsync();
        using var dan = await ConnectAsync(listener.EndPoint);
        await using var fourth = await next.OrFail("the connection");
    }

    [Test]
    [Platform("Linux")]
    public async Task Listener_logs_a_connection_that_the_poller_cannot_watch_and_does_not_count_it()
    {
        using var log = new RecordedLog(LogLevel.Warning);
        using var transport = MakeLoggingTransport(log, maxConnections: 1);
        using var listening = new Socket(SocketType.Stream, ProtocolType.Tcp);
        listening.Bind(Anywhere);
        listening.Listen();
        var attempts = 0;
        await using var listener = new SocketListener(listening, transport)
        {
            Accept = async token =>
            {
                var socket = await listening.AcceptAsync(token);
                // epoll rejects a socket that it watches already.
                if (++attempts < 3)
                    SocketPoller.Shared.Watch(socket.SafeHandle, new IgnoredWorkItem());
                return socket;
            },
        };
        var accepting = AcceptAsync(listener);
        await ExpectEndAsync(listener.EndPoint);
        await ExpectEndAsync(listener.EndPoint);
        using var peer = await ConnectAsync(listener.EndPoint);
        await using var connection = await accepting.OrFail("the connection");

        log.Lines.Should().ContainSingle().Which.Should().Contain("cannot watch more sockets");
    }

    [Test]
    public async Task Unbind_ends_the_retry_delay()
    {
        using var listening = new Socket(SocketType.Stream, ProtocolType.Tcp);
        listening.Bind(Anywhere);
        await using var listener = new SocketListener(listening, _transport) { Accept = _ => throw new SocketException((int)SocketError.TooManyOpenSockets) };
        var accepting = listener.AcceptAsync().AsTask();
        await listener.UnbindAsync();
        (await accepting.OrFail("the end of the wait")).Should().BeNull();
    }

    [Test]
    public async Task Listener_skips_a_connection_that_is_gone_before_it_is_accepted()
    {
        using var listening = new Socket(SocketType.Stream, ProtocolType.Tcp);
        listening.Bind(Anywhere);
        listening.Listen();
        var attempts = 0;
        await using var listener = new SocketListener(listening, _transport)
        {
            Accept = token => ++attempts < 3 ? throw new SocketException((int)SocketError.ConnectionAborted) : listening.AcceptAsync(token),
        };
        using var peer = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await peer.ConnectAsync(listening.LocalEndPoint!);
        await using var connection = await listener.AcceptAsync().AsTask().OrFail("the next connection");
        connection!.RemoteEndPoint.Should().Be(peer.LocalEndPoint);
        connection.LocalEndPoint.Should().Be(listening.LocalEndPoint);
    }

    private SocketTransport MakeLoggingTransport(RecordedLog log, int maxConnections = int.MaxValue)
    {
        var loggers = new LoggerFactory([log]);
        return SocketPair.MakeTransport(_time, maxConnections: maxConnections, logger: loggers.CreateLogger<SocketTransport>());
    }

    private static async Task<ConnectionContext> AcceptAsync(IConnectionListener listener) => (await listener.AcceptAsync())!;

    private static async Task<Socket> ConnectAsync(EndPoint endpoint)
    {
        var peer = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await peer.ConnectAsync(endpoint);
        return peer;
    }

    private static async Task ExpectEndAsync(EndPoint endpoint)
    {
        using var peer = await ConnectAsync(endpoint);
        (await peer.ReceiveAsync(new byte[1]).OrFail("the end")).Should().Be(0);
    }

    private sealed class IgnoredWorkItem : IThreadPoolWorkItem
    {
        public void Execute()
        {
        }
    }
}
