using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Server.Connections;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Connections;

public sealed class PipeOutboxTests
{
    private readonly FakeTimeProvider _time = new();
    private Pipe _pipe = null!;
    private PipeOutbox _outbox = null!;

    [SetUp]
    public void MakeOutbox()
    {
        // A flush waits when the pipe contains 10 bytes.
        _pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 10, resumeWriterThreshold: 5, readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline));
        _outbox = new PipeOutbox(_pipe.Writer, PlainEncoding.Instance, limitBytes: 100, _time) { Ending = new PlainEnding() };
    }

    [Test]
    public async Task Outbox_does_not_queue_messages_that_the_pipe_accepts()
    {
        Send("one").Should().Be(SendResult.Accepted);
        _outbox.QueuedBytes.Should().Be(0);
        (await ReadAsync()).Should().Be("one");
        (await _outbox.WaitForDrainAsync()).Should().BeTrue();
    }

    [Test]
    public async Task Outbox_sends_queued_messages_in_order_when_the_peer_reads()
    {
        for (var i = 0; i < 10; i++)
            Send($"<{i:00000}>");
        _outbox.QueuedBytes.Should().BePositive();

        var read = "";
        while (read.Length < 70)
            read += await ReadAsync();
        read.Should().Be(string.Concat(Enumerable.Range(0, 10).Select(i => $"<{i:00000}>")));
        _outbox.QueuedBytes.Should().Be(0);
    }

    [Test]
    public void Outbox_reports_once_that_it_is_half_full_and_drops_messages_over_the_limit()
    {
        Send(new string('x', 10));
        var results = Enumerable.Range(0, 11).Select(_ => Send(new string('y', 10))).ToList();
        results.Should().Equal([.. Enumerable.Repeat(SendResult.Accepted, 4), SendResult.HalfFull, .. Enumerable.Repeat(SendResult.Accepted, 5), SendResult.Overflow]);
        _outbox.QueuedBytes.Should().Be(100);
    }

    [Test]
    public async Task Outbox_sends_a_notice_before_queued_messages()
    {
        Send("0123456789");
        Send("later");
        _outbox.SendFirst(Frame("now"));
        (await ReadAllAsync(18)).Should().Be("0123456789nowlater");
    }

    [Test]
    public async Task Completed_outbox_sends_queued_messages_and_the_close_message_and_then_nothing()
    {
        Send("0123456789");
        Send("later");
        _outbox.Complete(Frame("bye"), new Disconnect(4001, "", true));
        Send("never").Should().Be(SendResult.Closed);
        (await ReadAllAsync(21)).Should().Be("0123456789laterbyeEND");
        await _outbox.Finished;
    }

    [Test]
    public async Task Completed_outbox_sends_the_close_message_even_if_the_disconnect_reason_drops_the_queue()
    {
        Send("0123456789");
        Send("dropped");
        _outbox.Complete(Frame("bye"), Disconnect.TooSlow);
        (await ReadAllAsync(16)).Should().Be("0123456789byeEND");
    }

    [Test]
    public async Task Completed_outbox_sends_a_notice_even_if_the_disconnect_reason_drops_the_queue()
    {
        Send("0123456789");
        Send("dropped");
        _outbox.SendFirst(Frame("lag"));
        _outbox.Complete(Frame("bye"), Disconnect.TooSlow);
        (await ReadAllAsync(19)).Should().Be("0123456789lagbyeEND");
    }

    [Test]
    public async Task Outbox_drops_its_queue_when_the_peer_is_gone()
    {
        Send("0123456789");
        Send("later");
        var drained = _outbox.WaitForDrainAsync();
        await _pipe.Reader.CompleteAsync();
        (await drained).Should().BeFalse();
        await _outbox.Finished;
        Send("more").Should().Be(SendResult.Closed);
        _outbox.QueuedBytes.Should().Be(0);
    }

    [Test]
    public async Task Outbox_measures_how_long_the_peer_reads_nothing()
    {
        _outbox.BlockedFor.Should().Be(TimeSpan.Zero);
        Send("0123456789");
        _time.Advance(TimeSpan.FromSeconds(7));
        _outbox.BlockedFor.Should().Be(TimeSpan.FromSeconds(7));
        await ReadAllAsync(10);
        await TestWait.UntilAsync(() => _outbox.BlockedFor == TimeSpan.Zero, "the flush to end");
    }

    [Test]
    public async Task Outbox_keeps_frames_complete_and_each_senders_frames_in_order_when_many_threads_send()
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 256, resumeWriterThreshold: 128));
        var outbox = new PipeOutbox(pipe.Writer, PlainEncoding.Instance, limitBytes: 10_000_000, TimeProvider.System);
        var sending = Task.WhenAll(Enumerable.Range(0, 4).Select(sender => Task.Run(() =>
        {
            for (var i = 0; i < 5_000; i++)
                outbox.Send(Frame($"{sender}:{i};"));
            if (sender == 0)
                outbox.Send(Frame(""));
        })));

        var text = new StringBuilder();
        while (text.ToString().Count(letter => letter == ';') < 20_000)
        {
            var result = await pipe.Reader.ReadAsync();
            foreach (var segment in result.Buffer)
                text.Append(Encoding.ASCII.GetString(segment.Span));
            pipe.Reader.AdvanceTo(result.Buffer.End);
        }

        await sending;
        var frames = text.ToString().Split(';', StringSplitOptions.RemoveEmptyEntries).Select(frame => frame.Split(':')).ToList();
        for (var sender = 0; sender < 4; sender++)
            frames.Where(frame => frame[0] == $"{sender}").Select(frame => int.Parse(frame[1], CultureInfo.InvariantCulture)).Should().Equal(Enumerable.Range(0, 5_000));
    }

    [Test]
    public void Message_is_encoded_once_for_all_receivers()
    {
        var encoding = new CountingEncoding();
        var batch = new EncodedBatch([Frame("a"), Frame("b")]);
        for (var i = 0; i < 1000; i++)
            batch.GetBytes(encoding).Length.Should().Be(2);
        encoding.Count.Should().Be(2);
    }

    private SendResult Send(string text) => _outbox.Send(Frame(text));

    private static EncodedFrame Frame(string text) => new(Encoding.ASCII.GetBytes(text));

    private async Task<string> ReadAsync()
    {
        var result = await _pipe.Reader.ReadAsync();
        var text = Encoding.ASCII.GetString(System.Buffers.BuffersExtensions.ToArray(result.Buffer));
        _pipe.Reader.AdvanceTo(result.Buffer.End);
        return text;
    }

    private async Task<string> ReadAllAsync(int length)
    {
        var text = "";
        while (text.Length < length)
            text += await ReadAsync();
        return text;
    }

    private sealed class PlainEncoding : WireEncoding
    {
        public static readonly PlainEncoding Instance = new();

        public override ReadOnlyMemory<byte> Encode(EncodedFrame frame) => frame.Payload;
    }

    private sealed class CountingEncoding : WireEncoding
    {
        public int Count { get; private set; }

        public override ReadOnlyMemory<byte> Encode(EncodedFrame frame)
        {
            Count++;
            return frame.Payload;
        }
    }

    private sealed class PlainEnding : IStreamEnding
    {
        public ReadOnlyMemory<byte> EncodeEnd(Disconnect reason) => "END"u8.ToArray();
    }
}
