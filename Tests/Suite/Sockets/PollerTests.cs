using System.Net;
using System.Net.Sockets;
using RawSocketChat.Server.Sockets;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Sockets;

/// <summary>When bytes arrive on a watched socket, the poller queues the work item of the socket to the thread pool. It never queues a removed work item.</summary>
public sealed class PollerTests
{
    [Test]
    public async Task Poller_queues_a_watched_work_item_and_not_a_removed_one()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var (removed, watched) = (new CountingWorkItem(), new CountingWorkItem());
        using var peer = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await peer.ConnectAsync(listener.LocalEndpoint);
        using var accepted = await listener.AcceptSocketAsync();
        using var other = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await other.ConnectAsync(listener.LocalEndpoint);
        using var otherAccepted = await listener.AcceptSocketAsync();

        SocketPoller.Shared.Remove(SocketPoller.Shared.Watch(accepted.SafeHandle, removed));
        // This work item probably gets the slot of the removed work item.
        var key = SocketPoller.Shared.Watch(otherAccepted.SafeHandle, watched);
        await peer.SendAsync("x"u8.ToArray());
        await other.SendAsync("x"u8.ToArray());

        await TestWait.UntilAsync(() => watched.Times > 0, "the watched work item to run");
        removed.Times.Should().Be(0);
        SocketPoller.Shared.Remove(key);
        SocketPoller.Shared.Remove(key);
    }

    [Test]
    public async Task Each_socket_receives_its_own_bytes_when_many_sockets_use_one_slot_in_turn()
    {
        for (var i = 0; i < 1_000; i++)
        {
            await using var pair = await SocketPair.OpenAsync();
            await pair.Peer.SendAsync(BitConverter.GetBytes(i));
            var result = await pair.Input.ReadAsync().AsTask().OrFail("the sent bytes");
            BitConverter.ToInt32(result.Buffer.FirstSpan).Should().Be(i);
            pair.Input.AdvanceTo(result.Buffer.End);
        }
    }

    [Test]
    public void Closed_socket_cannot_be_watched()
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        var handle = socket.SafeHandle;
        socket.Close();
        FluentActions.Invoking(() => SocketPoller.Shared.Watch(handle, new CountingWorkItem())).Should().Throw<ObjectDisposedException>();
    }

    private sealed class CountingWorkItem : IThreadPoolWorkItem
    {
        private int _times;

        public int Times => Volatile.Read(ref _times);

        public void Execute() => Interlocked.Increment(ref _times);
    }
}
