using System.Text.RegularExpressions;
using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Tests.Flood;
using RawSocketChat.Tests.Flood.Compare;
using RawSocketChat.Tests.Support;
using Spectre.Console;

namespace RawSocketChat.Tests.FloodTool;

/// <summary>What a person sees of a comparison: lines, or on a terminal a table that is drawn anew.</summary>
public sealed partial class CompareDisplayTests
{
    private static readonly WayResult Way = new()
    {
        Way = "ws",
        Requests = 0,
        UpBytes = 3,
        DownBytes = 900,
        HeaderBytes = 403,
        PayloadBytes = 500,
        IdleUpBytes = 6,
        IdleDownBytes = 2,
        IdleBytesAMinute = 16,
        P50 = 1.84,
        P99 = 12.5,
        FromSendP50 = 1.1,
        FromSendP99 = 11,
        ServerToWireP50 = 1.26,
        ServerToWireP99 = 9,
        WireToClientP50 = 0.5,
        WireToClientP99 = 2.25,
        BackAfterCut = 9,
        Lost = 1,
        Repeated = 2,
        OutOfOrder = 3,
    };

    private static readonly CompareResult Result = new()
    {
        At = "2026-11-25T00:00:00Z",
        ConnectionsOfEachWay = 1,
        Messages = 10,
        TextBytes = 128,
        Seconds = 1,
        IdleSeconds = 30,
        PollIntervalSeconds = 1,
        SentLateP99 = 1.5,
        Ways = [Way, Way with { Way = "tcp", HeaderBytes = -100, ServerToWireP50 = null, ServerToWireP99 = null, WireToClientP50 = null, WireToClientP99 = null }],
        LeftOut = ["ws-h2 is left out: no TLS"],
    };

    [Test]
    public void Plain_lines_have_a_cell_under_each_head_and_a_dash_for_what_is_not_told()
    {
        var lines = Plain(Result).Split('\n');
        Cells(lines[1]).Should().Equal(CompareReport.Head);
        Cells(lines[2]).Should().Equal("ws", "0", "3", "900", "500", "16", "1.8", "12.5", "1.3", "9.0", "0.5", "2.3", "9.0", "1", "2", "3");
        Cells(lines[3]).Skip(8).Take(4).Should().AllBe(CompareReport.NotTold);
        Plain(Result).Should().Contain("extrapolated from 30 s").And.Contain("ws-h2 is left out: no TLS").And.Contain("late by 1.5 ms");
        Plain(Result with { IdleSeconds = 60 }).Should().NotContain("extrapolated");

        static string[] Cells(string line) => [.. line.Trim('|', ' ', '\r').Split('|').Select(cell => cell.Trim())];
    }

    [Test]
    public void The_longest_bar_is_the_most_and_one_that_saves_has_none()
    {
        var bars = Plain(Result).Split('\n').SkipWhile(line => !line.StartsWith("bytes around", StringComparison.Ordinal)).Skip(1).Take(2).ToList();
        bars[0].Count(c => c == '█').Should().Be(40);
        bars[0].Should().EndWith(" 40");
        bars[1].Should().NotContain("█").And.EndWith(" -10");
    }

    [Test]
    public async Task On_a_terminal_the_table_is_live_and_the_result_has_table_and_bars()
    {
        using var screen = new StringWriter();
        var shared = TextWriter.Synchronized(screen);
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.Yes, Interactive = InteractionSupport.Yes, Out = new AnsiConsoleOutput(shared) });
        console.Profile.Width = 200;
        var time = new FakeTimeProvider();
        var display = new Flood.Compare.LiveDisplay(console, time);
        var run = new TaskCompletionSource<CompareResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        IReadOnlyList<WayStatus> status = [];
        var watching = display.WatchAsync(() => status, run.Task);
        display.Tell("nobody speaks for 3 s");
        await SeenAsync("nobody speaks for 3 s");
        status = [new WayStatus("longpoll", new Counts(11, 22, 5, 77), default, 0)];
        await SeenAsync("77");
        Seen().Should().Contain("longpoll").And.Contain(" - ", "nothing has come yet");
        status = [new WayStatus("longpoll", new Counts(11, 22, 5, 77), new Latency(1.5, 2, 33.3, 36, 40, 10), 4)];
        await SeenAsync("33.3");

        run.SetResult(Result);
        (await watching.OrFail("the end")).Should().BeSameAs(Result);
        display.Show(Result);
        Seen().Should().Contain("wire to client p50").And.Contain("ws-h2 is left out: no TLS").And.Contain("delivery, median ms").And.Contain("█");

        Task SeenAsync(string text) => Patience.UntilAsync(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(0.25));
                return Seen().Contains(text, StringComparison.Ordinal);
            },
            () => $"{text} in {Seen()}");
        string Seen()
        {
            lock (shared)
                return Escapes().Replace(screen.ToString(), "");
        }
    }

    private static string Plain(CompareResult result)
    {
        using var output = new StringWriter();
        new PlainDisplay(output).Show(result);
        return output.ToString();
    }

    [GeneratedRegex(@"\x1b\[[0-9;?]*[A-Za-z]")]
    private static partial Regex Escapes();
}
