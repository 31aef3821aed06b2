using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Server.Sockets;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Sockets;

public sealed class ListenerTests
{
    private static readonly IPEndPoint Anywhere = new(IPAddress.Loopback, 0);

    private readonly FakeTimeProvider _time = new();
    private SocketTransport _transport = null!;

    [SetUp]
    public void MakeTransport() => _transport = SocketLine.MakeTransport(_time);

    [TearDown]
    public void DropTransport() => _transport.Dispose();

    [Test]
    public async Task Who_waits_for_a_connection_gets_null_once_it_is_unbound()
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
    public async Task An_address_in_use_is_told_as_Kestrel_expects_it()
    {
        await using var listener = await _transport.BindAsync(Anywhere);
        await _transport.Invoking(async transport => await transport.BindAsync(listener.EndPoint)).Should().ThrowAsync<AddressInUseException>();
    }

    [Test]
    public async Task While_no_file_is_left_to_open_it_waits_before_it_tries_again()
    {
        using var listening = new Socket(SocketType.Stream, ProtocolType.Tcp);
        listening.Bind(Anywhere);
        listening.Listen();
        var tries = 0;
        await using var listener = new SocketListener(listening, _transport)
        {
            Accept = token => ++tries < 4 ? throw new SocketException((int)SocketError.TooManyOpenSockets) : listening.AcceptAsync(token),
        };
        using var peer = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await peer.ConnectAsync(listening.LocalEndPoint!);

        var accepting = listener.AcceptAsync().AsTask();
        for (var expected = 1; expected < 4; expected++)
        {
            await Patience.UntilAsync(() => tries == expected, $"try {expected}");
            _time.Advance(SocketListener.Pause / 2);
            tries.Should().Be(expected, "the pause is not over");
            _time.Advance(SocketListener.Pause / 2);
        }

        await using var connection = await accepting.OrFail("the connection that waited");
        connection.Should().NotBeNull();
    }

    [Test]
    public async Task A_pause_ends_when_it_is_unbound()
    {
        using var listening = new Socket(SocketType.Stream, ProtocolType.Tcp);
        listening.Bind(Anywhere);
        await using var listener = new SocketListener(listening, _transport) { Accept = _ => throw new SocketException((int)SocketError.TooManyOpenSockets) };
        var accepting = listener.AcceptAsync().AsTask();
        await listener.UnbindAsync();
        (await accepting.OrFail("the end of the wait")).Should().BeNull();
    }

    [Test]
    public async Task A_connection_that_is_gone_before_its_turn_is_passed_over()
    {
        using var listening = new Socket(SocketType.Stream, ProtocolType.Tcp);
        listening.Bind(Anywhere);
        listening.Listen();
        var tries = 0;
        await using var listener = new SocketListener(listening, _transport)
        {
            Accept = token => ++tries < 3 ? throw new SocketException((int)SocketError.ConnectionAborted) : listening.AcceptAsync(token),
        };
        using var peer = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await peer.ConnectAsync(listening.LocalEndPoint!);
        await using var connection = await listener.AcceptAsync().AsTask().OrFail("the one that is there");
        connection!.RemoteEndPoint.Should().Be(peer.LocalEndPoint);
        connection.LocalEndPoint.Should().Be(listening.LocalEndPoint);
    }
}
