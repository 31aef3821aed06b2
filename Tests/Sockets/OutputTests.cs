using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using RawSocketChat.Server.Sockets;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Sockets;

public sealed class OutputTests
{
    private SocketLine _line = null!;

    private SocketOutput Output => _line.Output;

    [SetUp]
    public async Task Open() => _line = await SocketLine.OpenAsync();

    [TearDown]
    public async Task Drop() => await _line.DisposeAsync();

    [Test]
    public async Task What_the_socket_takes_goes_at_once_and_nothing_waits()
    {
        Output.TrySend("one"u8, out var sent).Should().BeTrue();
        sent.Should().Be(3);
        await Output.WriteAsync("two"u8.ToArray());
        Output.Write("three"u8);
        (await Output.FlushAsync()).Should().Be(new FlushResult(isCanceled: false, isCompleted: false));
        Output.WaitingBytes.Should().Be(0);
        Encoding.ASCII.GetString(await _line.ReceiveAsync(11)).Should().Be("onetwothree");
    }

    [Test]
    public void What_the_socket_does_not_take_of_a_ready_frame_stays_its_owners()
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
    public async Task A_ready_frame_never_overtakes_what_waits_or_is_not_flushed()
    {
        Output.Write("first"u8);
        Output.TrySend("second"u8, out var sent).Should().BeTrue();
        sent.Should().Be(0, "the first is not flushed yet");
        await Output.FlushAsync();

        var (written, flush) = await _line.FillAsync();
        Output.TrySend("second"u8, out sent).Should().BeTrue();
        sent.Should().Be(0, "bytes wait");

        var received = await _line.ReceiveAsync(5 + written);
        Encoding.ASCII.GetString(received, 0, 5).Should().Be("first");
        await flush.OrFail("the flush");
    }

    [Test]
    public async Task A_flush_waits_while_too_much_waits_and_goes_on_at_half_of_it()
    {
        var (written, flush) = await _line.FillAsync();
        Output.WaitingBytes.Should().BeInRange(SocketOutput.PauseBytes, SocketOutput.PauseBytes + 1000);
        flush.IsCompleted.Should().BeFalse();

        var taken = 0L;
        while (!flush.IsCompleted)
        {
            Output.WaitingBytes.Should().BePositive();
            taken += (await _line.ReceiveAsync(Math.Min(1000, written - taken))).Length;
        }

        (await flush).IsCompleted.Should().BeFalse();
        Output.WaitingBytes.Should().BeLessThanOrEqualTo(SocketOutput.ResumeBytes);
        (await _line.ReceiveAsync(written - taken)).Should().OnlyContain(letter => letter == 'x');
    }

    [Test]
    public async Task Nothing_is_lost_where_a_send_that_waited_ends_before_its_flush_is_awaited()
    {
        // The peer reads meanwhile, so that sends end at every moment, the very one at which they are begun too.
        const int Length = 20_000, Times = 400;
        var receiving = Task.Run(() => _line.ReceiveAsync(Length * Times));
        for (var i = 0; i < Times; i++)
        {
            var part = new byte[Length];
            Array.Fill(part, (byte)i);
            Output.Write(part);
            (await Output.FlushAsync().AsTask().OrFail("the flush")).IsCompleted.Should().BeFalse();
        }

        var received = await receiving;
        for (var i = 0; i < Times; i++)
            received.AsSpan(i * Length, Length).IndexOfAnyExcept((byte)i).Should().Be(-1, $"part {i} is whole and in its place");
    }

    [Test]
    public async Task A_long_write_keeps_no_more_than_may_wait()
    {
        var source = new byte[5_000_000];
        Random.Shared.NextBytes(source);
        var write = Output.WriteAsync(source).AsTask();
        write.IsCompleted.Should().BeFalse();
        var received = new List<byte>();
        while (received.Count < source.Length)
        {
            Output.WaitingBytes.Should().BeLessThanOrEqualTo(SocketOutput.PauseBytes);
            received.AddRange(await _line.ReceiveAsync(Math.Min(500_000, source.Length - received.Count)));
        }

        (await write.OrFail("the write")).IsCompleted.Should().BeFalse();
        received.Should().Equal(source);
    }

    [Test]
    public void Small_writes_that_wait_share_their_memory()
    {
        var waiting = default(BlockChain);
        for (var i = 0; i < 100; i++)
        {
            var one = default(BlockChain);
            var block = Block.Rent(4096);
            one.Add(block);
            block.Free.Span[..10].Fill((byte)i);
            block.Advance(10);
            waiting.Add(ref one);
        }

        waiting.First.Should().BeSameAs(waiting.Last);
        waiting.First!.Length.Should().Be(1000);
        waiting.Take(995);
        waiting.First!.From(waiting.Start).Should().Equal(99, 99, 99, 99, 99);
        waiting.Take(5);
        waiting.IsEmpty.Should().BeTrue();
    }

