using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Tests.Connections;

/// <summary>Behind each write stands its stamp, whoever else writes; all else is the outbox's within it.</summary>
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
    public async Task A_frame_and_a_batch_of_frames_have_one_stamp_each()
    {
        _outbox.Send(Frame("a")).Should().Be(SendResult.Accepted);
        _outbox.Send(new OutboundBatch([Frame("b"), Frame("c")])).Should().Be(SendResult.Accepted);
        (await ReadAsync()).Should().Be("a t1 b c t2 ");
    }

    [Test]
    public async Task Notices_and_the_farewell_have_none()
    {
        _outbox.SendFirst(Frame("lag"));
        _outbox.Complete(Frame("bye"), Disconnect.Draining);
        (await ReadAsync()).Should().Be("lag bye ");
        _outbox.Send(Frame("late")).Should().Be(SendResult.Gone);
    }

    [Test]
    public void What_may_wait_is_as_much_as_without_stamps()
    {
        _outbox.LimitBytes.Should().Be(40);
        _outbox.Send(Frame(new string('x', 30))).Should().Be(SendResult.Accepted);
        var results = Enumerable.Range(0, 5).Select(_ => _outbox.Send(Frame("1234567"))).ToList();
        // Of 11 bytes each, the stamp with its blank included.
        results.Should().Equal(SendResult.Accepted, SendResult.HalfFull, SendResult.Accepted, SendResult.Overflow, SendResult.Overflow);
        _outbox.QueuedBytes.Should().Be(33).And.Be(_inner.QueuedBytes);
    }

    [Test]
    public async Task What_another_writes_meanwhile_does_not_come_between_a_frame_and_its_stamp()
    {
        var outbox = new StampedOutbox(_inner, () =>
        {
            _inner.Send(Frame("other"));
            return Frame("t");
        });
        outbox.Send(Frame("a"));
        (await ReadAsync()).Should().Be("other a t ");
    }

    private static OutboundFrame Frame(string text) => new(Encoding.UTF8.GetBytes(text));

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

        public override ReadOnlyMemory<byte> Encode(OutboundFrame frame) => (byte[])[.. frame.Payload.Span, (byte)' '];
    }
}
