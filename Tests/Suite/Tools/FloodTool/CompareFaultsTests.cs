using System.Text.Json.Nodes;
using RawSocketChat.Tests.Flood;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Tools.FloodTool;

/// <summary>A comparison must detect faults. In all tests except the first, the fake server causes one fault for the only client of each transport.</summary>
[Category(Categories.Slow)] // runs the load test for seconds
[Parallelizable(ParallelScope.Self)]
public sealed class CompareFaultsTests
{
    // Ten warm-up messages come first, so message 15 is the fifth of the twenty measured messages.
    private const int FaultySeq = 15;

    [Test]
    public Task Comparison_passes_a_server_without_faults() => ExpectAsync("ws,poll", seq => [seq], 0, (0, 0, 0));

    [Test]
    public Task Comparison_detects_a_lost_message() => ExpectAsync("ws,poll", seq => seq == FaultySeq ? [] : [seq], 1, (1, 0, 0));

    [Test]
    public Task Comparison_detects_a_repeated_message() => ExpectAsync("ws,poll", seq => seq == FaultySeq ? [seq, seq] : [seq], 1, (0, 1, 0));

    [Test]
    public Task Comparison_counts_a_late_message_as_out_of_order_and_not_as_lost() =>
        ExpectAsync("ws,poll", seq => seq switch { FaultySeq => [], FaultySeq + 1 => [seq, FaultySeq], _ => [seq] }, 1, (0, 0, 1));

    [Test]
    public Task Comparison_waits_for_a_missing_last_message_and_counts_it_as_lost() =>
        // Ten warm-up messages and twenty measured messages come first. Message 31 is published after the comparison has cut the client. No later
        // message shows that message 31 is missing.
        ExpectAsync("poll", seq => seq == 31 ? [] : [seq], 1, (1, 0, 0));

    // A comparison takes some seconds, because it waits until no more frames arrive. So most tests compare two transports at the same time.
    private static async Task ExpectAsync(string transports, Func<int, IEnumerable<int>> deliver, int expectedExitCode, (int Lost, int Repeated, int OutOfOrder) expected)
    {
        using var server = new CompareFakeServer(deliver);
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "result.json");
        using var output = new StringWriter();
        using var error = new StringWriter();
        var exitCode = await FloodCommand.RunAsync(
            ["compare", "--url", server.Url, "--transports", transports, "--connections", "1", "--rate", "200", "--seconds", "0.1", "--idle-seconds", "0", "--poll-interval", "0.02", "--patience", "1", "--json", file],
            output, error, CancellationToken.None).OrFail("the comparison");
        File.Exists(file).Should().BeTrue(output.ToString() + error);
        if (exitCode != 0)
            error.ToString().Should().Be($"flood: messages were lost, repeated or out of order{Environment.NewLine}");
        exitCode.Should().Be(expectedExitCode);
        JsonNode.Parse(await File.ReadAllTextAsync(file))!["ways"]!.AsArray().Select(result => (Get(result!, "way"), Get(result!, "lost"), Get(result!, "repeated"), Get(result!, "outOfOrder")))
            .Should().Equal(transports.Split(',').Select(transport => (transport, $"{expected.Lost}", $"{expected.Repeated}", $"{expected.OutOfOrder}")));

        static string Get(JsonNode result, string field) => result[field]!.ToString();
    }
}
