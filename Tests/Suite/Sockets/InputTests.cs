using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Text;
using RawSocketChat.Server.Sockets;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Sockets;

[TestFixture(true)]
[TestFixture(false)]
public sealed class InputTests(bool isPolled)
{
    private SocketPair _pair = null!;

    private SocketInput Input => _pair.Input;

    [SetUp]
    public async Task Open() => _pair = await SocketPair.OpenAsync(isPolled: isPolled);

    [TearDown]
    public async Task Drop() => await _pair.DisposeAsync();

    [Test]
    public async Task Read_returns_received_bytes_and_an_idle_input_has_no_buffer()
    {
        Input.HasBuffer.Should().BeFalse();
        var read = Input.ReadAsync().AsTask();
        read.IsCompleted.Should().BeFalse();
        await SendAsync("hello");
        Text(await read.OrFail("the sent bytes")).Should().Be("hello");
        Input.HasBuffer.Should().BeFalse("all bytes are consumed");
        Input.TryRead(out _).Should().BeFalse();
    }

    [Test]
    public async Task Bytes_that_are_examined_but_not_consumed_return_with_the_next_bytes()
    {
        foreach (var (letter, expected) in new[] { ("a", "a"), ("b", "ab"), ("c", "abc") })
        {
            await SendAsync(letter);
            var result = await ReadAsync();
            Encoding.ASCII.GetString(result.Buffer).Should().Be(expected);
            Input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            Input.TryRead(out _).Should().BeFalse("all bytes are examined");
        }

        await SendAsync("d");
        var last = await ReadAsync();
        Input.AdvanceTo(last.Buffer.GetPosition(2), last.Buffer.GetPosition(2));
        Text(await ReadAsync()).Should().Be("cd", "the rest is not examined");
    }

    [Test]
    public async Task One_read_can_return_more_bytes_than_the_read_ahead_limit()
    {
        var sent = new byte[300_000];
        Random.Shared.NextBytes(sent);
        var sending = _pair.Peer.SendAsync(sent);
        while (true)
        {
            var result = await ReadAsync();
            if (result.Buffer.Length < sent.Length)
            {
                Input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
                continue;
            }

            result.Buffer.ToArray().Should().Equal(sent);
            Input.AdvanceTo(result.Buffer.End);
            break;
        }

        await sending;
        Input.HasBuffer.Should().BeFalse();
    }

    [Test]
    public async Task Input_receives_a_bounded_number_of_bytes_when_nobody_reads_and_loses_no_byte()
    {
        var sent = new byte[3_000_000];
        Random.Shared.NextBytes(sent);
        var sending = _pair.Peer.SendAsync(sent);
        await TestWait.UntilAsync(() => Input.BufferedBytes >= SocketInput.ReadAheadBytes, "the read-ahead");
        Input.BufferedBytes.Should().BeLessThan(2 * SocketInput.ReadAheadBytes);
        sending.IsCompleted.Should().BeFalse("the peer has to wait");

        var received = new List<byte>();
        while (received.Count < sent.Length)
        {
            var result = await ReadAsync();
            result.Buffer.Length.Should().BeLessThan(2 * SocketInput.ReadAheadBytes);
            received.AddRange(result.Buffer.ToArray());
            Input.AdvanceTo(result.Buffer.End);
        }

        received.Should().Equal(sent);
        await sending;
    }

    [Test]
    public async Task Input_detects_the_end_of_the_peers_stream_when_nobody_reads()
    {
        var closed = _pair.Closed;
        _pair.Peer.Shutdown(SocketShutdown.Send);
        await closed.OrFail("the end");
        var result = await ReadAsync();
        result.IsCompleted.Should().BeTrue();
        result.Buffer.IsEmpty.Should().BeTrue();
        Input.AdvanceTo(result.Buffer.End);
    }

    [Test]
    public async Task Input_detects_the_end_of_the_peers_stream_after_unread_bytes()
    {
        var closed = _pair.Closed;
        await _pair.Peer.SendAsync(new byte[50_000]);
        _pair.Peer.Shutdown(SocketShutdown.Send);
        await closed.OrFail("the end");

        var left = 50_000L;
        while (true)
        {
            var result = await ReadAsync();
            left -= result.Buffer.Length;
            Input.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
                break;
        }

        left.Should().Be(0, "the reader gets the bytes before the end");
    }

    [Test]
    public async Task Input_detects_a_reset_when_nobody_reads()
    {
        var closed = _pair.Closed;
        await _pair.ResetFromPeerAsync();
        await closed.OrFail("the end");
        await Input.Invoking(async input => await input.ReadAsync()).Should().ThrowAsync<IOException>();
    }

