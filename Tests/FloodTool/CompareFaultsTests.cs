using System.Text.Json.Nodes;
using RawSocketChat.Tests.Flood;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.FloodTool;

/// <summary>What a comparison must notice: each of these servers does one thing wrong, once, to one client of a way.</summary>
public sealed class CompareFaultsTests
{
    // Ten of warming up come before: the fifteenth is the fifth that counts, of twenty.
    private const int Bad = 15;

    [TestCase("ws")]
    [TestCase("poll")]
    public async Task A_server_that_does_all_right_passes(string way) => (await CompareAsync(way, seq => [seq])).Should().Be((0, 0, 0, 0));

    [TestCase("ws")]
    [TestCase("poll")]
    public async Task A_message_that_is_lost_is_noticed(string way) => (await CompareAsync(way, seq => seq == Bad ? [] : [seq])).Should().Be((1, 1, 0, 0));

    [TestCase("ws")]
    [TestCase("poll")]
    public async Task A_message_that_is_repeated_is_noticed(string way) => (await CompareAsync(way, seq => seq == Bad ? [seq, seq] : [seq])).Should().Be((1, 0, 1, 0));

    [TestCase("ws")]
    [TestCase("poll")]
    public async Task A_message_that_comes_after_a_newer_one_is_noticed_and_is_not_lost(string way) =>
        (await CompareAsync(way, seq => seq switch { Bad => [], Bad + 1 => [seq, Bad], _ => [seq] })).Should().Be((1, 0, 0, 1));

    [Test]
    public async Task What_is_lost_at_the_very_end_is_waited_for_and_noticed() =>
        // The twenty, and behind them one that is said at the cut: nothing newer shows that it is missing.
        (await CompareAsync("poll", seq => seq == 31 ? [] : [seq])).Should().Be((1, 1, 0, 0));

    private static async Task<(int ExitCode, int Lost, int Repeated, int OutOfOrder)> CompareAsync(string way, Func<int, IEnumerable<int>> deliver)
    {
        using var server = new CompareFakeServer(deliver);
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "result.json");
        using var output = new StringWriter();
        using var error = new StringWriter();
        var exitCode = await FloodCommand.RunAsync(
            ["compare", "--url", server.Url, "--ways", way, "--connections", "1", "--rate", "200", "--seconds", "0.1", "--idle-seconds", "0", "--poll-interval", "0.02", "--patience", "1", "--json", file],
            output, error, CancellationToken.None).OrFail("the comparison");
        File.Exists(file).Should().BeTrue(output.ToString() + error);
        if (exitCode != 0)
            error.ToString().Should().Be($"flood: messages were lost, repeated or out of order{Environment.NewLine}");
        var found = JsonNode.Parse(await File.ReadAllTextAsync(file))!["ways"]![0]!;
        return (exitCode, Of("lost"), Of("repeated"), Of("outOfOrder"));

        int Of(string field) => found[field]!.GetValue<int>();
    }
}
