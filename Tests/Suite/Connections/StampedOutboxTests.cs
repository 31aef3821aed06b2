using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Tests.Connections;

/// <summary>The outbox adds a timestamp to each message. The inner outbox does everything else.</summary>
public sealed class StampedOutboxTests
{
    private Pipe _pipe = null!;
    private PipeOutbox _inner = null!;
    private StampedOutbox _outbox = null!;
    private int _stamps;

    [SetUp]
    public void MakeOutbox()
    {
        _stamps = 0;
        _pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 20, resumeWriterThreshold: 5, readerScheduler: PipeScheduler.Inline, writerScheduler: PipeScheduler.Inline));
        _inner = new PipeOutbox(_pipe.Writer, LineByLine.Instance, limitBytes: 40, TimeProvider.System);
        _outbox = new StampedOutbox(_inner, () => Frame($"t{++_stamps}"));
    }

    [Test]
    public async Task Outbox_adds_one_timestamp_to_a_frame_and_one_to_a_batch()
    {
        _outbox.Send(Frame("a")).Should().Be(SendResult.Accepted);
        _outbox.Send(new EncodedBatch([Frame("b"), Frame("c")])).Should().Be(SendResult.Accepted);
        (await ReadAsync()).Should().Be("a t1 b c t2 ");
    }

    [Test]
    public async Task Outbox_adds_no_timestamp_to_notices_and_the_close_message()
    {
        _outbox.SendFirst(Frame("lag"));
        _outbox.Complete(Frame("bye"), Disconnect.Draining);
        (await ReadAsync()).Should().Be("lag bye ");
        _outbox.Send(Frame("late")).Should().Be(SendResult.Closed);
    }

    [Test]
    public void Timestamps_do_not_change_the_limit_of_the_queue()
    {
        _outbox.LimitBytes.Should().Be(40);
        _outbox.Send(Frame(new string('x', 30))).Should().Be(SendResult.Accepted);
        var results = Enumerable.Range(0, 5).Select(_ => _outbox.Send(Frame("1234567"))).ToList();
        // Each message has 11 bytes, including its timestamp and the spaces.
        results.Should().Equal(SendResult.Accepted, SendResult.HalfFull, SendResult.Accepted, SendResult.Overflow, SendResult.Overflow);
        _outbox.QueuedBytes.Should().Be(33).And.Be(_inner.QueuedBytes);
    }

    [Test]
    public async Task Frames_of_other_senders_do_not_come_between_a_frame_and_its_timestamp()
    {
        var outbox = new StampedOutbox(_inner, () =>
        {
            _inner.Send(Frame("other"));
            return Frame("t");
        });
        outbox.Send(Frame("a"));
        (await ReadAsync()).Should().Be("other a t ");
    }

    private static EncodedFrame Frame(string text) => new(Encoding.UTF8.GetBytes(text));

    private async Task<string> ReadAsync()
    {
        var read = await _pipe.Reader.ReadAsync();
        var text = string.Concat(read.Buffer.ToArray().Select(b => (char)b));
        _pipe.Reader.AdvanceTo(read.Buffer.End);
        return text;
    }

    private sealed class LineByLine : WireEncoding
    {
        public static readonly LineByLine Instance = new();

        public override ReadOnlyMemory<byte> Encode(EncodedFrame frame) => (byte[])[.. frame.Payload.Span, (byte)' '];
    }
}
