using System.Text;
using System.Text.RegularExpressions;
using RawSocketChat.Tests.Flood;
using RawSocketChat.Tests.Flood.Checks;
using RawSocketChat.Tests.Flood.Load;

namespace RawSocketChat.Tests.FloodTool;

/// <summary>What comes must be what was said, to the letter: a text that is cut or changed on its way has not arrived.</summary>
[Parallelizable(ParallelScope.All), FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class AlteredTextTests : IDisposable
{
    private const int Altered = 50;

    private readonly StringWriter _report = new();

    public void Dispose() => _report.Dispose();

    [TestCase("\\.\"", "\"", "of 127 bytes where 128 were said", TestName = "A_text_without_its_last_letter_is_altered")]
    [TestCase("\\.\"", "!\"", "of 128 bytes where 128 were said", TestName = "A_text_with_another_letter_is_altered")]
    [TestCase("\\.\"", ".!\"", "of 129 bytes where 128 were said", TestName = "A_text_with_a_letter_more_is_altered")]
    [TestCase("\\.\"", "\\u0021\"", "of 128 bytes where 128 were said", TestName = "A_text_with_another_letter_by_an_escape_is_altered")]
    [TestCase("(flood \\w+ \\d+ \\d+ )[^\"]*", "$1", "bytes where 128 were said", TestName = "A_text_of_which_the_mark_alone_is_left_is_altered")]
    public async Task A_text_that_comes_otherwise_is_altered(string pattern, string replacement, string note)
    {
        var result = await FloodAsync(json => Regex.Replace(json, pattern, replacement));
        (result.ExitCode, result.Altered, result.Lost, result.Repeated, result.OutOfOrder, result.Disagreed).Should().Be((1, 1, 0, 0, 0, 0), "the report says {0}", _report);
        _report.ToString().Should().Contain("altered       1").And.Contain("FAULTY")
            .And.MatchRegex($"note +1 × altered: message [0-9]+ came with another text, .*{note}");
    }

    [TestCase("flood \\w+ \\d+ \\d[^\"]*", "hello", "hello", TestName = "A_text_without_its_mark_is_altered_and_lost")]
    [TestCase("(flood \\w+ \\d+ \\d)[^\"]*", "$1", "flood \\w+ \\d+ \\d", TestName = "A_text_that_is_cut_within_its_number_is_altered_and_lost")]
    [TestCase("flood \\w+ \\d+ \\d[^\"]*", "", "", TestName = "A_text_of_which_nothing_is_left_is_altered_and_lost")]
    public async Task A_text_of_which_not_even_the_number_is_left_is_lost_as_well(string pattern, string replacement, string left)
    {
        var result = await FloodAsync(json => Regex.Replace(json, pattern, replacement));
        (result.ExitCode, result.Altered, result.Lost, result.Repeated, result.OutOfOrder, result.Disagreed).Should().Be((1, 1, 1, 0, 0, 0), "the report says {0}", _report);
        _report.ToString().Should().MatchRegex($"note +1 × altered: of flood-[0-9a-f]+-[0-9]+ came \"{left}\", which is nothing that was said");
    }

    [TestCase("plain")]
    [TestCase("a \"quoted\" \\ line\nand another, with \U0001F600 and \u00fc")]
    public void Whatever_was_said_is_known_again_whichever_way_it_is_written(string text)
    {
        var publications = new Publications(new ReplayScript([new RoomFile.Line(DateTimeOffset.UnixEpoch, text)], new FloodOptions()), ["lobby"]);
        var scan = new FrameScan("lobby", publications);
        publications.Say(publisher: 3, number: 0);
        var said = Escaped(text);
        foreach (var (written, isAltered) in new[] { (said, false), (said.Replace("a", "\\u0061", StringComparison.Ordinal), false), (said[..^1], true), (said + "\\n", true) })
        {
            var json = Encoding.UTF8.GetBytes(
                $$"""{"type":"message","room":"lobby","seq":7,"at":"2026-11-23T10:02:31.123Z","from":{"user":"u","name":"ann"},"text":"flood {{publications.RunId}} 3 0 {{written}}","me":true}""");
            scan.TryMessage(json, out var seq, out var number, out var found).Should().BeTrue();
            (seq, number, found).Should().Be((7, 0, isAltered), written);
            scan.TryAny(json, out var frame).Should().BeTrue();
            (frame.Number, frame.IsAltered, frame.From).Should().Be((0, isAltered, "ann"), written);
        }

        static string Escaped(string text) => text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
    }

    private async Task<FloodResult> FloodAsync(Func<string, string> alter)
    {
        using var room = new FakeRoom
        {
            Message = (seq, text) =>
                $$"""{"type":"message","room":"lobby","seq":{{seq}},"at":"2026-11-23T10:02:31.123Z","from":{"user":"u","name":"{{NameOf(text)}}"},"text":"{{text}}"}""",
            Deliver = (member, seq, frame) => (member, seq) == (3, Altered) ? [FakeRoom.Rewritten(frame, alter)] : [frame],
        }.Start();
        var options = new FloodOptions { Url = room.Url, Connections = 5, Rate = 100, Seconds = 0.2, Publishers = 2, Patience = 1, MaxLateness = 60_000, MaxLag = 60_000 };
        return await FloodRun.RunAsync(options, _report, CancellationToken.None);
    }

    // "flood RUN PUBLISHER …": what the flood calls itself.
    private static string NameOf(string text) => text.Split(' ') is [_, var run, var publisher, ..] ? $"flood-{run}-{publisher}" : "";
}
