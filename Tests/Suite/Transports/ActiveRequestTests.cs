using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Transports.Http;

namespace RawSocketChat.Tests.Transports;

/// <summary>The requests that read a session's frames: takeover, cursors, and blocked peers.</summary>
public sealed class ActiveRequestTests
{
    private readonly FakeTimeProvider _time = new();

    [Test]
    public void Session_is_blocked_only_by_its_current_request()
    {
        var session = NewSession();
        using var first = BeginRead(session, null);
        first.SetFlushing(true);
        _time.Advance(TimeSpan.FromSeconds(29));
        session.Outbox.BlockedFor.Should().Be(TimeSpan.FromSeconds(29));

        using var second = BeginRead(session, null);
        _time.Advance(TimeSpan.FromSeconds(1));
        session.Outbox.BlockedFor.Should().Be(TimeSpan.Zero, "the newer request is not blocked");

        second.SetFlushing(true);
        first.SetFlushing(false);
        _time.Advance(TimeSpan.FromSeconds(5));
        session.Outbox.BlockedFor.Should().Be(TimeSpan.FromSeconds(5), "the older request has no effect");
    }

    [Test]
    public async Task Newer_of_two_concurrent_requests_takes_over()
    {
        using var bothReady = new Barrier(2);
        for (var i = 0; i < 5_000; i++)
        {
            var session = NewSession();
            session.Outbox.Send(new EncodedBatch([Frame, Frame]));
            long start;
            using (var first = BeginRead(session, null))
            {
                session.Read(first, [], long.MaxValue, asStream: false);
                start = first.Cursor;
            }

            var older = Task.Run(() => BeginConcurrentRead(start - 1));
            var newer = Task.Run(() => BeginConcurrentRead(start));
            using var behind = await older;
            using var ahead = await newer;
            (behind.IsTakenOver, ahead.IsTakenOver).Should().Be((true, false), "the newer request has confirmed the frames that the older request would read");

            ActiveRequest BeginConcurrentRead(long cursor)
            {
                bothReady.SignalAndWait();
                return BeginRead(session, cursor);
            }
        }
    }

    [Test]
    public void Session_is_never_abandoned_while_a_long_request_ends()
    {
        var clock = new ObservedClock();
        var session = NewSession(clock);
        var request = BeginRead(session, null);
        clock.Advance(TimeSpan.FromHours(3));
        List<bool> abandoned = [];
        clock.OnRead = _ =>
        {
            // IsAbandoned also reads the clock. Remove this callback first, because that read must not run the callback again.
            clock.OnRead = _ => { };
            abandoned.Add(((IConnectionTransport)session).IsAbandoned);
        };

        session.EndRead(request, isEndDelivered: false);

        abandoned.Should().Equal([false], "the request was active when the session recorded the time");
        ((IConnectionTransport)session).IsAbandoned.Should().BeFalse();
    }

    [Test]
    public void Request_that_was_taken_over_reads_nothing()
    {
        var session = NewSession();
        session.Outbox.Send(Frame);
        using var older = BeginRead(session, null);
        using var newer = BeginRead(session, null);

        var frames = new List<EncodedFrame>();
        session.Read(older, frames, long.MaxValue, asStream: true).Should().Be(ReadStatus.Behind);
        frames.Should().BeEmpty();
        session.Read(newer, frames, long.MaxValue, asStream: true).Should().Be(ReadStatus.Open);
        frames.Should().ContainSingle();
    }

    [Test]
    public void Cursor_of_an_earlier_connection_confirms_nothing()
    {
        var earlier = NewSession();
        _time.Advance(TimeSpan.FromMilliseconds(2));
        var current = NewSession();
        foreach (var session in new[] { earlier, current })
            session.Outbox.Send(new EncodedBatch([Frame, Frame, Frame]));
        using var first = BeginRead(earlier, null);
        earlier.Read(first, [], long.MaxValue, asStream: false);
        using var second = BeginRead(current, null);
        current.Read(second, [], long.MaxValue, asStream: false);

        using var reader = BeginRead(current, first.Cursor - 1);
        var frames = new List<EncodedFrame>();
        current.Read(reader, frames, long.MaxValue, asStream: false);
        frames.Should().HaveCount(3, "no frame was confirmed");
    }

    [Test]
    public void Cursors_stay_in_the_safe_integer_range_of_JavaScript()
    {
        _time.SetUtcNow(new DateTimeOffset(2200, 1, 1, 0, 0, 0, TimeSpan.Zero));
        using var request = BeginRead(NewSession(), null);
        request.Cursor.Should().BeInRange(2, (1L << 53) - (1L << 40));
    }

    [Test]
    public async Task Poll_that_is_taken_over_gets_the_close_message_after_its_frames()
    {
        var session = NewSession();
        session.Outbox.Send(Frame);
        var older = BeginRead(session, null);
        var start = older.Cursor;
        using var body = new MemoryStream();
        var context = new DefaultHttpContext { Response = { Body = body } };
        // The poll reads the clock when it begins (1), and after each read of frames (2).
        var clock = new ObservedClock();
        clock.OnRead = reads =>
        {
            if (reads == 2)
                BeginRead(session, null).Dispose();
        };

        await SessionRequests.AnswerPollAsync(context, older, TimeSpan.FromSeconds(25), clock);

        Encoding.UTF8.GetString(body.ToArray()).Should().Be($$"""{"next":{{start + 1}},"frames":[{},{"type":"bye"}]}""");
    }

    private static EncodedFrame Frame => new("{}"u8.ToArray());

    private HttpSession NewSession(TimeProvider? time = null) =>
        new("token", "remote", new HttpEndpoint { Handlers = new SilentHandler() }, new HttpOptions(), new ConnectionOptions(), time ?? _time);

    private static ActiveRequest BeginRead(HttpSession session, long? cursor) =>
        session.BeginRead(cursor, "poll", CancellationToken.None) ?? throw new AssertionException($"cursor {cursor} is not known");

    /// <summary>Reports each read of the clock.</summary>
    private sealed class ObservedClock : TimeProvider
    {
        private int _reads;
        private long _advanced;

        public Action<int> OnRead { get; set; } = _ => { };

        public override long GetTimestamp()
        {
            OnRead(++_reads);
            return base.GetTimestamp() + _advanced;
        }

        public void Advance(TimeSpan by) => _advanced += (long)(by.TotalSeconds * TimestampFrequency);
    }

    private sealed class SilentHandler : IConnectionHandlerFactory, IConnectionHandler
    {
        public IConnectionHandler Create(Connection connection) => this;

        public ValueTask OnOpenedAsync() => default;

        public ValueTask OnMessageAsync(ReadOnlyMemory<byte> message, MessageKind kind, IFrameSink answers) => default;

        public ValueTask OnMessageTooBigAsync(int limitBytes) => default;

        public ValueTask OnClosedAsync() => default;

        public EncodedFrame? CreateCloseMessage(Disconnect reason) => new("{\"type\":\"bye\"}"u8.ToArray());

        public EncodedFrame? CreateSlowConsumerNotice(long queuedBytes, long limitBytes) => null;
    }
}
