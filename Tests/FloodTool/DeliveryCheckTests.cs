using RawSocketChat.Tests.Flood.Checks;

namespace RawSocketChat.Tests.FloodTool;

public class DeliveryCheckTests
{
    private const ulong FirstThree = 0b111;

    [Test]
    public void Finds_nothing_wrong_where_every_message_comes_once_and_in_order()
    {
        var check = Observed((11, 0), (12, 1), (13, 2));
        check.Delivered.Should().Be(3);
        In(check).Should().Be(new Faults());
    }

    [Test]
    public void Counts_a_message_that_never_came_as_lost() =>
        In(Observed((11, 0), (13, 2))).Should().Be(new Faults(Lost: 1, Holes: 1));

    [Test]
    public void Counts_a_last_message_that_never_came_as_lost_though_no_hole_shows_it() =>
        In(Observed((11, 0), (12, 1))).Should().Be(new Faults(Lost: 1));

    [Test]
    public void Misses_the_very_first_event_after_the_join() =>
        In(Observed((12, 0), (13, 1), (14, 2))).Should().Be(new Faults(Holes: 1));

    [Test]
    public void Counts_a_message_that_comes_again_as_repeated()
    {
        var check = Observed((11, 0), (12, 1), (12, 1), (13, 2), (11, 0));
        check.Delivered.Should().Be(3);
        In(check).Should().Be(new Faults(Repeated: 2));
    }

    [Test]
    public void Counts_a_message_that_was_stored_twice_as_repeated() =>
        In(Observed((11, 0), (12, 1), (13, 1), (14, 2))).Should().Be(new Faults(Repeated: 1));

    [Test]
    public void Counts_a_message_that_comes_after_a_later_one_as_out_of_order_and_not_as_lost()
    {
        var check = Observed((11, 0), (13, 2), (12, 1));
        check.Delivered.Should().Be(3);
        In(check).Should().Be(new Faults(OutOfOrder: 1));
    }

    [Test]
    public void Takes_an_event_from_before_the_join_as_repeated() =>
        In(Observed((10, -1), (11, 0), (12, 1), (13, 2))).Should().Be(new Faults(Repeated: 1));

    [Test]
    public void Somebody_elses_events_count_in_the_order_only()
    {
        var check = Observed((11, 0), (12, -1), (13, 1), (14, -1), (15, 2));
        check.Delivered.Should().Be(3);
        In(check).Should().Be(new Faults());
    }

    [Test]
    public void Says_whether_a_message_is_new()
    {
        var check = new DeliveryCheck(joinedSeq: 10, messages: 3);
        check.Observe(11, 0).Should().BeTrue();
        check.Observe(11, 0).Should().BeFalse();
        check.Observe(12, -1).Should().BeFalse();
    }

    [Test]
    public void Asks_only_for_what_was_published() =>
        Observed((11, 0)).Lost([0b001]).Should().Be(0);

    private static DeliveryCheck Observed(params (long Seq, int Message)[] events)
    {
        var check = new DeliveryCheck(joinedSeq: 10, messages: 3);
        foreach (var (seq, message) in events) check.Observe(seq, message);
        return check;
    }

    private static Faults In(DeliveryCheck check) =>
        new(check.Lost([FirstThree]), check.Holes, check.Repeated, check.OutOfOrder);

    private sealed record Faults(long Lost = 0, long Holes = 0, long Repeated = 0, long OutOfOrder = 0);
}
