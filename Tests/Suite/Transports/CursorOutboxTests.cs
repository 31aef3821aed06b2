using System.Text;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Transports.Http;

namespace RawSocketChat.Tests.Transports;

/// <summary>
/// The outbox of an HTTP session: numbered frames with a size limit. The outbox removes confirmed frames and, if it is full, frames that a
/// stream has read.
/// </summary>
public sealed class CursorOutboxTests
{
    private const long Start = 1000;

    private CursorOutbox _outbox = null!;
    private long _streamCursor;

    [SetUp]
    public void CreateOutbox() => _outbox = new CursorOutbox(limitBytes: 100, Start);

    [SetUp]
    public void BeginStream() => _streamCursor = Start;

    [Test]
    public void Outbox_returns_unconfirmed_frames_again()
    {
        Send("a", "b");
        Poll(null).Should().Be(("ab", Start + 2));
        Poll(null).Should().Be(("ab", Start + 2));
        Poll(0).Should().Be(("ab", Start + 2));
    }

    [Test]
    public void Outbox_returns_the_newest_replacement_of_a_frame()
    {
        var (first, second, third) = (Frame("a"), Frame("longer than before"), Frame(""));
        _outbox.Send(first);
        Send("b");
        first.ReplaceWith(second);
        Poll(null).Should().Be(("longer than beforeb", Start + 2));
        second.ReplaceWith(third);
        Poll(null).Should().Be(("b", Start + 2));
        Poll(Start + 2).Should().Be(("", Start + 2));
        _outbox.QueuedBytes.Should().Be(0);
    }

    [Test]
    public void Confirmation_removes_only_the_frames_up_to_the_cursor()
    {
        Send("a", "b", "c");
        Poll(null);
        Poll(Start + 2).Should().Be(("c", Start + 3));
        Poll(null).Should().Be(("c", Start + 3));
        Poll(Start + 3).Should().Be(("", Start + 3));
        Send("d");
        Poll(Start + 3).Should().Be(("d", Start + 4));
    }

    [Test]
    public void Cursor_before_a_confirmed_cursor_is_stale()
    {
        Send("a", "b", "c");
        Poll(null);
        Poll(Start + 2);
        _outbox.Confirm(Start + 1, out var from).Should().Be(CursorStatus.Stale);
        from.Should().Be(Start + 1);
        Poll(Start + 2).Should().Be(("c", Start + 3), "the other request continues");
    }

    [TestCase(Start - 1)]
    [TestCase(1)]
    [TestCase(Start + 2)]
    [TestCase(long.MaxValue)]
    public void Cursor_of_another_outbox_confirms_nothing_before_a_frame_is_removed(long cursor)
    {
        Send("a", "b");
        Poll(cursor, readFirst: true).Should().Be(("ab", Start + 2));
    }

    [TestCase(Start - 1)]
    [TestCase(Start + 4)]
    public void Cursor_of_another_outbox_is_unknown_after_a_frame_was_removed(long cursor)
    {
        Send("a", "b", "c");
        Poll(null);
        Poll(Start + 1);
        _outbox.Confirm(cursor, out _).Should().Be(CursorStatus.Unknown);
    }

    [Test]
    public void Cursor_that_the_outbox_never_returned_confirms_nothing()
    {
        Send("a", "b");
        Poll(null);
        Poll(Start + 2);
        Send("c");
        _outbox.Confirm(Start + 3, out _).Should().Be(CursorStatus.Unknown, "no request has read the third frame");
        Poll(Start + 2).Should().Be(("c", Start + 3));
    }

    [Test]
    public void Outbox_reports_once_that_it_is_half_full_and_later_that_it_overflows()
    {
        var results = Enumerable.Range(0, 11).Select(_ => Send(new string('x', 10))).ToList();
        results.Should().Equal([.. Enumerable.Repeat(SendResult.Accepted, 4), SendResult.HalfFull, .. Enumerable.Repeat(SendResult.Accepted, 5), SendResult.Overflow]);
        _outbox.QueuedBytes.Should().Be(100);
    }

    [Test]
    public void Unconfirmed_frames_of_polls_count_against_the_limit()
    {
        Send(new string('x', 60));
        Poll(null);
        Send(new string('y', 60)).Should().Be(SendResult.Overflow);
        Poll(Start + 1);
        Send(new string('y', 60)).Should().NotBe(SendResult.Overflow);
    }

    [Test]
    public void Outbox_removes_the_oldest_frames_of_a_stream_and_older_cursors_become_unknown()
    {
        for (var i = 0; i < 5; i++)
        {
            Send(new string((char)('a' + i), 40)).Should().NotBe(SendResult.Overflow);
            ReadStream();
        }

        _outbox.Confirm(Start + 2, out _).Should().Be(CursorStatus.Unknown, "the third frame was removed without a confirmation");
        _outbox.Confirm(Start + 3, out var from).Should().Be(CursorStatus.Known);
        from.Should().Be(Start + 3);
        Poll(Start + 3).Should().Be((new string('d', 40) + new string('e', 40), Start + 5));
    }

    [Test]
    public void Outbox_keeps_frames_that_the_current_stream_has_not_read()
    {
        Send(new string('a', 40), new string('b', 40));
        ReadStream();
        _outbox.Confirm(Start, out _).Should().Be(CursorStatus.Known);
        Send(new string('c', 40)).Should().Be(SendResult.Overflow);
        Poll(Start).Should().Be((new string('a', 40) + new string('b', 40), Start + 2));
    }

