using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Sockets;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Sockets;

/// <summary>
/// The tests write with a mix of all write methods, to peers that read slowly or not at all. For a longer run:
/// <code>RSC_SOCKETS_MEGABYTES=40 Tests/run Sockets</code>
/// </summary>
[TestFixture(true)]
[TestFixture(false)]
[Category(Categories.Slow)] // sends random data for seconds
public sealed class StressTests(bool isPolled)
{
    private static readonly int Megabytes = int.TryParse(Environment.GetEnvironmentVariable("RSC_SOCKETS_MEGABYTES"), CultureInfo.InvariantCulture, out var given) ? given : 4;

    [Test]
    public async Task All_bytes_arrive_in_order_with_any_mix_of_write_methods()
    {
        var pairs = new List<SocketPair>();
        for (var i = 0; i < 5; i++)
            pairs.Add(await SocketPair.OpenAsync(isPolled: isPolled));
        try
        {
            await Task.WhenAll(pairs.SelectMany((pair, seed) => (Task[])[Task.Run(() => WriteAsync(pair.Output, seed)), Task.Run(() => CheckAsync(pair, seed))]));
        }
        finally
        {
            foreach (var pair in pairs)
                await pair.DisposeAsync();
        }
    }

    [Test]
    public async Task Frames_of_many_senders_to_one_outbox_arrive_complete_and_in_order()
    {
        const int Senders = 4, Frames = 3_000;
        await using var pair = await SocketPair.OpenAsync(isPolled: isPolled);
        var outbox = new PipeOutbox(pair.Output, PlainEncoding.Instance, limitBytes: 100_000_000, TimeProvider.System);
        var sending = Task.WhenAll(Enumerable.Range(0, Senders).Select(sender => Task.Run(() =>
        {
            for (var i = 0; i < Frames; i++)
                outbox.SendBytes(Encoding.ASCII.GetBytes($"{sender}:{i}:{new string('x', i * 7 % 900)};")).Should().Be(SendResult.Accepted);
        })));
        await sending.OrFail("the senders, which never block");
        var drained = outbox.WaitForDrainAsync().AsTask();

        var next = new int[Senders];
        var text = "";
        while (next.Sum() < Senders * Frames)
        {
            text += Encoding.ASCII.GetString(await pair.ReceiveAsync(1));
            text += Encoding.ASCII.GetString(pair.Peer.Available > 0 ? await pair.ReceiveAsync(pair.Peer.Available) : []);
            var frames = text.Split(';');
            text = frames[^1];
            foreach (var frame in frames[..^1].Select(frame => frame.Split(':')))
            {
                var (sender, number) = (int.Parse(frame[0], CultureInfo.InvariantCulture), int.Parse(frame[1], CultureInfo.InvariantCulture));
                number.Should().Be(next[sender]++);
                frame[2].Should().HaveLength(number * 7 % 900);
            }
        }

        (await drained.OrFail("the outbox to drain")).Should().BeTrue();
    }

