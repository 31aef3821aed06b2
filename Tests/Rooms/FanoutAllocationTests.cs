using System.IO.Pipelines;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Rooms;
using RawSocketChat.Server.Transports.WebSockets;

namespace RawSocketChat.Tests.Rooms;

/// <summary>What an event costs is its own; that one member more gets it costs no memory.</summary>
public sealed class FanoutAllocationTests
{
    [Test]
    public void Nothing_is_allocated_for_a_delivery_to_the_socket()
    {
        var (one, many) = (Allocated(members: 1, () => new Direct()), Allocated(members: 1000, () => new Direct()));
        many.Should().Be(one);
    }

    [Test]
    public void Nothing_is_allocated_for_a_delivery_to_a_pipe()
    {
        var (one, many) = (Allocated(members: 1, () => new Indirect()), Allocated(members: 1000, () => new Indirect()));
        many.Should().Be(one);
    }

    private static long Allocated(int members, Func<PipeWriter> writer)
    {
        var room = new Room("lobby", "", null, false);
        for (var i = 0; i < members; i++)
        {
            var outbox = new PipeOutbox(writer(), WebSocketEncoding.Json, 1024 * 1024, TimeProvider.System);
            room.GoLive(room.Enter(new Connection("ws", "here", new ConnectionRequest(), outbox, TimeProvider.System), new Person($"u{i}", $"n{i}"), out _));
        }

        var fanout = new Fanout(room, TimeSpan.Zero, TimeProvider.System, () => { });
        var least = long.MaxValue;
        for (var round = 1; round <= 20; round++)
        {
            List<EventFrame> events = [new EventFrame(round, new OutboundFrame(new byte[128]))];
            var before = GC.GetAllocatedBytesForCurrentThread();
            fanout.Deliver(events);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }

    /// <summary>As the transport of our own: what is given to it has gone.</summary>
    private sealed class Direct : Indirect, IDirectSend
    {
        public bool TrySend(ReadOnlySpan<byte> bytes, out int sent)
        {
            sent = bytes.Length;
            return true;
        }
    }

    /// <summary>As any pipe that takes everything.</summary>
    private class Indirect : PipeWriter
    {
        private static readonly byte[] Memory = new byte[4096];

        public override void Advance(int bytes)
        {
        }

        public override Memory<byte> GetMemory(int sizeHint = 0) => Memory;

        public override Span<byte> GetSpan(int sizeHint = 0) => Memory;

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => new(default(FlushResult));

        public override void CancelPendingFlush()
        {
        }

        public override void Complete(Exception? exception = null)
        {
        }
    }
}
