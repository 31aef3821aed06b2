using System.Diagnostics;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Flood.Compare;

namespace RawSocketChat.Tests.Tools.FloodTool;

/// <summary>Tests of <see cref="Arrivals"/>: the counts and latencies of one client of a comparison.</summary>
public sealed class CompareArrivalsTests
{
    private readonly TimestampedText _texts = new("c1", 64);
    private readonly StoppedClock _time = new();
    private DeliveryLatencies _latencies = null!;
    private Arrivals _arrivals = null!;

    [SetUp]
    public void CreateArrivals()
    {
        _latencies = new DeliveryLatencies();
        _arrivals = new Arrivals(_texts, _latencies, _time);
        _arrivals.SetJoinedSeq(10);
    }

    [Test]
    public void Messages_that_arrive_in_order_are_no_fault()
    {
        Receive(11, 12, 13);
        GetCounts().Should().Be((3, 0, 0, 0));
    }

    [Test]
    public void Hole_remains_until_the_late_message_arrives()
    {
        Receive(11, 14);
        GetCounts().Should().Be((2, 2, 0, 0));
        Receive(12);
        GetCounts().Should().Be((3, 1, 0, 1));
        Receive(12, 14);
        GetCounts().Should().Be((3, 1, 2, 1), "a message that arrives twice is repeated, whether it was late or not");
    }

    [Test]
    public void Event_from_before_the_join_counts_as_repeated()
    {
        Receive(10);
        GetCounts().Should().Be((0, 0, 1, 0));
    }

    [Test]
    public void Event_that_is_not_a_message_uses_a_seq_but_is_not_counted()
    {
        _arrivals.AddMessage(Message(11, "hi there all you people"));
        _arrivals.AddOtherEvent(12);
        Receive(13);
        GetCounts().Should().Be((1, 0, 0, 0));
    }

    [Test]
    public void Wait_completes_when_every_message_has_arrived_or_counts_as_a_hole()
    {
        var all = _arrivals.WaitForCountAsync(3);
        Receive(11);
        all.IsCompleted.Should().BeFalse();
        Receive(13);
        all.IsCompleted.Should().BeTrue("the second message is a hole");
    }

    [Test]
    public void Wire_frame_applies_to_the_messages_since_the_previous_wire_frame()
    {
        Receive(11, 12);
        _latencies.HasWireTimes.Should().BeFalse();
        _arrivals.AddWireTime(new WireFrame(_time.GetUtcNow()));
        _arrivals.AddWireTime(new WireFrame(_time.GetUtcNow().AddHours(1)));
        _latencies.ToWire.Max.Should().BeLessThan(60_000, "no message arrived between the two wire frames");
        _latencies.HasWireTimes.Should().BeTrue();
    }

    [Test]
    public void Wire_frame_splits_the_latency_into_two_parts()
    {
        // The message was sent a minute ago, and handed to the connection ten seconds ago. Server and client have the same clock.
        var sent = _time.GetTimestamp() - (60 * Stopwatch.Frequency);
        _arrivals.AddMessage(Message(11, $"c1 0 {sent - Stopwatch.Frequency} {sent} xxx"));
        _arrivals.AddWireTime(new WireFrame(_time.GetUtcNow().AddSeconds(-10)));
        ShouldBeAbout(_latencies.FromDue.P50, 61_000);
        ShouldBeAbout(_latencies.FromSend.P50, 60_000);
        ShouldBeAbout(_latencies.ToWire.P50, 50_000);
        ShouldBeAbout(_latencies.WireToClient.P50, 10_000);

        // Compares whole seconds, because a histogram has a precision of three digits.
        static void ShouldBeAbout(double value, double expected) => Math.Round(value / 1000).Should().Be(expected / 1000);
    }

    [Test]
    public void Wire_frame_does_not_apply_to_messages_of_a_connection_that_was_cut()
    {
        Receive(11);
        _arrivals.DiscardPending();
        _arrivals.AddWireTime(new WireFrame(_time.GetUtcNow()));
        _latencies.HasWireTimes.Should().BeFalse();
    }

    [Test]
    public void Warm_up_message_is_counted_but_not_measured()
    {
        _arrivals.AddMessage(Message(11, _texts.Create(TimestampedText.Untimed, 0)));
        GetCounts().Should().Be((1, 0, 0, 0));
        _latencies.FromDue.Max.Should().Be(0);
    }

    [Test]
    public void Text_has_the_requested_length_and_can_be_parsed()
    {
        var text = _texts.Create(7, 12345);
        text.Should().HaveLength(64);
        _texts.TryParse(text, out var number, out var dueAt, out var sentAt).Should().BeTrue();
        (number, dueAt).Should().Be((7, 12345));
        sentAt.Should().BePositive().And.BeLessThanOrEqualTo(Stopwatch.GetTimestamp());
        new TimestampedText("c2", 64).TryParse(text, out _, out _, out _).Should().BeFalse("the text belongs to another run");
    }

    private void Receive(params long[] seqs)
    {
        foreach (var seq in seqs)
            _arrivals.AddMessage(Message(seq, _texts.Create((int)seq, Stopwatch.GetTimestamp())));
    }

    private (long Count, long Holes, long Repeated, long OutOfOrder) GetCounts() => (_arrivals.Count, _arrivals.Holes, _arrivals.Repeated, _arrivals.OutOfOrder);

    /// <summary>A clock that does not advance.</summary>
    private sealed class StoppedClock : TimeProvider
    {
        private readonly long _now = Stopwatch.GetTimestamp();

        public override long GetTimestamp() => _now;

        public override DateTimeOffset GetUtcNow() => new(2026, 11, 23, 10, 2, 31, TimeSpan.Zero);
    }

    private MessageFrame Message(long seq, string text) => new("lobby", seq, _time.GetUtcNow(), new Person("u", "ann"), text);
}
