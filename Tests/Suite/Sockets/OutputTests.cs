using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using RawSocketChat.Server.Sockets;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Sockets;

public sealed class OutputTests
{
    private SocketPair _pair = null!;

    private SocketOutput Output => _pair.Output;

    [SetUp]
    public async Task Open() => _pair = await SocketPair.OpenAsync();

    [TearDown]
    public async Task Drop() => await _pair.DisposeAsync();

    [Test]
    public async Task Bytes_that_the_socket_accepts_are_sent_immediately()
    {
        Output.TrySend("one"u8, out var sent).Should().BeTrue();
        sent.Should().Be(3);
        await Output.WriteAsync("two"u8.ToArray());
        Output.Write("three"u8);
        (await Output.FlushAsync()).Should().Be(new FlushResult(isCanceled: false, isCompleted: false));
        Output.WaitingBytes.Should().Be(0);
        Encoding.ASCII.GetString(await _pair.ReceiveAsync(11)).Should().Be("onetwothree");
    }

    [Test]
    public void Direct_send_keeps_none_of_the_bytes_that_the_socket_does_not_accept()
    {
        var frame = new byte[100_000];
        int sent;
        do
            Output.TrySend(frame, out sent).Should().BeTrue();
        while (sent == frame.Length);
        Output.WaitingBytes.Should().Be(0);
        Output.UnflushedBytes.Should().Be(0);
    }

    [Test]
    public async Task Direct_send_never_overtakes_waiting_or_unflushed_bytes()
    {
        Output.Write("first"u8);
        Output.TrySend("second"u8, out var sent).Should().BeTrue();
        sent.Should().Be(0, "the first bytes are not flushed yet");
        await Output.FlushAsync();

        var (written, flush) = await _pair.FillAsync();
        Output.TrySend("second"u8, out sent).Should().BeTrue();
        sent.Should().Be(0, "bytes wait");

        var received = await _pair.ReceiveAsync(5 + written);
        Encoding.ASCII.GetString(received, 0, 5).Should().Be("first");
        await flush.OrFail("the flush");
    }

    [Test]
    public async Task Flush_waits_above_the_pause_threshold_and_completes_at_half_of_the_threshold()
    {
        var (written, flush) = await _pair.FillAsync();
        Output.WaitingBytes.Should().BeInRange(SocketOutput.PauseBytes, SocketOutput.PauseBytes + 1000);
        flush.IsCompleted.Should().BeFalse();

        var taken = 0L;
        while (!flush.IsCompleted)
        {
            Output.WaitingBytes.Should().BePositive();
            taken += (await _pair.ReceiveAsync(Math.Min(1000, written - taken))).Length;
        }

        (await flush).IsCompleted.Should().BeFalse();
        Output.WaitingBytes.Should().BeLessThanOrEqualTo(SocketOutput.ResumeBytes);
        (await _pair.ReceiveAsync(written - taken)).Should().OnlyContain(letter => letter == 'x');
    }

    [Test]
    public async Task No_byte_is_lost_when_a_pending_send_ends_before_its_flush_is_awaited()
    {
        // The peer reads at the same time, so sends end at different moments. Some sends end just after their start.
        const int Length = 20_000, Times = 400;
        var receiving = Task.Run(() => _pair.ReceiveAsync(Length * Times));
        for (var i = 0; i < Times; i++)
        {
            var part = new byte[Length];
            Array.Fill(part, (byte)i);
            Output.Write(part);
            (await Output.FlushAsync().AsTask().OrFail("the flush")).IsCompleted.Should().BeFalse();
        }

        var received = await receiving;
        for (var i = 0; i < Times; i++)
            received.AsSpan(i * Length, Length).IndexOfAnyExcept((byte)i).Should().Be(-1, $"part {i} is complete and at its position");
    }

