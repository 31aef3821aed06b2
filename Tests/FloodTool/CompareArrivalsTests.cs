using System.Diagnostics;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Flood.Compare;

namespace RawSocketChat.Tests.FloodTool;

/// <summary>What one client of a comparison makes of what comes: counts and times.</summary>
public sealed class CompareArrivalsTests
{
    private readonly LatencyClock _clock = new("c1", 64);
    private readonly StoppedClock _wall = new();
    private Delays _delays = null!;
    private Arrivals _arrivals = null!;

    [SetUp]
    public void MakeArrivals()
    {
        _delays = new Delays();
        _arrivals = new Arrivals(_clock, _delays, _wall);
        _arrivals.Begin(10);
    }

    [Test]
    public void What_comes_in_order_is_counted_alone()
    {
        Come(11, 12, 13);
        Counted().Should().Be((3, 0, 0, 0));
    }

    [Test]
    public void A_hole_stays_until_it_is_filled_late()
    {
        Come(11, 14);
        Counted().Should().Be((2, 2, 0, 0));
        Come(12);
        Counted().Should().Be((3, 1, 0, 1));
        Come(12, 14);
        Counted().Should().Be((3, 1, 2, 1), "what came twice is repeated, whether it was late or not");
    }

    [Test]
    public void What_was_there_before_one_came_is_a_repeat()
    {
        Come(10);
        Counted().Should().Be((0, 0, 1, 0));
    }

    [Test]
    public void What_others_say_takes_its_place_and_is_not_counted()
    {
        _arrivals.Add(Message(11, "hi there all you people"));
        _arrivals.Pass(12);
        Come(13);
        Counted().Should().Be((1, 0, 0, 0));
    }

    [Test]
    public void Who_waits_is_told_when_all_have_come_or_were_passed_over()
    {
        var all = _arrivals.HasAsync(3);
        Come(11);
        all.IsCompleted.Should().BeFalse();
        Come(13);
        all.IsCompleted.Should().BeTrue("the second is lost, and is not waited for");
    }

    [Test]
    public void A_stamp_splits_what_has_come_since_the_last_one()
    {
        Come(11, 12);
        _delays.IsSplit.Should().BeFalse();
        _arrivals.Stamp(new WireFrame(_wall.GetUtcNow()));
        _arrivals.Stamp(new WireFrame(_wall.GetUtcNow().AddHours(1)));
        _delays.ToWire.Max.Should().BeLessThan(60_000, "the second stamp has nothing to tell of");
        _delays.IsSplit.Should().BeTrue();
    }

    [Test]
    public void The_two_parts_are_told_apart()
    {
        // Sent a minute ago, and handed over ten seconds ago, by the server's clock, which is this one.
        var sent = _wall.GetTimestamp() - (60 * Stopwatch.Frequency);
        _arrivals.Add(Message(11, $"c1 0 {sent - Stopwatch.Frequency} {sent} xxx"));
        _arrivals.Stamp(new WireFrame(_wall.GetUtcNow().AddSeconds(-10)));
        ShouldBeAbout(_delays.FromDue.P50, 61_000);
        ShouldBeAbout(_delays.FromSend.P50, 60_000);
        ShouldBeAbout(_delays.ToWire.P50, 50_000);
        ShouldBeAbout(_delays.WireToClient.P50, 10_000);

        // A histogram keeps three digits.
        static void ShouldBeAbout(double value, double expected) => Math.Round(value / 1000).Should().Be(expected / 1000);
    }

    [Test]
    public void What_came_by_a_line_that_was_cut_is_not_split_by_the_stamp_of_another()
    {
        Come(11);
        _arrivals.Forget();
        _arrivals.Stamp(new WireFrame(_wall.GetUtcNow()));
        _delays.IsSplit.Should().BeFalse();
    }

    [Test]
    public void What_is_said_to_warm_up_is_counted_and_not_timed()
    {
        _arrivals.Add(Message(11, _clock.Write(LatencyClock.Untimed, 0)));
        Counted().Should().Be((1, 0, 0, 0));
        _delays.FromDue.Max.Should().Be(0);
    }

    [Test]
    public void A_text_is_as_long_as_was_asked_for_and_tells_what_was_written()
    {
        var text = _clock.Write(7, 12345);
        text.Should().HaveLength(64);
        _clock.TryRead(text, out var number, out var dueAt, out var sentAt).Should().BeTrue();
        (number, dueAt).Should().Be((7, 12345));
        sentAt.Should().BePositive().And.BeLessThanOrEqualTo(Stopwatch.GetTimestamp());
        new LatencyClock("c2", 64).TryRead(text, out _, out _, out _).Should().BeFalse("that is another run's");
    }

    private void Come(params long[] seqs)
    {
        foreach (var seq in seqs)
            _arrivals.Add(Message(seq, _clock.Write((int)seq, Stopwatch.GetTimestamp())));
    }

    private (long Count, long Holes, long Repeated, long OutOfOrder) Counted() => (_arrivals.Count, _arrivals.Holes, _arrivals.Repeated, _arrivals.OutOfOrder);

    /// <summary>It is now, on both clocks, and stays so.</summary>
    private sealed class StoppedClock : TimeProvider
    {
        private readonly long _now = Stopwatch.GetTimestamp();

        public override long GetTimestamp() => _now;

        public override DateTimeOffset GetUtcNow() => new(2026, 11, 23, 10, 2, 31, TimeSpan.Zero);
    }

    private MessageFrame Message(long seq, string text) => new("lobby", seq, _wall.GetUtcNow(), new Person("u", "ann"), text);
}