    [Test]
    public async Task Direct_send_never_overtakes_waiting_bytes_below_the_pause_threshold()
    {
        const int Frames = 60_000, FrameBytes = 400;
        await using var pair = await SocketPair.OpenAsync(isPolled: isPolled);
        var (frame, written, received) = (new byte[FrameBytes], 0L, 0L);
        while (Send().IsCompleted)
        {
        }

        // The loop below waits before each frame until at most maxInFlight bytes are on their way to the peer. So some bytes always wait in
        // the output, but too few to make a flush wait.
        var maxInFlight = written - (SocketOutput.PauseBytes / 2);
        var checking = Task.Run(CheckAsync);
        while (written < (long)Frames * FrameBytes && !checking.IsCompleted)
        {
            while (written - Volatile.Read(ref received) > maxInFlight && !checking.IsCompleted)
                Thread.SpinWait(1);
            await Task.WhenAny(Send(), checking);
        }

        await checking.OrFail("all frames");

        Task Send()
        {
            BinaryPrimitives.WriteInt32LittleEndian(frame, (int)(written / FrameBytes));
            written += FrameBytes;
            pair.Output.TrySend(frame, out var sent).Should().BeTrue();
            pair.Output.Write(frame.AsSpan(sent));
            return pair.Output.FlushAsync().AsTask();
        }

        async Task CheckAsync()
        {
            var (buffer, held) = (new byte[16 * FrameBytes], 0);
            for (var next = 0; next < Frames;)
            {
                var count = await pair.Peer.ReceiveAsync(buffer.AsMemory(held));
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
    public async Task Peers_that_read_nothing_use_bounded_memory_and_delay_no_other_peer()
    {
        const int Limit = 300_000;
        var frame = new byte[9_000];
        var stalled = new List<(SocketPair Pair, PipeOutbox Outbox)>();
        for (var i = 0; i < 20; i++)
            stalled.Add(Make(await SocketPair.OpenAsync(isPolled: isPolled)));
        var (reading, live) = Make(await SocketPair.OpenAsync(isPolled: isPolled));
        try
        {
            for (var i = 0; i < 200; i++)
            {
                foreach (var (_, outbox) in stalled)
                    outbox.SendBytes(frame);
                live.SendBytes(frame).Should().Be(SendResult.Accepted);
                await reading.ReceiveAsync(frame.Length);
            }

            foreach (var (pair, outbox) in stalled)
            {
                outbox.SendBytes(frame).Should().Be(SendResult.Overflow);
                outbox.QueuedBytes.Should().BeInRange(Limit - frame.Length, Limit);
                pair.Output.WaitingBytes.Should().BeInRange(SocketOutput.PauseBytes, SocketOutput.PauseBytes + frame.Length);
            }

            live.QueuedBytes.Should().Be(0);
        }
        finally
        {
            await reading.DisposeAsync();
            foreach (var (pair, _) in stalled)
                await pair.DisposeAsync();
        }

        static (SocketPair Pair, PipeOutbox Outbox) Make(SocketPair pair) => (pair, new PipeOutbox(pair.Output, PlainEncoding.Instance, Limit, TimeProvider.System));
    }

    [Test]
    public async Task Huge_frame_is_copied_in_parts_and_no_other_bytes_come_between_the_parts()
    {
        await using var pair = await SocketPair.OpenAsync(isPolled: isPolled);
        var outbox = new PipeOutbox(pair.Output, PlainEncoding.Instance, limitBytes: 1_000, TimeProvider.System);
        var huge = new byte[3_000_000];
        Array.Fill(huge, (byte)'h');
        outbox.SendBytes(huge).Should().Be(SendResult.Accepted);
        pair.Output.WaitingBytes.Should().BeLessThanOrEqualTo(2 * SocketOutput.PauseBytes);
        outbox.SendBytes("later"u8.ToArray()).Should().Be(SendResult.Accepted);
        outbox.SendFirst(new EncodedFrame("notice"u8.ToArray()));

        var received = await pair.ReceiveAsync(huge.Length + 11);
        received.AsSpan(0, huge.Length).IndexOfAnyExcept((byte)'h').Should().Be(-1);
        Encoding.ASCII.GetString(received.AsSpan(huge.Length)).Should().Be("noticelater");
    }

    [Test]
    public async Task Delivery_allocates_nothing()
    {
        await using var pair = await SocketPair.OpenAsync(isPolled: isPolled);
        var outbox = new PipeOutbox(pair.Output, PlainEncoding.Instance, limitBytes: 1_000_000, TimeProvider.System);
        var frame = new EncodedFrame(new byte[300]);
        var buffer = new byte[300];
        Allocations.MeasureLeast(Deliver).Should().Be(0);

        void Deliver()
        {
            for (var i = 0; i < 1_000; i++)
            {
                outbox.Send(frame);
                for (var received = 0; received < 300;)
                    received += pair.Peer.Receive(buffer);
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
                bytes[i] = HttpApp.GetByteAt(place + i);
            place += length;
            switch (random.Next(4))
            {
                case 0:
                    await output.WriteAsync(bytes);
                    break;
                case 1:
                    // Bytes accumulate until a flush waits.
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

    private static async Task CheckAsync(SocketPair pair, int seed)
    {
        var (random, place, buffer) = (new Random(seed), 0L, new byte[50_000]);
        while (await pair.Peer.ReceiveAsync(buffer.AsMemory(0, random.Next(1, buffer.Length))).AsTask().OrFail($"more than {place} bytes") is > 0 and var received)
        {
            for (var i = 0; i < received; i++)
            {
                if (buffer[i] != HttpApp.GetByteAt(place + i))
                    Assert.Fail($"pair {seed}: the byte at {place + i} is wrong");
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

        public override ReadOnlyMemory<byte> Encode(EncodedFrame frame) => frame.Payload;
    }
}