    [Test]
    public async Task Long_write_never_has_more_waiting_bytes_than_the_pause_threshold()
    {
        var source = new byte[5_000_000];
        Random.Shared.NextBytes(source);
        var write = Output.WriteAsync(source).AsTask();
        write.IsCompleted.Should().BeFalse();
        var received = new List<byte>();
        while (received.Count < source.Length)
        {
            Output.WaitingBytes.Should().BeLessThanOrEqualTo(SocketOutput.PauseBytes);
            received.AddRange(await _pair.ReceiveAsync(Math.Min(500_000, source.Length - received.Count)));
        }

        (await write.OrFail("the write")).IsCompleted.Should().BeFalse();
        received.Should().Equal(source);
    }

    [Test]
    public void Small_waiting_writes_share_a_block()
    {
        var waiting = default(BlockChain);
        for (var i = 0; i < 100; i++)
        {
            var one = default(BlockChain);
            var block = Block.Rent(4096);
            one.Add(block);
            block.Free.Span[..10].Fill((byte)i);
            block.Advance(10);
            waiting.MoveFrom(ref one);
        }

        waiting.First.Should().BeSameAs(waiting.Last);
        waiting.First!.Length.Should().Be(1000);
        waiting.Consume(995);
        waiting.First!.Slice(waiting.Start).Should().Equal(99, 99, 99, 99, 99);
        waiting.Consume(5);
        waiting.IsEmpty.Should().BeTrue();
    }

    [Test]
    public async Task Output_counts_its_unflushed_bytes_as_the_JSON_serializer_requires()
    {
        Output.CanGetUnflushedBytes.Should().BeTrue();
        Output.Write("12345"u8);
        Output.UnflushedBytes.Should().Be(5);
        await Output.FlushAsync();
        Output.UnflushedBytes.Should().Be(0);
        await _pair.ReceiveAsync(5);

        var numbers = Enumerable.Range(0, 20_000).ToArray();
        var serializing = JsonSerializer.SerializeAsync(Output, numbers);
        var expected = JsonSerializer.SerializeToUtf8Bytes(numbers);
        (await _pair.ReceiveAsync(expected.Length)).Should().Equal(expected);
        await serializing.OrFail("the serializer");
    }

    [Test]
    public async Task Flush_to_a_lost_peer_returns_a_completed_result_and_never_throws()
    {
        var (_, waiting) = await _pair.FillAsync();
        await _pair.ResetFromPeerAsync();
        (await waiting.OrFail("the waiting flush")).IsCompleted.Should().BeTrue();
        // The output drops the waiting bytes when the pending send has ended.
        await TestWait.UntilAsync(() => Output.WaitingBytes == 0, "the waiting bytes to be dropped");

        Output.Write("more"u8);
        (await Output.FlushAsync()).IsCompleted.Should().BeTrue();
        (await Output.WriteAsync(new byte[200_000])).IsCompleted.Should().BeTrue();
        Output.TrySend("more"u8, out var sent).Should().BeFalse();
        sent.Should().Be(0);
        Output.UnflushedBytes.Should().Be(0);
    }

    [Test]
    public async Task Direct_send_detects_a_lost_peer()
    {
        await _pair.ResetFromPeerAsync();
        await TestWait.UntilAsync(() => !Output.TrySend("more"u8, out _), "a send to fail");
        await _pair.Closed.OrFail("the end of the connection");
        await _pair.Invoking(async pair => await pair.Input.ReadAsync()).Should().ThrowAsync<IOException>();
    }