    [Test]
    public async Task Bytes_that_are_not_flushed_are_counted_as_writers_of_JSON_need_it()
    {
        Output.CanGetUnflushedBytes.Should().BeTrue();
        Output.Write("12345"u8);
        Output.UnflushedBytes.Should().Be(5);
        await Output.FlushAsync();
        Output.UnflushedBytes.Should().Be(0);
        await _line.ReceiveAsync(5);

        var numbers = Enumerable.Range(0, 20_000).ToArray();
        var serializing = JsonSerializer.SerializeAsync(Output, numbers);
        var expected = JsonSerializer.SerializeToUtf8Bytes(numbers);
        (await _line.ReceiveAsync(expected.Length)).Should().Equal(expected);
        await serializing.OrFail("the serializer");
    }

    [Test]
    public async Task A_flush_to_a_peer_that_is_gone_is_a_completed_result_and_never_throws()
    {
        var (_, waiting) = await _line.FillAsync();
        _line.ResetByPeer();
        (await waiting.OrFail("the waiting flush")).IsCompleted.Should().BeTrue();
        // What a send under way looks at is dropped once that has ended as well.
        await Patience.UntilAsync(() => Output.WaitingBytes == 0, "what will never go to be dropped");

        Output.Write("more"u8);
        (await Output.FlushAsync()).IsCompleted.Should().BeTrue();
        (await Output.WriteAsync(new byte[200_000])).IsCompleted.Should().BeTrue();
        Output.TrySend("more"u8, out var sent).Should().BeFalse();
        sent.Should().Be(0);
        Output.UnflushedBytes.Should().Be(0);
    }

    [Test]
    public async Task A_send_finds_by_itself_that_the_peer_is_gone()
    {
        _line.ResetByPeer();
        await Patience.UntilAsync(() => !Output.TrySend("more"u8, out _), "a send to fail");
        await _line.Closed.OrFail("the end of the connection");
        await _line.Invoking(async line => await line.Input.ReadAsync()).Should().ThrowAsync<IOException>();
    }

    [Test]
    public async Task A_waiting_flush_may_be_cancelled_and_what_waits_goes_all_the_same()
    {
        var (written, flush) = await _line.FillAsync();
        Output.CancelPendingFlush();
        (await flush.OrFail("the flush")).IsCanceled.Should().BeTrue();

        using var patience = new CancellationTokenSource();
        var byToken = Output.FlushAsync(patience.Token).AsTask();
        byToken.IsCompleted.Should().BeFalse();
        await patience.CancelAsync();
        await byToken.Invoking(task => task).Should().ThrowAsync<OperationCanceledException>();
        (await _line.ReceiveAsync(written)).Should().HaveCount((int)written);

        Output.CancelPendingFlush();
        (await Output.FlushAsync()).IsCanceled.Should().BeTrue("the next one is cancelled where none waits");
        (await Output.FlushAsync()).IsCanceled.Should().BeFalse();
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task A_long_write_that_is_cancelled_goes_all_the_same(bool byToken)
    {
        var source = new byte[500_000];
        Random.Shared.NextBytes(source);
        using var patience = new CancellationTokenSource();
        var write = Output.WriteAsync(source, patience.Token).AsTask();
        write.IsCompleted.Should().BeFalse();

        if (byToken)
        {
            await patience.CancelAsync();
            await write.Invoking(task => task.OrFail("the write")).Should().ThrowAsync<OperationCanceledException>();
        }
        else
        {
            Output.CancelPendingFlush();
            (await write.OrFail("the write")).IsCanceled.Should().BeTrue();
        }

        (await _line.ReceiveAsync(source.Length)).Should().Equal(source);
    }

    [Test]
    public async Task A_flush_that_waits_ends_with_the_writer_and_what_waits_goes_all_the_same()
    {
        var (written, flush) = await _line.FillUnawaitedAsync();
        Output.Complete();
        // By that, and not by the next part that the system takes of what waits: of a peer that does not read it may never take one.
        flush.IsCompleted.Should().BeTrue();
        (await flush).IsCompleted.Should().BeTrue();
        (await _line.ReceiveAsync()).Should().HaveCount((int)written);
    }

    [Test]
    public void Memory_that_a_writer_still_holds_at_the_end_is_given_to_nobody_else()
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
