using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Transports.Http;

namespace RawSocketChat.Tests.Transports;

/// <summary>Which of a session's requests goes on, where from, and which is stuck.</summary>
public sealed class AttendanceTests
{
    private readonly FakeTimeProvider _time = new();

    [Test]
    public void A_request_that_was_taken_over_is_stuck_for_itself_alone()
    {
        var session = NewSession();
        using var first = Ask(session, null).Attendance;
        first.SetFlushing(true);
        _time.Advance(TimeSpan.FromSeconds(29));
        session.Outbox.StuckFor.Should().Be(TimeSpan.FromSeconds(29));

        using var second = Ask(session, null).Attendance;
        _time.Advance(TimeSpan.FromSeconds(1));
        session.Outbox.StuckFor.Should().Be(TimeSpan.Zero, "the newer one flows");

        second.SetFlushing(true);
        first.SetFlushing(false);
        _time.Advance(TimeSpan.FromSeconds(5));
        session.Outbox.StuckFor.Should().Be(TimeSpan.FromSeconds(5), "what becomes of the older one does not mend it");
    }

    [Test]
    public async Task Of_two_that_come_at_once_the_newer_goes_on_and_the_other_is_told()
    {
        using var bothReady = new Barrier(2);
        for (var i = 0; i < 5_000; i++)
        {
            var session = NewSession();
            session.Outbox.Send(new OutboundBatch([Frame, Frame]));
            var (first, start) = Ask(session, null);
            session.Outbox.Read(ref start, [], long.MaxValue, asStream: false);
            first.Dispose();

            var older = Task.Run(() => AskWithTheOther(start - 1));
            var newer = Task.Run(() => AskWithTheOther(start));
            using var behind = await older;
            using var ahead = await newer;
            (behind.IsTakenOver, ahead.IsTakenOver).Should().Be((true, false), "the newer one has confirmed what the other would get");

            Attendance AskWithTheOther(long cursor)
            {
                bothReady.SignalAndWait();
                return Ask(session, cursor).Attendance;
            }
        }
    }

    [Test]
    public void One_that_was_taken_over_takes_nothing_from_the_newer_one()
    {
        var session = NewSession();
        session.Outbox.Send(Frame);
        var (older, cursor) = Ask(session, null);
        var (newer, again) = Ask(session, null);
        using (older)
        using (newer)
        {
            var frames = new List<OutboundFrame>();
            session.Read(older, ref cursor, frames, long.MaxValue, asStream: true).Should().Be(ReadStanding.Behind);
            frames.Should().BeEmpty();
            session.Read(newer, ref again, frames, long.MaxValue, asStream: true).Should().Be(ReadStanding.GoesOn);
            frames.Should().ContainSingle();
        }
    }

    [Test]
    public void No_cursor_of_an_earlier_life_is_taken_for_one_of_this()
    {
        var earlier = NewSession();
        _time.Advance(TimeSpan.FromMilliseconds(2));
        var now = NewSession();
        foreach (var session in new[] { earlier, now })
            session.Outbox.Send(new OutboundBatch([Frame, Frame, Frame]));
        var (first, cursor) = Ask(earlier, null);
        earlier.Outbox.Read(ref cursor, [], long.MaxValue, asStream: false);
        first.Dispose();
        var (second, all) = Ask(now, null);
        now.Outbox.Read(ref all, [], long.MaxValue, asStream: false);
        second.Dispose();

        var (reader, from) = Ask(now, cursor - 1);
        using var _ = reader;
        var frames = new List<OutboundFrame>();
        now.Outbox.Read(ref from, frames, long.MaxValue, asStream: false);
        frames.Should().HaveCount(3, "none of them was confirmed");
    }

    [Test]
    public void Cursors_stay_where_JavaScript_counts_one_by_one()
    {
        _time.SetUtcNow(new DateTimeOffset(2200, 1, 1, 0, 0, 0, TimeSpan.Zero));
        var (attendance, from) = Ask(NewSession(), null);
        attendance.Dispose();
        from.Should().BeInRange(2, (1L << 53) - (1L << 40));
    }

    [Test]
    public async Task A_poll_that_is_taken_over_once_it_has_frames_is_told_behind_them()
    {
        var session = NewSession();
        session.Outbox.Send(Frame);
        var older = session.Attend(null, "longpoll", CancellationToken.None, out var from)!;
        using var body = new MemoryStream();
        var context = new DefaultHttpContext { Response = { Body = body } };
        // It looks at the clock when it begins, and then each time it has read.
        var clock = new Clock();
        clock.Looked = looks =>
        {
            if (looks == 2)
                session.Attend(null, "longpoll", CancellationToken.None, out _)!.Dispose();
        };

        await PollAnswer.RunAsync(context, new Reading(session, older, from), TimeSpan.FromSeconds(25), clock);

        Encoding.UTF8.GetString(body.ToArray()).Should().Be($$"""{"next":{{from + 1}},"frames":[{},{"type":"bye"}]}""");
    }

    private static OutboundFrame Frame => new("{}"u8.ToArray());

    private HttpSession NewSession() => new("token", "here", new HttpEndpoint { Handlers = new Mute() }, new HttpOptions(), new ConnectionOptions(), _time);

    private static (Attendance Attendance, long From) Ask(HttpSession session, long? cursor)
    {
        var attendance = session.Attend(cursor, "poll", CancellationToken.None, out var from);
        return (attendance ?? throw new AssertionException($"{cursor} is not known"), from);
    }

    /// <summary>Tells each look at it.</summary>
    private sealed class Clock : TimeProvider
    {
        private int _looks;

        public Action<int> Looked { get; set; } = _ => { };

        public override long GetTimestamp()
        {
            Looked(++_looks);
            return base.GetTimestamp();
        }
    }

    private sealed class Mute : IConnectionHandlerFactory, IConnectionHandler
    {
        public IConnectionHandler Create(Connection connection) => this;

        public ValueTask OpenedAsync() => default;

        public ValueTask ReceivedAsync(ReadOnlyMemory<byte> message, MessageKind kind, IFrameSink answers) => default;

        public ValueTask ReceivedTooBigAsync(int limitBytes) => default;

        public ValueTask ClosedAsync() => default;

        public OutboundFrame? Farewell(Disconnect reason) => new("{\"type\":\"bye\"}"u8.ToArray());

        public OutboundFrame? Lagging(long queuedBytes, long limitBytes) => null;
    }
}
