using System.Net;
using System.Net.Sockets;
using RawSocketChat.Server.Sockets;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Sockets;

/// <summary>Who waits for a socket is told once something comes; who was removed never is.</summary>
public sealed class PollerTests
{
    [Test]
    public async Task What_comes_is_told_and_after_the_removal_is_not()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var (removed, watched) = (new Told(), new Told());
        using var peer = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await peer.ConnectAsync(listener.LocalEndpoint);
        using var accepted = await listener.AcceptSocketAsync();
        using var other = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await other.ConnectAsync(listener.LocalEndpoint);
        using var otherAccepted = await listener.AcceptSocketAsync();

        SocketPoller.Shared.Remove(SocketPoller.Shared.Watch(accepted.SafeHandle, removed));
        // Most likely this has the place that the other one had.
        var place = SocketPoller.Shared.Watch(otherAccepted.SafeHandle, watched);
        await peer.SendAsync("x"u8.ToArray());
        await other.SendAsync("x"u8.ToArray());

        await Patience.UntilAsync(() => watched.Times > 0, "to be told");
        removed.Times.Should().Be(0);
        SocketPoller.Shared.Remove(place);
        SocketPoller.Shared.Remove(place);
    }

    [Test]
    public async Task A_thousand_sockets_in_one_place_after_the_other_each_hear_their_own()
    {
        for (var i = 0; i < 1_000; i++)
        {
            await using var line = await SocketLine.OpenAsync();
            await line.Peer.SendAsync(BitConverter.GetBytes(i));
            var result = await line.Input.ReadAsync().AsTask().OrFail("what was sent");
            BitConverter.ToInt32(result.Buffer.FirstSpan).Should().Be(i);
            line.Input.AdvanceTo(result.Buffer.End);
        }
    }

    [Test]
    public void A_socket_that_is_closed_cannot_be_watched()
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        var handle = socket.SafeHandle;
        socket.Close();
        FluentActions.Invoking(() => SocketPoller.Shared.Watch(handle, new Told())).Should().Throw<ObjectDisposedException>();
    }

    private sealed class Told : IThreadPoolWorkItem
    {
        private int _times;

        public int Times => Volatile.Read(ref _times);

        public void Execute() => Interlocked.Increment(ref _times);
    }
}
