using System.Text;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Transports.Http;

namespace RawSocketChat.Tests.Transports;

/// <summary>What a session that asks by requests is owed: numbered, bounded, dropped where it is confirmed and nowhere else.</summary>
public sealed class CursorOutboxTests
{
    private const long Start = 1000;

    private CursorOutbox _outbox = null!;
    private long _taken;     // the cursor of the stream that takes

    [SetUp]
    public void MakeOutbox() => _outbox = new CursorOutbox(limitBytes: 100, Start);

    [SetUp]
    public void BeginStream() => _taken = Start;

    [Test]
    public void What_no_cursor_confirmed_is_handed_out_again()
    {
        Send("a", "b");
        Poll(null).Should().Be(("ab", Start + 2));
        Poll(null).Should().Be(("ab", Start + 2));
        Poll(0).Should().Be(("ab", Start + 2));
    }

    [Test]
    public void What_a_cursor_confirmed_is_gone_and_no_more()
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
    public void Who_is_behind_what_another_confirmed_is_told_apart()
    {
        Send("a", "b", "c");
        Poll(null);
        Poll(Start + 2);
        _outbox.Confirm(Start + 1, out var from).Should().Be(CursorStanding.Outrun);
        from.Should().Be(Start + 1);
        Poll(Start + 2).Should().Be(("c", Start + 3), "the other goes on");
    }

    [TestCase(Start - 1)]
    [TestCase(1)]
    [TestCase(Start + 2)]
    [TestCase(long.MaxValue)]
    public void Another_outboxs_cursor_is_as_good_as_none_while_nothing_is_gone(long cursor)
    {
        Send("a", "b");
        Poll(cursor, sentOnly: 1).Should().Be(("ab", Start + 2));
    }

    [TestCase(Start - 1)]
    [TestCase(Start + 4)]
    public void Another_outboxs_cursor_is_told_apart_once_something_is_gone(long cursor)
    {
        Send("a", "b", "c");
        Poll(null);
        Poll(Start + 1);
        _outbox.Confirm(cursor, out _).Should().Be(CursorStanding.Unknown);
    }

    [Test]
    public void A_cursor_that_was_never_given_confirms_nothing()
    {
        Send("a", "b");
        Poll(null);
        Poll(Start + 2);
        Send("c");
        _outbox.Confirm(Start + 3, out _).Should().Be(CursorStanding.Unknown, "nobody was handed out the third");
        Poll(Start + 2).Should().Be(("c", Start + 3));
    }

    [Test]
    public void More_than_may_wait_is_refused_and_half_of_it_is_told_once()
    {
        var results = Enumerable.Range(0, 11).Select(_ => Send(new string('x', 10))).ToList();
        results.Should().Equal([.. Enumerable.Repeat(SendResult.Accepted, 4), SendResult.HalfFull, .. Enumerable.Repeat(SendResult.Accepted, 5), SendResult.Overflow]);
        _outbox.QueuedBytes.Should().Be(100);
    }

    [Test]
    public void What_polls_got_and_did_not_confirm_counts_too()
    {
        Send(new string('x', 60));
        Poll(null);
        Send(new string('y', 60)).Should().Be(SendResult.Overflow);
        Poll(Start + 1);
        Send(new string('y', 60)).Should().NotBe(SendResult.Overflow);
    }

    [Test]
    public void Of_what_a_stream_took_the_oldest_gives_way_and_who_missed_it_begins_anew()
    {
        for (var i = 0; i < 5; i++)
        {
            Send(new string((char)('a' + i), 40)).Should().NotBe(SendResult.Overflow);
            Take(asStream: true);
        }

        _outbox.Confirm(Start + 2, out _).Should().Be(CursorStanding.Unknown, "the third is gone, and nobody confirmed it");
        _outbox.Confirm(Start + 3, out var from).Should().Be(CursorStanding.Known);
        from.Should().Be(Start + 3);
        Poll(Start + 3).Should().Be((new string('d', 40) + new string('e', 40), Start + 5));
    }

    [Test]
    public void What_an_earlier_stream_took_does_not_give_way_to_one_that_has_not_got_it_yet()
    {
        Send(new string('a', 40), new string('b', 40));
        Take(asStream: true);
        _outbox.Confirm(Start, out _).Should().Be(CursorStanding.Known);
        Send(new string('c', 40)).Should().Be(SendResult.Overflow);
        Poll(Start).Should().Be((new string('a', 40) + new string('b', 40), Start + 2));
    }

