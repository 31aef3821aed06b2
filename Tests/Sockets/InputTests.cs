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
    private SocketLine _line = null!;

    private SocketInput Input => _line.Input;

    [SetUp]
    public async Task Open() => _line = await SocketLine.OpenAsync(isPolled: isPolled);

    [TearDown]
    public async Task Drop() => await _line.DisposeAsync();

    [Test]
    public async Task What_comes_is_read_and_an_idle_connection_holds_no_memory()
    {
        Input.HasBuffer.Should().BeFalse();
        var read = Input.ReadAsync().AsTask();
        read.IsCompleted.Should().BeFalse();
        await SendAsync("hello");
        Text(await read.OrFail("what was sent")).Should().Be("hello");
        Input.HasBuffer.Should().BeFalse("all was consumed");
        Input.TryRead(out _).Should().BeFalse();
    }

    [Test]
    public async Task What_is_examined_and_not_consumed_comes_again_with_more()
    {
        foreach (var (letter, expected) in new[] { ("a", "a"), ("b", "ab"), ("c", "abc") })
        {
            await SendAsync(letter);
            var result = await ReadAsync();
            Encoding.ASCII.GetString(result.Buffer).Should().Be(expected);
            Input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
            Input.TryRead(out _).Should().BeFalse("all of it was examined");
        }

        await SendAsync("d");
        var last = await ReadAsync();
        Input.AdvanceTo(last.Buffer.GetPosition(2), last.Buffer.GetPosition(2));
        Text(await ReadAsync()).Should().Be("cd", "it was not examined");
    }

    [Test]
    public async Task A_reader_that_wants_more_than_is_taken_ahead_gets_it()
    {
        var sent = new byte[300_000];
        Random.Shared.NextBytes(sent);
        var sending = _line.Peer.SendAsync(sent);
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
    public async Task While_nobody_reads_only_so_much_is_taken_ahead_and_nothing_is_lost()
    {
        var sent = new byte[3_000_000];
        Random.Shared.NextBytes(sent);
        var sending = _line.Peer.SendAsync(sent);
        await Patience.UntilAsync(() => Input.BufferedBytes >= SocketInput.ReadAheadBytes, "the read-ahead");
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
    public async Task The_peers_end_is_noticed_while_nobody_reads()
    {
        var closed = _line.Closed;
        _line.Peer.Shutdown(SocketShutdown.Send);
        await closed.OrFail("the end");
        var result = await ReadAsync();
        result.IsCompleted.Should().BeTrue();
        result.Buffer.IsEmpty.Should().BeTrue();
        Input.AdvanceTo(result.Buffer.End);
    }

    [Test]
    public async Task The_peers_end_is_noticed_behind_bytes_that_nobody_reads()
    {
        var closed = _line.Closed;
        await _line.Peer.SendAsync(new byte[50_000]);
        _line.Peer.Shutdown(SocketShutdown.Send);
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

        left.Should().Be(0, "what came before the end is read first");
    }

    [Test]
    public async Task A_reset_is_noticed_while_nobody_reads()
    {
        var closed = _line.Closed;
        _line.ResetByPeer();
        await closed.OrFail("the end");
        await Input.Invoking(async input => await input.ReadAsync()).Should().ThrowAsync<IOException>();
    }

    [Test]
    public async Task A_read_is_cancelled_on_another_thread_and_the_wait_for_the_peer_goes_on()
    {
        var read = Input.ReadAsync().AsTask();
        var cancelling = 0;
        var continuedBy = read.ContinueWith(_ => Environment.CurrentManagedThreadId, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        var thread = new Thread(() =>
        {
            cancelling = Environment.CurrentManagedThreadId;
            Input.CancelPendingRead();
        });
        thread.Start();
        (await continuedBy.OrFail("the cancelled read")).Should().NotBe(cancelling, "whoever cancels may hold locks");
        thread.Join();
        var result = await read;
        result.IsCanceled.Should().BeTrue();
        Input.AdvanceTo(result.Buffer.End);

        await SendAsync("later");
        await Patience.UntilAsync(() => Input.BufferedBytes == 5, "the receive that was left");
        Text(await ReadAsync()).Should().Be("later");
    }

    [Test]
    public async Task Where_nobody_waits_the_next_read_is_cancelled_and_shows_what_is_there()
    {
        await SendAsync("here");
        await Patience.UntilAsync(() => Input.BufferedBytes == 4, "the bytes");
        Input.CancelPendingRead();
        var result = await ReadAsync();
        result.IsCanceled.Should().BeTrue();
        Input.AdvanceTo(result.Buffer.Start);
        result = await ReadAsync();
        result.IsCanceled.Should().BeFalse();
        Text(result).Should().Be("here");
    }

    [Test]
    public async Task A_read_that_a_token_ends_loses_nothing()
    {
        for (var i = 0; i < 100; i++)
        {
            using var patience = new CancellationTokenSource();
            var read = Input.ReadAsync(patience.Token).AsTask();
            await patience.CancelAsync();
            await read.Invoking(task => task).Should().ThrowAsync<OperationCanceledException>();
        }

        await SendAsync("after");
        Text(await ReadAsync()).Should().Be("after");
    }

    [Test]
    public async Task Bytes_that_come_one_at_a_time_come_in_order()
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
    public async Task A_completed_reader_reads_no_more_and_holds_nothing()
    {
        await SendAsync("unread");
        await Patience.UntilAsync(() => Input.HasBuffer, "the bytes");
        Input.Complete();
        Input.HasBuffer.Should().BeFalse();
        await Input.Invoking(async input => await input.ReadAsync()).Should().ThrowAsync<InvalidOperationException>();
    }

    private async Task SendAsync(string text) => await _line.Peer.SendAsync(Encoding.ASCII.GetBytes(text));

    private Task<ReadResult> ReadAsync() => Input.ReadAsync().AsTask().OrFail("something to read");

    private string Text(ReadResult result)
    {
        var text = Encoding.ASCII.GetString(result.Buffer);
        Input.AdvanceTo(result.Buffer.End);
        return text;
    }
}
