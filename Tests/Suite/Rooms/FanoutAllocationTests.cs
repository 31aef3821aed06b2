using System.IO.Pipelines;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Rooms;
using RawSocketChat.Server.Transports.WebSockets;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Rooms;

/// <summary>A delivery allocates memory for the event, but no memory for each receiving connection.</summary>
public sealed class FanoutAllocationTests
{
    [Test]
    public void Delivery_to_a_socket_allocates_nothing_per_connection()
    {
        var (one, many) = (MeasureAllocation(members: 1, () => new DirectWriter()), MeasureAllocation(members: 1000, () => new DirectWriter()));
        many.Should().Be(one);
    }

    [Test]
    public void Delivery_to_a_pipe_allocates_nothing_per_connection()
    {
        var (one, many) = (MeasureAllocation(members: 1, () => new DiscardingWriter()), MeasureAllocation(members: 1000, () => new DiscardingWriter()));
        many.Should().Be(one);
    }

    private static long MeasureAllocation(int members, Func<PipeWriter> writer)
    {
        var room = new Room("lobby", "", isPrivate: false);
        for (var i = 0; i < members; i++)
        {
            var outbox = new PipeOutbox(writer(), WebSocketEncoding.Json, 1024 * 1024, TimeProvider.System);
            room.GoLive(room.Join(new Connection("ws", "here", new ConnectionRequest(), outbox, TimeProvider.System), new Person($"u{i}", $"n{i}"), listener: null, out _));
        }

        var fanout = new Fanout(room, TimeSpan.Zero, TimeProvider.System, () => { });
        var seq = 0;
        return Allocations.MeasureLeast(() => fanout.Deliver([new EventFrame(++seq, new EncodedFrame(new byte[128]))]), runs: 20);
    }

    /// <summary>A pipe that sends all bytes directly, like the pipe of this project's socket transport.</summary>
    private sealed class DirectWriter : DiscardingWriter, IDirectSend
    {
        public bool TrySend(ReadOnlySpan<byte> bytes, out int sent)
        {
            sent = bytes.Length;
            return true;
        }
    }

    /// <summary>A pipe that accepts and discards all bytes.</summary>
    private class DiscardingWriter : PipeWriter
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
