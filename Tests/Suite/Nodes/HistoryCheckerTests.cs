using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Nodes.HistoryRecord;

namespace RawSocketChat.Tests.Nodes;

/// <summary>The checker finds each kind of violation.</summary>
public sealed class HistoryCheckerTests
{
    private static readonly HistoryRecord[] Good =
    [
        new Joined("a", "r", "e", 0, true),
        new Joined("b", "r", "e", 0, true),
        new Sent("a", "r", "a.1"),
        new Acknowledged("a", "r", "a.1", 1, false),
        new Sent("b", "r", "b.1"),
        new Delivered("a", "r", 1, "a.1"),
        new Delivered("b", "r", 1, "a.1"),
        new Acknowledged("b", "r", "b.1", 2, false),
        new Delivered("b", "r", 2, "b.1"),
        new Joined("a", "r", "e", 1, true),
        new Delivered("a", "r", 2, "b.1"),
        new Sent("a", "r", "a.1"),
        new Acknowledged("a", "r", "a.1", 1, true),
    ];

    private static readonly Dictionary<long, string> GoodLog = new() { [1] = "a.1", [2] = "b.1" };

    [Test]
    public void Correct_history_has_no_violation() => Check(Good, GoodLog).Should().BeEmpty();

    [Test]
    public void Another_message_with_the_same_seq_is_found() =>
        Check(Replace(6, new Delivered("b", "r", 1, "b.1")), GoodLog).Should().Contain(violation => violation.Contains("another client received", StringComparison.Ordinal));

    [Test]
    public void Message_with_two_seqs_is_found() =>
        Check(Replace(12, new Acknowledged("a", "r", "a.1", 3, false)), GoodLog).Should().Contain(violation => violation.Contains("it is also 1", StringComparison.Ordinal));

    [Test]
    public void Message_that_nobody_sent_is_found() =>
        Check([.. Good, new Delivered("a", "r", 3, "ghost")], GoodLog).Should().Contain(violation => violation.Contains("nobody had sent", StringComparison.Ordinal));

    [Test]
    public void Hole_is_found() => Check([.. Good.Where((_, i) => i != 6)], GoodLog).Should().Contain("b received 2 in r after 0");

    [Test]
    public void Repetition_is_found() => Check([.. Good, new Delivered("b", "r", 2, "b.1")], GoodLog).Should().Contain("b received 2 in r after 2");

    [Test]
    public void Lost_events_are_found() => Check(Replace(9, new Joined("a", "r", "e", 1, false)), GoodLog).Should().Contain("a has lost events of r after 1");

    [Test]
    public void Gap_is_found() => Check([.. Good, new Lost("a", "r", 3, 4)], GoodLog).Should().Contain("a received a gap from 3 to 4 in r");

    [Test]
    public void New_epoch_is_found() => Check(Replace(9, new Joined("a", "r", "f", 1, true)), GoodLog).Should().Contain("a joined r with the epoch f; it was e");

    [Test]
    public void Own_copy_before_the_ack_is_found() =>
        Check([.. Good[..3], Good[5], Good[3], Good[4], .. Good[6..]], GoodLog).Should().Contain("a received its own \"a.1\" in r before the ack");

    [Test]
    public void Duplicate_of_a_message_that_was_sent_once_is_found() =>
        Check(Replace(3, new Acknowledged("a", "r", "a.1", 1, true)), GoodLog).Should().Contain("a sent \"a.1\" once, but the ack says that it is a duplicate");

    [Test]
    public void Message_with_a_lower_seq_than_an_earlier_acknowledged_message_is_found() => Check(
        [new Joined("a", "r", "e", 0, true), new Sent("a", "r", "a.1"), new Acknowledged("a", "r", "a.1", 2, false), new Sent("b", "r", "b.1"), new Acknowledged("b", "r", "b.1", 1, false)],
        new() { [1] = "b.1", [2] = "a.1" }).Should().Contain("\"b.1\" got the seq 1 in r, although 2 was acknowledged before the message was sent");

    [Test]
    public void Acknowledged_message_that_the_log_does_not_have_is_found() =>
        Check(Good, new() { [1] = "a.1" }).Should().Contain("b received \"b.1\" as 2 in r, but the log does not have it");

    [Test]
    public void Message_that_the_log_has_twice_is_found() =>
        Check(Good, new() { [1] = "a.1", [2] = "b.1", [3] = "b.1" }).Should().Contain("r has \"b.1\" 2 times");

    [Test]
    public void History_is_read_from_its_file()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "history");
        using (var history = new ChatHistory(path))
        {
            foreach (var record in Good)
                history.Add(record);
        }

        ChatHistory.Read(path).Should().Equal(Good);
    }

    private static IReadOnlyList<string> Check(IReadOnlyList<HistoryRecord> records, Dictionary<long, string> log) =>
        HistoryChecker.Check(records, new Dictionary<string, IReadOnlyDictionary<long, string>> { ["r"] = log });

    private static HistoryRecord[] Replace(int index, HistoryRecord record) => [.. Good[..index], record, .. Good[(index + 1)..]];
}