    [Test]
    public void Slow_consumer_notice_comes_before_the_unread_frames()
    {
        Send("a");
        Poll(null);
        Send("b", "c");
        _outbox.SendFirst(Frame("!"));
        Poll(Start + 1).Should().Be(("!bc", Start + 4));
    }

    [Test]
    public void Slow_consumer_gets_only_the_notice_and_the_close_message()
    {
        Send("a");
        Poll(null);
        Send("b", "c");
        _outbox.SendFirst(Frame("!"));
        _outbox.Complete(Frame("bye"), Disconnect.TooSlow);
        Poll(Start + 1, ends: true).Should().Be(("!bye", Start + 3));
        Send("d").Should().Be(SendResult.Closed);
    }

    [Test]
    public void Consumer_that_is_not_slow_gets_all_waiting_frames_before_the_close_message()
    {
        Send("a", "b");
        _outbox.Complete(Frame("bye"), Disconnect.Draining);
        Poll(null, ends: true).Should().Be(("abbye", Start + 3));
    }

    [Test]
    public void Held_frames_become_readable_after_the_release()
    {
        Send("a");
        var first = _outbox.Hold();
        Send("b");
        var second = _outbox.Hold();
        Send("c");
        Poll(null).Should().Be(("a", Start + 1));
        var changed = _outbox.ChangedAsync(Start + 1);
        changed.IsCompleted.Should().BeFalse();

        _outbox.Release(first);
        Poll(null).Should().Be(("ab", Start + 2), "the second hold delays only later frames");
        changed.IsCompleted.Should().BeTrue();
        _outbox.Release(second);
        Poll(null).Should().Be(("abc", Start + 3));
    }

    [Test]
    public void Waiting_request_continues_after_a_new_frame_or_the_end_of_the_outbox()
    {
        var waiting = _outbox.ChangedAsync(Start);
        waiting.IsCompleted.Should().BeFalse();
        Send("a");
        waiting.IsCompleted.Should().BeTrue();
        _outbox.ChangedAsync(Start).IsCompleted.Should().BeTrue();

        var end = _outbox.ChangedAsync(Start + 1);
        end.IsCompleted.Should().BeFalse();
        _outbox.Complete(null, Disconnect.Lost);
        end.IsCompleted.Should().BeTrue();
    }

    [Test]
    public async Task WaitForDrain_waits_while_more_than_a_quarter_of_the_limit_is_unread()
    {
        Send(new string('x', 25));
        _outbox.WaitForDrainAsync().AsTask().IsCompleted.Should().BeTrue();
        Send("y");
        var drained = _outbox.WaitForDrainAsync().AsTask();
        drained.IsCompleted.Should().BeFalse();
        Poll(null);
        (await drained).Should().BeTrue();
    }

    [Test]
    public void WaitForDrain_waits_while_unconfirmed_frames_of_polls_fill_half_of_the_outbox()
    {
        Send(new string('a', 25), new string('b', 25));
        Poll(null);
        Send(new string('c', 25));
        var drained = _outbox.WaitForDrainAsync().AsTask();
        drained.IsCompleted.Should().BeFalse("one more page would leave no room for broadcasts");
        Send("a broadcast").Should().NotBe(SendResult.Overflow);
        Poll(Start + 2);
        drained.IsCompleted.Should().BeTrue();
    }

    [Test]
    public void Read_with_a_stale_cursor_returns_nothing()
    {
        Send("a", "b", "c");
        Poll(null);
        _outbox.Confirm(Start + 1, out var behind).Should().Be(CursorStatus.Known);
        Poll(Start + 2).Should().Be(("c", Start + 3));

        var frames = new List<EncodedFrame>();
        _outbox.Read(ref behind, frames, long.MaxValue, asStream: true).Should().Be(ReadStatus.Behind);
        (frames.Count, behind).Should().Be((0, Start + 1));
    }

    [Test]
    public void Outbox_numbers_each_frame_of_a_batch()
    {
        _outbox.Send(new EncodedBatch([Frame("a"), Frame("b")]));
        Poll(null).Should().Be(("ab", Start + 2));
    }

    [Test]
    public void Frames_keep_their_numbers_through_a_thousand_confirmations()
    {
        var got = "";
        var cursor = Start;
        for (var i = 0; i < 1000; i++)
        {
            Send($"{i % 10}", $"{i % 7}");
            if (i % 3 == 0)
                (got, cursor) = (got + Poll(cursor).Text, Poll(cursor).Next);
        }

        got += Poll(cursor).Text;
        got.Should().Be(string.Concat(Enumerable.Range(0, 1000).Select(i => $"{i % 10}{i % 7}")));
    }

    private static EncodedFrame Frame(string text) => new(Encoding.UTF8.GetBytes(text));

    private SendResult Send(params string[] texts) => texts.Select(text => _outbox.Send(Frame(text))).ToList()[^1];

    private void ReadStream() => _outbox.Read(ref _streamCursor, [], long.MaxValue, asStream: true).Should().Be(ReadStatus.Open);

    /// <summary>Confirms a cursor and reads, as a poll does.</summary>
    private (string Text, long Next) Poll(long? cursor, bool readFirst = false, bool ends = false)
    {
        if (readFirst)
        {
            var first = Start;
            _outbox.Read(ref first, [], 1, asStream: false);
        }

        _outbox.Confirm(cursor, out var from).Should().Be(CursorStatus.Known);
        var frames = new List<EncodedFrame>();
        _outbox.Read(ref from, frames, long.MaxValue, asStream: false).Should().Be(ends ? ReadStatus.Ended : ReadStatus.Open);
        return (string.Concat(frames.Select(frame => Encoding.UTF8.GetString(frame.Payload.Span))), from);
    }
}
