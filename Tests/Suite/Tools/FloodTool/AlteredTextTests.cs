using System.Text;
using System.Text.RegularExpressions;
using RawSocketChat.Tests.Flood;
using RawSocketChat.Tests.Flood.Checks;
using RawSocketChat.Tests.Flood.Load;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Tools.FloodTool;

/// <summary>Flood must detect every text that differs from the published one.</summary>
[Parallelizable(ParallelScope.All), FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[Category(Categories.Slow)] // runs the load test for seconds
public sealed class AlteredTextTests : IDisposable
{
    private const int AlteredSeq = 50;

    private readonly StringWriter _report = new();

    public void Dispose() => _report.Dispose();

    [TestCase("\\.\"", "\"", "127 bytes, 128 were published", TestName = "Flood_detects_a_text_without_its_last_character")]
    [TestCase("\\.\"", "!\"", "128 bytes, 128 were published", TestName = "Flood_detects_a_text_with_another_character")]
    [TestCase("\\.\"", ".!\"", "129 bytes, 128 were published", TestName = "Flood_detects_a_text_with_an_extra_character")]
    [TestCase("\\.\"", "\\u0021\"", "128 bytes, 128 were published", TestName = "Flood_detects_a_text_with_another_character_in_an_escape_sequence")]
    [TestCase("(flood \\w+ \\d+ \\d+ )[^\"]*", "$1", "bytes, 128 were published", TestName = "Flood_detects_a_text_with_only_its_prefix")]
    public async Task Flood_counts_a_changed_text_as_altered(string pattern, string replacement, string note)
    {
        var result = await FloodAsync(json => Regex.Replace(json, pattern, replacement));
        (result.ExitCode, result.Altered, result.Lost, result.Repeated, result.OutOfOrder, result.SeqConflicts).Should().Be((1, 1, 0, 0, 0, 0), "the report says {0}", _report);
        _report.ToString().Should().Contain("altered       1").And.Contain("FAULTY")
            .And.MatchRegex($"note +1 × altered: message [0-9]+ arrived with another text: .*{note}");
    }

    [TestCase("flood \\w+ \\d+ \\d[^\"]*", "hello", "hello", TestName = "Flood_detects_a_text_without_its_prefix")]
    [TestCase("(flood \\w+ \\d+ \\d)[^\"]*", "$1", "flood \\w+ \\d+ \\d", TestName = "Flood_detects_a_text_that_ends_inside_its_number")]
    [TestCase("flood \\w+ \\d+ \\d[^\"]*", "", "", TestName = "Flood_detects_an_empty_text")]
    public async Task Flood_counts_a_text_without_its_number_as_altered_and_lost(string pattern, string replacement, string left)
    {
        var result = await FloodAsync(json => Regex.Replace(json, pattern, replacement));
        (result.ExitCode, result.Altered, result.Lost, result.Repeated, result.OutOfOrder, result.SeqConflicts).Should().Be((1, 1, 1, 0, 0, 0), "the report says {0}", _report);
        _report.ToString().Should().MatchRegex($"note +1 × altered: flood-[0-9a-f]+-[0-9]+ sent \"{left}\", which was not published");
    }

    [TestCase("plain")]
    [TestCase("a \"quoted\" \\ line\nand another, with \U0001F600 and \u00fc")]
    public void Scanner_recognizes_a_text_with_any_escape_sequences(string text)
    {
        var publications = new Publications(new ReplaySchedule([new RoomExport.ExportedMessage(DateTimeOffset.UnixEpoch, text)], new FloodOptions()), ["lobby"]);
        var scanner = new FrameScanner("lobby", publications);
        publications.EncodeSay(publisher: 3, number: 0);
        var escaped = Escape(text);
        foreach (var (written, isAltered) in new[] { (escaped, false), (escaped.Replace("a", "\\u0061", StringComparison.Ordinal), false), (escaped[..^1], true), (escaped + "\\n", true) })
        {
            var json = Encoding.UTF8.GetBytes(
                $$"""{"type":"message","room":"lobby","seq":7,"at":"2026-11-23T10:02:31.123Z","from":{"user":"u","name":"ann"},"text":"flood {{publications.RunId}} 3 0 {{written}}","me":true}""");
            scanner.TryReadMessage(json, out var seq, out var number, out var found).Should().BeTrue();
            (seq, number, found).Should().Be((7, 0, isAltered), written);
            scanner.TryReadAny(json, out var frame).Should().BeTrue();
            (frame.Number, frame.IsAltered, frame.From).Should().Be((0, isAltered, "ann"), written);
        }

        static string Escape(string text) => text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
    }

    private async Task<FloodResult> FloodAsync(Func<string, string> alter)
    {
        using var room = new FakeRoom
        {
            Message = (seq, text) =>
                $$"""{"type":"message","room":"lobby","seq":{{seq}},"at":"2026-11-23T10:02:31.123Z","from":{"user":"u","name":"{{GetUserName(text)}}"},"text":"{{text}}"}""",
            Deliver = (member, seq, frame) => (member, seq) == (3, AlteredSeq) ? [FakeRoom.Rewrite(frame, alter)] : [frame],
        }.Start();
        var options = new FloodOptions { Url = room.Url, Connections = 5, Rate = 100, Seconds = 0.2, Publishers = 2, Patience = 1, MaxLateness = 60_000, MaxLag = 60_000 };
        return await FloodRun.RunAsync(options, _report, CancellationToken.None);
    }

    // Creates the user name of the publisher of a text "flood RUN PUBLISHER …".
    private static string GetUserName(string text) => text.Split(' ') is [_, var run, var publisher, ..] ? $"flood-{run}-{publisher}" : "";
}
