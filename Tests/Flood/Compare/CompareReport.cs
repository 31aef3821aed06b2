using System.Globalization;

namespace RawSocketChat.Tests.Flood.Compare;

/// <summary>The table and the chart, for a person.</summary>
internal static class CompareReport
{
    private const int BarWidth = 40;

    private static readonly string[] Head = ["way", "requests", "headers B", "payload B", "idle B/min", "p50 ms", "p99 ms", "stamp to come p50", "p99", "back ms", "lost", "repeated"];

    public static void Write(TextWriter output, CompareResult result)
    {
        var rows = result.Ways.Select(way => new[]
        {
            way.Way, Whole(way.Requests), Whole(way.HeaderBytes), Whole(way.PayloadBytes), Whole(way.IdleBytesAMinute),
            Tenths(way.P50), Tenths(way.P99), Tenths(way.StoredP50), Tenths(way.StoredP99), Tenths(way.BackAfterCut), Whole(way.Lost), Whole(way.Repeated),
        }).Prepend(Head).ToList();
        var widths = Enumerable.Range(0, Head.Length).Select(column => rows.Max(row => row[column].Length)).ToArray();
        foreach (var row in rows)
            output.WriteLine($"| {string.Join(" | ", row.Select((cell, column) => column == 0 ? cell.PadRight(widths[column]) : cell.PadLeft(widths[column])))} |");

        output.WriteLine();
        output.WriteLine($"One client, {result.Messages} messages in {result.Seconds.ToString("0.#", CultureInfo.InvariantCulture)} s; headers are all that is not the frames' JSON, both ways; bytes above TCP.");
        Chart(output, "bytes around the payload, a message", result, way => way.HeaderBytes / result.Messages, "0");
        Chart(output, "delivery, median ms", result, way => way.P50, "0.0");
        Chart(output, "bytes a minute when idle", result, way => way.IdleBytesAMinute, "0");
    }

    private static void Chart(TextWriter output, string title, CompareResult result, Func<WayResult, double> value, string format)
    {
        output.WriteLine();
        output.WriteLine(title);
        var most = Math.Max(double.Epsilon, result.Ways.Max(value));
        foreach (var way in result.Ways)
            output.WriteLine($"  {way.Way,-8} {new string('█', (int)Math.Round(value(way) / most * BarWidth)).PadRight(BarWidth)} {value(way).ToString(format, CultureInfo.InvariantCulture)}");
    }

    private static string Whole(double value) => value.ToString("0", CultureInfo.InvariantCulture);

    private static string Tenths(double value) => value.ToString("0.0", CultureInfo.InvariantCulture);
}
