using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using HdrHistogram;
using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Tests.Flood;
using RawSocketChat.Tests.Flood.Goals;
using RawSocketChat.Tests.Flood.Meters;
using RawSocketChat.Tests.Flood.Output;
using RawSocketChat.Tests.Support;
using Spectre.Console;

namespace RawSocketChat.Tests.Tools.FloodTool;

/// <summary>Tests of the output files and of the displays during a run.</summary>
public class OutputTests
{
    private static readonly Snapshot Sample = new()
    {
        Seconds = 3,
        IsWarmingUp = false,
        Sent = 30,
        Scheduled = 100,
        MessagesPerSecond = 10,
        DeliveriesPerSecond = 1000,
        LastSecond = new Latency(1.25, 2, 4.5, 5, 6, 1000),
        Connected = 99,
        Connections = 100,
        Lost = 2,
        Repeated = 0,
        Altered = 1,
        ServerCpu = 42,
    };

    [Test]
    public void JSON_has_the_documented_fields()
    {
        Threshold.TryParse("delivery.p99>50ms", out var threshold, out _).Should().BeTrue();
        var options = new FloodOptions { Thresholds = [threshold] };
        var report = JsonReport.Create(options, new FloodResult { FromDue = new Latency(1, 2, 60, 70, 80, 5) }.Evaluate(options), DateTimeOffset.UnixEpoch);
        var json = JsonNode.Parse(report.ToString())!.AsObject();
        json.Select(field => field.Key).Should().Equal("version", "at", "exitCode", "interrupted", "failure", "invalidBecause", "options", "metrics", "thresholds", "notes", "findMax");
        ((int)json["version"]!).Should().Be(1);
        ((string)json["at"]!).Should().Be("1970-01-01T00:00:00Z");
        ((int)json["exitCode"]!).Should().Be(4);
        json["options"]!.AsObject().Select(field => field.Key).Should().Equal(
            "url", "way", "connections", "rooms", "room", "publishers", "rate", "seconds", "warmUp", "textBytes", "mostTextBytes", "slow", "churn", "seed", "replay", "speed");
        json["metrics"]!.AsObject().Select(field => field.Key).Should().Equal(Metric.All.Select(metric => metric.Name));
        ((double)json["metrics"]!["delivery.p99"]!).Should().Be(60);
        json["metrics"]!["ack.p99"].Should().BeNull("no ack was measured");
        json["thresholds"]!.ToJsonString().Should().Be("""[{"fail":"delivery.p99\u003E50ms","met":true}]""");
    }

    [Test]
    public void README_documents_every_metric_and_field_and_option_and_exit_code()
    {
        var text = File.ReadAllText(Path.Combine(Repository.Root, "Tests", "Flood", "README.md"));
        foreach (var metric in Metric.All)
            text.Should().Contain($"`{metric.Name[..(metric.Kind == MetricKind.Time ? metric.Name.LastIndexOf('.') : metric.Name.Length)]}");
        foreach (var field in typeof(JsonReport).GetProperties().Concat(typeof(JsonOptions).GetProperties()).Concat(typeof(JsonSearch).GetProperties()))
            text.Should().Contain($"`{field.GetCustomAttribute<JsonPropertyNameAttribute>()?.Name ?? JsonNamingPolicy.CamelCase.ConvertName(field.Name)}`");
        foreach (var option in new FloodArguments().All) text.Should().Contain($"`{option.Name}");
        foreach (var code in new[] { 0, 1, 2, 3, 4, 5, 70, 130 }) text.Should().Contain($"\n| {code} |");
    }

    [Test]
    public void HdrHistogram_package_can_read_the_histogram_log()
    {
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "run.hlog");
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 11, 23, 10, 2, 31, TimeSpan.Zero));
        using (var log = new HdrLog(file, time))
        {
            for (var second = 1; second <= 2; second++)
            {
                time.Advance(TimeSpan.FromSeconds(1));
                var interval = new Measurements();
                interval.FromDue.RecordValueWithCount(1000 * second, 10);
                interval.FromSend.RecordValue(500);
                log.Append(interval);
            }
        }

        File.ReadAllBytes(file)[0].Should().Be((byte)'#', "readers expect ASCII without a byte order mark");
        using var stream = File.OpenRead(file);
        using var reader = new HistogramLogReader(stream);
        var read = reader.ReadHistograms().ToList();
        read.Select(one => one.Tag).Should().Equal("delivery", "delivery-from-send", "delivery", "delivery-from-send");
        read.Select(one => one.TotalCount).Should().Equal(10, 1, 10, 1);
        read[2].GetValueAtPercentile(99).Should().BeInRange(2000, 2001);
        (read[2].EndTimeStamp - read[2].StartTimeStamp).Should().Be(1000);
    }

    [Test]
    public void Sum_of_all_intervals_is_the_total()
    {
        var thread = new Measurements();
        var intervals = new Intervals(() => [thread]);
        thread.RecordDelivery(0, 0, 5_000_000);
        intervals.Next().FromDue.TotalCount.Should().Be(1);
        intervals.Next().FromDue.TotalCount.Should().Be(0);
        thread.RecordDelivery(0, 0, 5_000_000);
        thread.RecordDelivery(0, 0, 900_000_000);
        var last = intervals.Next();
        (last.FromDue.TotalCount, last.FromSend.TotalCount).Should().Be((2, 2));
        last.FromDue.GetValueAtPercentile(100).Should().BeCloseTo(900_000_000 / (System.Diagnostics.Stopwatch.Frequency / 1_000_000), 900);
    }

    [Test]
    public void Histogram_includes_the_probes_that_a_stall_of_one_second_skipped()
    {
        var lag = Measurements.CreateHistogram();
        var millisecond = System.Diagnostics.Stopwatch.Frequency / 1000;
        for (var i = 0; i < 450; i++) Measurements.RecordWithExpectedInterval(lag, millisecond, TimeSpan.FromMilliseconds(20));
        Measurements.RecordWithExpectedInterval(lag, 1000 * millisecond, TimeSpan.FromMilliseconds(20));
        lag.TotalCount.Should().Be(450 + 50);
        lag.GetValueAtPercentile(95).Should().BeInRange(450_000, 550_000, "the stall took one of ten seconds, and caused waits from 20 ms to 1 s");
    }

    [Test]
    public void Line_display_shows_the_state_of_the_run()
    {
        using var output = new StringWriter();
        new LineDisplay(output).Show(Sample);
        output.ToString().TrimEnd().Should().Be("running       3 s  10 messages/s  1000 deliveries/s  p50 1.25  p99 4.50 ms  99 connected  2 lost  1 altered  server 42 %");
    }

    [Test]
    public void Display_shows_dashes_for_a_second_without_deliveries()
    {
        using var output = new StringWriter();
        new LineDisplay(output).Show(Sample with { LastSecond = default });
        output.ToString().Should().Contain("p50 -  p99 - ms");
    }

    [Test]
    public void Terminal_display_shows_a_table()
    {
        using var output = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output), Ansi = AnsiSupport.Yes, Interactive = InteractionSupport.Yes, ColorSystem = ColorSystemSupport.NoColors });
        var display = new TerminalDisplay(console);
        display.Show(Sample);
        display.End();
        output.ToString().Should().Contain("30 of 100, 10/s").And.Contain("1000/s").And.Contain("1.25, 4.50 ms").And.Contain("99 of 100").And.Contain("42 %");
    }
}
