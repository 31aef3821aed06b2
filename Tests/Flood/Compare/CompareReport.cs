using System.Globalization;

namespace RawSocketChat.Tests.Flood.Compare;

/// <summary>One chart of a comparison.</summary>
/// <param name="Title">What its bars say, with the unit.</param>
/// <param name="Value">A way's bar.</param>
/// <param name="Format">How its number is written.</param>
/// <param name="LeavesOut">A way that would dwarf all others, or null.</param>
internal sealed record CompareChart(string Title, Func<WayResult, CompareResult, double> Value, string Format, string? LeavesOut = null)
{
    public IReadOnlyList<WayResult> WaysOf(CompareResult result) => [.. result.Ways.Where(way => way.Way != LeavesOut)];

    /// <summary>A bar's part of the longest: none where compression saves more than framing costs.</summary>
    public double Part(WayResult way, CompareResult result)
    {
        var most = WaysOf(result).Max(each => Value(each, result));
        return most > 0 ? Math.Max(0, Value(way, result)) / most : 0;
    }
}

/// <summary>The table and the charts, for a person: their words and numbers, and how they are written in plain lines.</summary>
internal static class CompareReport
{
    /// <summary>What stands for something that is not told.</summary>
    public const string NotTold = "-";

    private const int BarWidth = 40;

    public static readonly IReadOnlyList<string> Head =
    [
        "way", "requests", "up B", "down B", "payload B", "idle B/min", "p50 ms", "p99 ms", "to wire p50", "p99", "wire to client p50", "p99", "back ms", "lost", "repeated", "out of order",
    ];

    public static readonly IReadOnlyList<CompareChart> Charts =
    [
        new("bytes around the payload, a message", (way, result) => way.HeaderBytes / result.Messages, "0"),
        new("delivery, median ms, but for interval polling, which waits", (way, _) => way.P50, "0.0", LeavesOut: "poll"),
        new("bytes a minute when idle", (way, _) => way.IdleBytesAMinute, "0"),
    ];

    public static IReadOnlyList<string> Row(WayResult way) =>
    [
        way.Way, Whole(way.Requests), Whole(way.UpBytes), Whole(way.DownBytes), Whole(way.PayloadBytes), Whole(way.IdleBytesAMinute), Tenths(way.P50), Tenths(way.P99),
        Tenths(way.ServerToWireP50), Tenths(way.ServerToWireP99), Tenths(way.WireToClientP50), Tenths(way.WireToClientP99),
        Tenths(way.BackAfterCut), Whole(way.Lost), Whole(way.Repeated), Whole(way.OutOfOrder),
    ];

    /// <summary>What has to be known to read it.</summary>
    public static IEnumerable<string> Notes(CompareResult result)
    {
        yield return FormattableString.Invariant(
            $"One client, {result.Messages} messages of {result.TextBytes} bytes in {result.Seconds:0.#} s, from when they were due (the sender was late by {result.SentLateP99:0.0} ms at p99). Bytes are above TCP, within TLS.");
        if (result.IdleSeconds <= 0)
            yield return "Nothing was measured of an idle minute.";
        else if (result.IdleIsExtrapolated)
            yield return FormattableString.Invariant($"An idle minute is extrapolated from {result.IdleSeconds:0.#} s: what happens less often than that is missed, or counts too much.");
        foreach (var line in result.LeftOut)
            yield return line;
    }

    public static void Write(TextWriter output, CompareResult result)
    {
        var rows = result.Ways.Select(Row).Prepend(Head).ToList();
        var widths = Enumerable.Range(0, Head.Count).Select(column => rows.Max(row => row[column].Length)).ToArray();
        foreach (var row in rows)
            output.WriteLine($"| {string.Join(" | ", row.Select((cell, column) => column == 0 ? cell.PadRight(widths[column]) : cell.PadLeft(widths[column])))} |");

        output.WriteLine();
        foreach (var line in Notes(result))
            output.WriteLine(line);
        foreach (var chart in Charts)
            Write(output, chart, result);
    }

    private static void Write(TextWriter output, CompareChart chart, CompareResult result)
    {
        var ways = chart.WaysOf(result);
        if (ways.Count == 0)
            return;
        output.WriteLine();
        output.WriteLine(chart.Title);
        var width = ways.Max(way => way.Way.Length);
        foreach (var way in ways)
        {
            var bar = new string('█', (int)Math.Round(chart.Part(way, result) * BarWidth)).PadRight(BarWidth);
            output.WriteLine($"  {way.Way.PadRight(width)} {bar} {chart.Value(way, result).ToString(chart.Format, CultureInfo.InvariantCulture)}");
        }
    }

    public static string Whole(double value) => value.ToString("0", CultureInfo.InvariantCulture);

    public static string Tenths(double? value) => value?.ToString("0.0", CultureInfo.InvariantCulture) ?? NotTold;
}