    [Test]
    public void A_notice_stands_right_behind_what_was_handed_out()
    {
        Send("a");
        Poll(null);
        Send("b", "c");
        _outbox.SendFirst(Frame("!"));
        Poll(Start + 1).Should().Be(("!bc", Start + 4));
    }

    [Test]
    public void Who_was_too_slow_gets_the_notice_and_the_farewell_of_what_waited()
    {
        Send("a");
        Poll(null);
        Send("b", "c");
        _outbox.SendFirst(Frame("!"));
        _outbox.Complete(Frame("bye"), Disconnect.TooSlow);
        Poll(Start + 1, ends: true).Should().Be(("!bye", Start + 3));
        Send("d").Should().Be(SendResult.Gone);
    }

    [Test]
    public void Any_other_end_comes_behind_all_that_waits()
    {
        Send("a", "b");
        _outbox.Complete(Frame("bye"), Disconnect.Draining);
        Poll(null, ends: true).Should().Be(("abbye", Start + 3));
    }

    [Test]
    public void What_is_held_back_comes_once_the_hold_is_released()
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
        Poll(null).Should().Be(("ab", Start + 2), "a later hold keeps back only what came after it");
        changed.IsCompleted.Should().BeTrue();
        _outbox.Release(second);
        Poll(null).Should().Be(("abc", Start + 3));
    }

    [Test]
    public void Who_waits_is_woken_by_what_comes_and_by_the_end()
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
    public async Task Who_pages_through_a_log_waits_while_more_than_a_quarter_waits()
    {
        Send(new string('x', 25));
        _outbox.DrainedAsync().AsTask().IsCompleted.Should().BeTrue();
        Send("y");
        var drained = _outbox.DrainedAsync().AsTask();
        drained.IsCompleted.Should().BeFalse();
        Poll(null);
        (await drained).Should().BeTrue();
    }

    [Test]
    public void Who_pages_by_polls_waits_too_while_what_they_got_is_not_confirmed()
    {
        Send(new string('a', 25), new string('b', 25));
        Poll(null);
        Send(new string('c', 25));
        var drained = _outbox.DrainedAsync().AsTask();
        drained.IsCompleted.Should().BeFalse("one more page would leave no room for what others say");
        Send("said meanwhile").Should().NotBe(SendResult.Overflow);
        Poll(Start + 2);
        drained.IsCompleted.Should().BeTrue();
    }

    [Test]
    public void Who_is_behind_gets_nothing_rather_than_what_its_cursor_does_not_count()
    {
        Send("a", "b", "c");
        Poll(null);
        _outbox.Confirm(Start + 1, out var behind).Should().Be(CursorStanding.Known);
        Poll(Start + 2).Should().Be(("c", Start + 3));

        var frames = new List<OutboundFrame>();
        _outbox.Read(ref behind, frames, long.MaxValue, asStream: true).Should().Be(ReadStanding.Behind);
        (frames.Count, behind).Should().Be((0, Start + 1));
    }

    [Test]
    public void A_batch_is_numbered_frame_by_frame()
    {
        _outbox.Send(new OutboundBatch([Frame("a"), Frame("b")]));
        Poll(null).Should().Be(("ab", Start + 2));
    }

    [Test]
    public void A_thousand_frames_and_confirmations_keep_their_numbers()
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

    private static OutboundFrame Frame(string text) => new(Encoding.UTF8.GetBytes(text));

    private SendResult Send(params string[] texts) => texts.Select(text => _outbox.Send(Frame(text))).ToList()[^1];

    private (string Text, long Next) Take(bool asStream)
    {
        var frames = new List<OutboundFrame>();
        _outbox.Read(ref _taken, frames, long.MaxValue, asStream).Should().Be(ReadStanding.GoesOn);
        return (string.Concat(frames.Select(frame => Encoding.UTF8.GetString(frame.Payload.Span))), _taken);
    }

    private (string Text, long Next) Poll(long? cursor, int? sentOnly = null, bool ends = false)
    {
        if (sentOnly is not null)
        {
            var first = Start;
            _outbox.Read(ref first, [], 1, asStream: false);
        }

        _outbox.Confirm(cursor, out var from).Should().Be(CursorStanding.Known);
        var frames = new List<OutboundFrame>();
        _outbox.Read(ref from, frames, long.MaxValue, asStream: false).Should().Be(ends ? ReadStanding.Ended : ReadStanding.GoesOn);
        return (string.Concat(frames.Select(frame => Encoding.UTF8.GetString(frame.Payload.Span))), from);
    }
}
