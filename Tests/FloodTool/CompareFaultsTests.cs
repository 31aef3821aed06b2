using System.Text.Json.Nodes;
using RawSocketChat.Tests.Flood;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.FloodTool;

/// <summary>What a comparison must notice: each of these servers does one thing wrong, once, to one client of a way.</summary>
public sealed class CompareFaultsTests
{
    // Ten of warming up come before: the fifteenth is the fifth that counts, of twenty.
    private const int Bad = 15;

    [Test]
    public Task A_server_that_does_all_right_passes() => ExpectAsync("ws,poll", seq => [seq], 0, (0, 0, 0));

    [Test]
    public Task A_message_that_is_lost_is_noticed() => ExpectAsync("ws,poll", seq => seq == Bad ? [] : [seq], 1, (1, 0, 0));

    [Test]
    public Task A_message_that_is_repeated_is_noticed() => ExpectAsync("ws,poll", seq => seq == Bad ? [seq, seq] : [seq], 1, (0, 1, 0));

    [Test]
    public Task A_message_that_comes_after_a_newer_one_is_noticed_and_is_not_lost() =>
        ExpectAsync("ws,poll", seq => seq switch { Bad => [], Bad + 1 => [seq, Bad], _ => [seq] }, 1, (0, 0, 1));

    [Test]
    public Task What_is_lost_at_the_very_end_is_waited_for_and_noticed() =>
        // The twenty, and behind them one that is said at the cut: nothing newer shows that it is missing.
        ExpectAsync("poll", seq => seq == 31 ? [] : [seq], 1, (1, 0, 0));

    // Most of a comparison is waiting for all to be quiet, so it is of both ways at once.
    private static async Task ExpectAsync(string ways, Func<int, IEnumerable<int>> deliver, int expectedExitCode, (int Lost, int Repeated, int OutOfOrder) ofEach)
    {
        using var server = new CompareFakeServer(deliver);
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "result.json");
        using var output = new StringWriter();
        using var error = new StringWriter();
        var exitCode = await FloodCommand.RunAsync(
            ["compare", "--url", server.Url, "--ways", ways, "--connections", "1", "--rate", "200", "--seconds", "0.1", "--idle-seconds", "0", "--poll-interval", "0.02", "--patience", "1", "--json", file],
            output, error, CancellationToken.None).OrFail("the comparison");
        File.Exists(file).Should().BeTrue(output.ToString() + error);
        if (exitCode != 0)
            error.ToString().Should().Be($"flood: messages were lost, repeated or out of order{Environment.NewLine}");
        exitCode.Should().Be(expectedExitCode);
        JsonNode.Parse(await File.ReadAllTextAsync(file))!["ways"]!.AsArray().Select(way => (Of(way!, "way"), Of(way!, "lost"), Of(way!, "repeated"), Of(way!, "outOfOrder")))
            .Should().Equal(ways.Split(',').Select(way => (way, $"{ofEach.Lost}", $"{ofEach.Repeated}", $"{ofEach.OutOfOrder}")));

        static string Of(JsonNode way, string field) => way[field]!.ToString();
    }
}
