using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Sockets;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Sockets;

/// <summary>
/// Every way to write, mixed, against peers that read slowly or not at all. For more of it:
/// <code>RSC_SOCKETS_MEGABYTES=40 Tests/run Sockets</code>
/// </summary>
[TestFixture(true)]
[TestFixture(false)]
public sealed class StressTests(bool isPolled)
{
    private static readonly int Megabytes = int.TryParse(Environment.GetEnvironmentVariable("RSC_SOCKETS_MEGABYTES"), CultureInfo.InvariantCulture, out var given) ? given : 4;

    [Test]
    public async Task Every_byte_comes_in_order_whichever_way_it_was_written()
    {
        var lines = new List<SocketLine>();
        for (var i = 0; i < 5; i++)
            lines.Add(await SocketLine.OpenAsync(isPolled: isPolled));
        try
        {
            await Task.WhenAll(lines.SelectMany((line, seed) => (Task[])[Task.Run(() => WriteAsync(line.Output, seed)), Task.Run(() => CheckAsync(line, seed))]));
        }
        finally
        {
            foreach (var line in lines)
                await line.DisposeAsync();
        }
    }

    [Test]
    public async Task Many_senders_of_one_outbox_keep_their_frames_whole_and_in_order()
    {
        const int Senders = 4, Frames = 3_000;
        await using var line = await SocketLine.OpenAsync(isPolled: isPolled);
        var outbox = new PipeOutbox(line.Output, PlainEncoding.Instance, limitBytes: 100_000_000, TimeProvider.System);
        var sending = Task.WhenAll(Enumerable.Range(0, Senders).Select(sender => Task.Run(() =>
        {
            for (var i = 0; i < Frames; i++)
                outbox.SendWire(Encoding.ASCII.GetBytes($"{sender}:{i}:{new string('x', i * 7 % 900)};")).Should().Be(SendResult.Accepted);
        })));
        await sending.OrFail("the senders, who never block");
        var drained = outbox.DrainedAsync().AsTask();

        var next = new int[Senders];
        var text = "";
        while (next.Sum() < Senders * Frames)
        {
            text += Encoding.ASCII.GetString(await line.ReceiveAsync(1));
            text += Encoding.ASCII.GetString(line.Peer.Available > 0 ? await line.ReceiveAsync(line.Peer.Available) : []);
            var frames = text.Split(';');
            text = frames[^1];
            foreach (var frame in frames[..^1].Select(frame => frame.Split(':')))
            {
                var (sender, number) = (int.Parse(frame[0], CultureInfo.InvariantCulture), int.Parse(frame[1], CultureInfo.InvariantCulture));
                number.Should().Be(next[sender]++);
                frame[2].Should().HaveLength(number * 7 % 900);
            }
        }

        (await drained.OrFail("the outbox to be empty")).Should().BeTrue();
    }

    [Test]
    public async Task What_is_ready_never_overtakes_what_still_waits_below_the_bound()
    {
        const int Frames = 60_000, FrameBytes = 400;
        await using var line = await SocketLine.OpenAsync(isPolled: isPolled);
        var (frame, written, received) = (new byte[FrameBytes], 0L, 0L);
        while (Send().IsCompleted)
        {
        }

        // From here on so much is under way that something always waits, and a flush does not; who waits for the peer's reading looks at nothing else.
        var most = written - (SocketOutput.PauseBytes / 2);
        var checking = Task.Run(CheckAsync);
        while (written < (long)Frames * FrameBytes && !checking.IsCompleted)
        {
            while (written - Volatile.Read(ref received) > most && !checking.IsCompleted)
                Thread.SpinWait(1);
            await Task.WhenAny(Send(), checking);
        }

        await checking.OrFail("all frames");

        Task Send()
        {
            BinaryPrimitives.WriteInt32LittleEndian(frame, (int)(written / FrameBytes));
            written += FrameBytes;
            line.Output.TrySend(frame, out var sent).Should().BeTrue();
            line.Output.Write(frame.AsSpan(sent));
            return line.Output.FlushAsync().AsTask();
        }

        async Task CheckAsync()
        {
            var (buffer, held) = (new byte[16 * FrameBytes], 0);
            for (var next = 0; next < Frames;)
            {
                var count = await line.Peer.ReceiveAsync(buffer.AsMemory(held));
                Volatile.Write(ref received, received + count);
                held += count;
                var whole = held / FrameBytes;
                for (var i = 0; i < whole; i++)
                    BinaryPrimitives.ReadInt32LittleEndian(buffer.AsSpan(i * FrameBytes)).Should().Be(next++);
                held -= whole * FrameBytes;
                buffer.AsSpan(whole * FrameBytes, held).CopyTo(buffer);
            }
        }
    }

