using RawSocketChat.Tests.Flood.Checks;

namespace RawSocketChat.Tests.Tools.FloodTool;

/// <summary>Tests of <see cref="DeliveryCheck"/> with sequences of events.</summary>
public class DeliveryCheckTests
{
    private const ulong FirstThree = 0b111;

    [Test]
    public void Check_finds_no_fault_if_every_message_arrives_once_and_in_order()
    {
        var check = Observe((11, 0), (12, 1), (13, 2));
        check.Delivered.Should().Be(3);
        FindFaults(check).Should().Be(new Faults());
    }

    [Test]
    public void Check_counts_a_missing_message_as_lost() =>
        FindFaults(Observe((11, 0), (13, 2))).Should().Be(new Faults(Lost: 1, Holes: 1));

    [Test]
    public void Check_counts_a_missing_last_message_as_lost_but_not_as_a_hole() =>
        FindFaults(Observe((11, 0), (12, 1))).Should().Be(new Faults(Lost: 1));

    [Test]
    public void Check_counts_a_missing_first_event_as_a_hole() =>
        FindFaults(Observe((12, 0), (13, 1), (14, 2))).Should().Be(new Faults(Holes: 1));

    [Test]
    public void Check_counts_a_message_that_arrives_again_as_repeated()
    {
        var check = Observe((11, 0), (12, 1), (12, 1), (13, 2), (11, 0));
        check.Delivered.Should().Be(3);
        FindFaults(check).Should().Be(new Faults(Repeated: 2));
    }

    [Test]
    public void Check_counts_a_message_with_two_seqs_as_repeated() =>
        FindFaults(Observe((11, 0), (12, 1), (13, 1), (14, 2))).Should().Be(new Faults(Repeated: 1));

    [Test]
    public void Check_counts_a_late_message_as_out_of_order_and_not_as_lost()
    {
        var check = Observe((11, 0), (13, 2), (12, 1));
        check.Delivered.Should().Be(3);
        FindFaults(check).Should().Be(new Faults(OutOfOrder: 1));
    }

    [Test]
    public void Check_counts_an_event_from_before_the_join_as_repeated() =>
        FindFaults(Observe((10, -1), (11, 0), (12, 1), (13, 2))).Should().Be(new Faults(Repeated: 1));

    [Test]
    public void Event_that_is_not_a_message_uses_a_seq_but_is_not_counted()
    {
        var check = Observe((11, 0), (12, -1), (13, 1), (14, -1), (15, 2));
        check.Delivered.Should().Be(3);
        FindFaults(check).Should().Be(new Faults());
    }

    [Test]
    public void Observe_returns_whether_a_message_is_new()
    {
        var check = new DeliveryCheck(joinedSeq: 10, messages: 3);
        check.Observe(11, 0).Should().BeTrue();
        check.Observe(11, 0).Should().BeFalse();
        check.Observe(12, -1).Should().BeFalse();
    }

    [Test]
    public void CountLost_counts_only_expected_messages() =>
        Observe((11, 0)).CountLost([0b001]).Should().Be(0);

    private static DeliveryCheck Observe(params (long Seq, int Message)[] events)
    {
        var check = new DeliveryCheck(joinedSeq: 10, messages: 3);
        foreach (var (seq, message) in events) check.Observe(seq, message);
        return check;
    }

    private static Faults FindFaults(DeliveryCheck check) =>
        new(check.CountLost([FirstThree]), check.Holes, check.Repeated, check.OutOfOrder);

    private sealed record Faults(long Lost = 0, long Holes = 0, long Repeated = 0, long OutOfOrder = 0);
}
