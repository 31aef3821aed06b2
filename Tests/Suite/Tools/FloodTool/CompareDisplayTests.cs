using System.Text.RegularExpressions;
using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Tests.Flood;
using RawSocketChat.Tests.Flood.Compare;
using RawSocketChat.Tests.Support;
using Spectre.Console;

namespace RawSocketChat.Tests.Tools.FloodTool;

/// <summary>Tests of the displays of a comparison: plain lines, or a live table on a terminal.</summary>
public sealed partial class CompareDisplayTests
{
    private static readonly TransportResult WebSocketResult = new()
    {
        Transport = "ws",
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
        ReconnectMilliseconds = 9,
        Lost = 1,
        Repeated = 2,
        OutOfOrder = 3,
    };

    private static readonly CompareResult Result = new()
    {
        At = "2026-11-25T00:00:00Z",
        ConnectionsPerTransport = 1,
        Messages = 10,
        TextBytes = 128,
        Seconds = 1,
        IdleSeconds = 30,
        PollIntervalSeconds = 1,
        SentLateP99 = 1.5,
        Transports = [WebSocketResult, WebSocketResult with { Transport = "tcp", HeaderBytes = -100, ServerToWireP50 = null, ServerToWireP99 = null, WireToClientP50 = null, WireToClientP99 = null }],
        LeftOut = ["ws-h2 is left out: no TLS"],
    };

    [Test]
    public void Plain_display_has_a_cell_in_each_column_and_a_dash_for_a_missing_value()
    {
        var lines = ShowPlain(Result).Split('\n');
        Cells(lines[1]).Should().Equal(CompareReport.Columns);
        Cells(lines[2]).Should().Equal("ws", "0", "3", "900", "500", "16", "1.8", "12.5", "1.3", "9.0", "0.5", "2.3", "9.0", "1", "2", "3");
        Cells(lines[3]).Skip(8).Take(4).Should().AllBe(CompareReport.NoValue);
        ShowPlain(Result).Should().Contain("extrapolated from 30 s").And.Contain("ws-h2 is left out: no TLS").And.Contain("delay was 1.5 ms");
        ShowPlain(Result with { IdleSeconds = 60 }).Should().NotContain("extrapolated");

        static string[] Cells(string line) => [.. line.Trim('|', ' ', '\r').Split('|').Select(cell => cell.Trim())];
    }

    [Test]
    public void Largest_value_has_the_longest_bar_and_a_negative_value_has_none()
    {
        var bars = ShowPlain(Result).Split('\n').SkipWhile(line => !line.StartsWith("overhead bytes", StringComparison.Ordinal)).Skip(1).Take(2).ToList();
        bars[0].Count(c => c == '█').Should().Be(40);
        bars[0].Should().EndWith(" 40");
        bars[1].Should().NotContain("█").And.EndWith(" -10");
    }

    [Test]
    public async Task Terminal_display_shows_a_live_table_and_then_the_result_with_charts()
    {
        using var screen = new StringWriter();
        var shared = TextWriter.Synchronized(screen);
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.Yes, Interactive = InteractionSupport.Yes, Out = new AnsiConsoleOutput(shared) });
        console.Profile.Width = 200;
        var time = new FakeTimeProvider();
        var display = new Flood.Compare.LiveDisplay(console, time);
        var run = new TaskCompletionSource<CompareResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        IReadOnlyList<TransportStatus> status = [];
        var watching = display.WatchAsync(() => status, run.Task);
        display.ShowProgress("idle for 3 s");
        await WaitForTextAsync("idle for 3 s");
        status = [new TransportStatus("longpoll", new Counts(11, 22, 5, 77), default, 0)];
        await WaitForTextAsync("77");
        GetScreen().Should().Contain("longpoll").And.Contain(" - ", "no message has arrived yet");
        status = [new TransportStatus("longpoll", new Counts(11, 22, 5, 77), new Latency(1.5, 2, 33.3, 36, 40, 10), 4)];
        await WaitForTextAsync("33.3");

        run.SetResult(Result);
        (await watching.OrFail("the end")).Should().BeSameAs(Result);
        display.ShowResult(Result);
        GetScreen().Should().Contain("wire to client p50").And.Contain("ws-h2 is left out: no TLS").And.Contain("delivery latency, median ms").And.Contain("█");

        Task WaitForTextAsync(string text) => TestWait.UntilAsync(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(0.25));
                return GetScreen().Contains(text, StringComparison.Ordinal);
            },
            () => $"{text} in {GetScreen()}");
        string GetScreen()
        {
            lock (shared)
                return Escapes().Replace(screen.ToString(), "");
        }
    }

    private static string ShowPlain(CompareResult result)
    {
        using var output = new StringWriter();
        new PlainDisplay(output).ShowResult(result);
        return output.ToString();
    }

    [GeneratedRegex(@"\x1b\[[0-9;?]*[A-Za-z]")]
    private static partial Regex Escapes();
}