    [Test]
    public async Task Peers_that_read_nothing_cost_a_bounded_amount_and_hold_nobody_up()
    {
        const int Limit = 300_000;
        var frame = new byte[9_000];
        var stalled = new List<(SocketLine Line, PipeOutbox Outbox)>();
        for (var i = 0; i < 20; i++)
            stalled.Add(Make(await SocketLine.OpenAsync(isPolled: isPolled)));
        var (reading, live) = Make(await SocketLine.OpenAsync(isPolled: isPolled));
        try
        {
            for (var i = 0; i < 200; i++)
            {
                foreach (var (_, outbox) in stalled)
                    outbox.SendWire(frame);
                live.SendWire(frame).Should().Be(SendResult.Accepted);
                await reading.ReceiveAsync(frame.Length);
            }

            foreach (var (line, outbox) in stalled)
            {
                outbox.SendWire(frame).Should().Be(SendResult.Overflow);
                outbox.QueuedBytes.Should().BeInRange(Limit - frame.Length, Limit);
                line.Output.WaitingBytes.Should().BeInRange(SocketOutput.PauseBytes, SocketOutput.PauseBytes + frame.Length);
            }

            live.QueuedBytes.Should().Be(0);
        }
        finally
        {
            await reading.DisposeAsync();
            foreach (var (line, _) in stalled)
                await line.DisposeAsync();
        }

        static (SocketLine Line, PipeOutbox Outbox) Make(SocketLine line) => (line, new PipeOutbox(line.Output, PlainEncoding.Instance, Limit, TimeProvider.System));
    }

    [Test]
    public async Task One_huge_frame_is_copied_in_parts_and_nothing_comes_into_the_middle_of_it()
    {
        await using var line = await SocketLine.OpenAsync(isPolled: isPolled);
        var outbox = new PipeOutbox(line.Output, PlainEncoding.Instance, limitBytes: 1_000, TimeProvider.System);
        var huge = new byte[3_000_000];
        Array.Fill(huge, (byte)'h');
        outbox.SendWire(huge).Should().Be(SendResult.Accepted);
        line.Output.WaitingBytes.Should().BeLessThanOrEqualTo(2 * SocketOutput.PauseBytes);
        outbox.SendWire("later"u8.ToArray()).Should().Be(SendResult.Accepted);
        outbox.SendFirst(new OutboundFrame("notice"u8.ToArray()));

        var received = await line.ReceiveAsync(huge.Length + 11);
        received.AsSpan(0, huge.Length).IndexOfAnyExcept((byte)'h').Should().Be(-1);
        Encoding.ASCII.GetString(received.AsSpan(huge.Length)).Should().Be("noticelater");
    }

    [Test]
    public async Task A_delivery_allocates_nothing()
    {
        await using var line = await SocketLine.OpenAsync(isPolled: isPolled);
        var outbox = new PipeOutbox(line.Output, PlainEncoding.Instance, limitBytes: 1_000_000, TimeProvider.System);
        var frame = new OutboundFrame(new byte[300]);
        var buffer = new byte[300];
        Deliver(100);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Deliver(10_000);
        (GC.GetAllocatedBytesForCurrentThread() - before).Should().Be(0);

        void Deliver(int times)
        {
            for (var i = 0; i < times; i++)
            {
                outbox.Send(frame);
                for (var received = 0; received < 300;)
                    received += line.Peer.Receive(buffer);
            }
        }
    }

    private static async Task WriteAsync(SocketOutput output, int seed)
    {
        var (random, place, end) = (new Random(seed), 0L, Megabytes * 1_000_000L);
        while (place < end)
        {
            var length = random.Next(3) switch { 0 => random.Next(1, 200), 1 => random.Next(1, 20_000), _ => random.Next(1, 200_000) };
            var bytes = new byte[length];
            for (var i = 0; i < length; i++)
                bytes[i] = HttpApp.At(place + i);
            place += length;
            switch (random.Next(4))
            {
                case 0:
                    await output.WriteAsync(bytes);
                    break;
                case 1:
                    // Not awaited at each write: more and more waits, until a flush does.
                    output.Write(bytes);
                    await output.FlushAsync();
                    break;
                case 2:
                    bytes.AsSpan(0, length / 2).CopyTo(output.GetSpan(length));
                    output.Advance(length / 2);
                    output.Write(bytes.AsSpan(length / 2));
                    await output.FlushAsync();
                    break;
                default:
                    output.TrySend(bytes, out var sent).Should().BeTrue();
                    output.Write(bytes.AsSpan(sent));
                    await output.FlushAsync();
                    break;
            }
        }

        await output.CompleteAsync();
    }

    private static async Task CheckAsync(SocketLine line, int seed)
    {
        var (random, place, buffer) = (new Random(seed), 0L, new byte[50_000]);
        while (await line.Peer.ReceiveAsync(buffer.AsMemory(0, random.Next(1, buffer.Length))).AsTask().OrFail($"more than {place} bytes") is > 0 and var received)
        {
            for (var i = 0; i < received; i++)
            {
                if (buffer[i] != HttpApp.At(place + i))
                    Assert.Fail($"line {seed}: the byte at {place + i} is another one's");
            }

            place += received;
            if (random.Next(8) == 0)
                await Task.Yield();
        }

        place.Should().BeGreaterThanOrEqualTo(Megabytes * 1_000_000L);
    }

    private sealed class PlainEncoding : WireEncoding
    {
        public static readonly PlainEncoding Instance = new();

        public override ReadOnlyMemory<byte> Encode(OutboundFrame frame) => frame.Payload;
    }
}