    // Linux reports a reset to one system call only. In this test a send gets the error, and the input then receives 0 bytes.
    [Test]
    [Platform("Linux")]
    public async Task Input_ends_with_an_error_after_a_send_has_detected_a_reset()
    {
        // Fill the read-ahead buffer, so that the input stops receiving and cannot get the error first.
        var sending = Task.Run(() => _pair.Peer.Send(new byte[SocketInput.ReadAheadBytes]));
        await TestWait.UntilAsync(() => _pair.Input.BufferedBytes >= SocketInput.ReadAheadBytes, "the bytes of the peer");
        await sending;
        await _pair.ResetFromPeerAsync();
        SocketException? detected = null;
        await TestWait.UntilAsync(() => (detected = TrySendPastOutput()) is not null, "a send to fail");
        detected!.SocketErrorCode.Should().Be(SocketError.ConnectionReset);

        var buffered = await _pair.Input.ReadAsync();
        _pair.Input.AdvanceTo(buffered.Buffer.End);
        _pair.Input.HasEnded.Should().BeTrue("the input has received 0 bytes");

        _pair.Connection.Pipe.OnOutputFailed(SocketPipe.CreateException(detected.SocketErrorCode));
        _pair.Input.HasEnded.Should().BeFalse();
        await _pair.Invoking(async pair => await pair.Input.ReadAsync()).Should().ThrowAsync<IOException>();

        SocketException? TrySendPastOutput()
        {
            try
            {
                _pair.Connection.Socket.Send("more"u8);
                return null;
            }
            catch (SocketException fault)
            {
                return fault;
            }
        }
    }

    [Test]
    public async Task Waiting_flush_can_be_canceled_and_the_waiting_bytes_are_still_sent()
    {
        var (written, flush) = await _pair.FillAsync();
        Output.CancelPendingFlush();
        (await flush.OrFail("the flush")).IsCanceled.Should().BeTrue();

        using var cancellation = new CancellationTokenSource();
        var byToken = Output.FlushAsync(cancellation.Token).AsTask();
        byToken.IsCompleted.Should().BeFalse();
        await cancellation.CancelAsync();
        await byToken.Invoking(task => task).Should().ThrowAsync<OperationCanceledException>();
        (await _pair.ReceiveAsync(written)).Should().HaveCount((int)written);

        Output.CancelPendingFlush();
        (await Output.FlushAsync()).IsCanceled.Should().BeTrue("a cancel without a waiting flush cancels the next flush");
        (await Output.FlushAsync()).IsCanceled.Should().BeFalse();
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task Long_write_is_sent_completely_even_if_it_is_canceled(bool byToken)
    {
        var source = new byte[500_000];
        Random.Shared.NextBytes(source);
        using var cancellation = new CancellationTokenSource();
        var write = Output.WriteAsync(source, cancellation.Token).AsTask();
        write.IsCompleted.Should().BeFalse();

        if (byToken)
        {
            await cancellation.CancelAsync();
            await write.Invoking(task => task.OrFail("the write")).Should().ThrowAsync<OperationCanceledException>();
        }
        else
        {
            Output.CancelPendingFlush();
            (await write.OrFail("the write")).IsCanceled.Should().BeTrue();
        }

        (await _pair.ReceiveAsync(source.Length)).Should().Equal(source);
    }

    [Test]
    public async Task Waiting_flush_ends_when_the_writer_completes_and_the_waiting_bytes_are_still_sent()
    {
        var (written, flush) = await _pair.FillUnawaitedAsync();
        Output.Complete();
        // Complete must end the flush immediately. If the flush waited until a further send ends, it might wait forever, because the peer may
        // read nothing.
        flush.IsCompleted.Should().BeTrue();
        (await flush).IsCompleted.Should().BeTrue();
        (await _pair.ReceiveAsync()).Should().HaveCount((int)written);
    }

    [Test]
    public void Lent_memory_does_not_return_to_the_pool_when_the_writer_completes()
    {
        var held = Output.GetMemory();
        MemoryMarshal.TryGetArray<byte>(held, out var mine).Should().BeTrue();
        Output.Complete();
        MemoryMarshal.TryGetArray<byte>(Block.Rent(held.Length).Free, out var next).Should().BeTrue();
        next.Array.Should().NotBeSameAs(mine.Array);
        Output.Invoking(output => output.Advance(10)).Should().NotThrow();
        Output.Invoking(output => output.GetMemory()).Should().Throw<InvalidOperationException>();
    }
}