    [Test]
    public async Task Cancel_and_abort_do_not_throw_after_a_read_has_detected_a_reset()
    {
        // With more unread bytes than the read-ahead limit, the input receives only during a ReadAsync. So ReadAsync detects the reset.
        var closed = _pair.Closed;
        var sending = _pair.Peer.SendAsync(new byte[100_000]);
        while (true)
        {
            var result = await ReadAsync();
            Input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            if (result.Buffer.Length >= SocketInput.ReadAheadBytes)
                break;
        }

        await _pair.ResetFromPeerAsync();
        await sending.ContinueWith(_ => { }, TaskScheduler.Default).OrFail("the end of the peer's send");
        await FluentActions.Awaiting(ReadOnWithoutConsumingAsync).Should().ThrowAsync<IOException>();

        Input.Invoking(input => input.CancelPendingRead()).Should().NotThrow();
        _pair.Connection.Invoking(connection => connection.Abort()).Should().NotThrow();
        await closed.OrFail("the report of the end");
    }

    [Test]
    public async Task Continuation_of_a_canceled_read_runs_on_another_thread_and_the_input_still_receives()
    {
        var read = Input.ReadAsync().AsTask();
        var cancelingThread = 0;
        var continuedBy = read.ContinueWith(_ => Environment.CurrentManagedThreadId, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        var thread = new Thread(() =>
        {
            cancelingThread = Environment.CurrentManagedThreadId;
            Input.CancelPendingRead();
        });
        thread.Start();
        (await continuedBy.OrFail("the canceled read")).Should().NotBe(cancelingThread, "the canceling thread may hold locks");
        thread.Join();
        var result = await read;
        result.IsCanceled.Should().BeTrue();
        Input.AdvanceTo(result.Buffer.End);

        await SendAsync("later");
        await TestWait.UntilAsync(() => Input.BufferedBytes == 5, "the pending receive");
        Text(await ReadAsync()).Should().Be("later");
    }

    [Test]
    public async Task Cancel_without_a_pending_read_cancels_the_next_read_and_loses_no_bytes()
    {
        await SendAsync("here");
        await TestWait.UntilAsync(() => Input.BufferedBytes == 4, "the bytes");
        Input.CancelPendingRead();
        var result = await ReadAsync();
        result.IsCanceled.Should().BeTrue();
        Input.AdvanceTo(result.Buffer.Start);
        result = await ReadAsync();
        result.IsCanceled.Should().BeFalse();
        Text(result).Should().Be("here");
    }

    [Test]
    public async Task Read_canceled_by_its_token_loses_no_bytes()
    {
        for (var i = 0; i < 100; i++)
        {
            using var cancellation = new CancellationTokenSource();
            var read = Input.ReadAsync(cancellation.Token).AsTask();
            await cancellation.CancelAsync();
            await read.Invoking(task => task).Should().ThrowAsync<OperationCanceledException>();
        }

        await SendAsync("after");
        Text(await ReadAsync()).Should().Be("after");
    }

    [Test]
    public async Task Single_bytes_arrive_in_order()
    {
        var receiving = Task.Run(async () =>
        {
            var all = "";
            while (all.Length < 2_000)
                all += Text(await ReadAsync());
            return all;
        });
        var sent = string.Concat(Enumerable.Range(0, 2_000).Select(i => (char)('a' + (i % 26))));
        foreach (var letter in sent)
            await SendAsync($"{letter}");
        (await receiving).Should().Be(sent);
    }

    [Test]
    public async Task Completed_reader_cannot_read_and_has_no_buffer()
    {
        await SendAsync("unread");
        await TestWait.UntilAsync(() => Input.HasBuffer, "the bytes");
        Input.Complete();
        Input.HasBuffer.Should().BeFalse();
        await Input.Invoking(async input => await input.ReadAsync()).Should().ThrowAsync<InvalidOperationException>();
    }

    private async Task ReadOnWithoutConsumingAsync()
    {
        while (true)
        {
            var result = await ReadAsync();
            Input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        }
    }

    private async Task SendAsync(string text) => await _pair.Peer.SendAsync(Encoding.ASCII.GetBytes(text));

    private Task<ReadResult> ReadAsync() => Input.ReadAsync().AsTask().OrFail("something to read");

    private string Text(ReadResult result)
    {
        var text = Encoding.ASCII.GetString(result.Buffer);
        Input.AdvanceTo(result.Buffer.End);
        return text;
    }
}
