using System.Globalization;

namespace RawSocketChat.Tests.Flood.Compare;

/// <summary>One chart of a comparison.</summary>
/// <param name="Title">The meaning of the bars, with the unit.</param>
/// <param name="Value">Gets the value of a bar.</param>
/// <param name="Format">The number format of the value.</param>
/// <param name="ExcludedTransport">A transport that is left out because its bar would make all others too short, or null.</param>
internal sealed record CompareChart(string Title, Func<TransportResult, CompareResult, double> Value, string Format, string? ExcludedTransport = null)
{
    public IReadOnlyList<TransportResult> GetResults(CompareResult result) => [.. result.Transports.Where(transport => transport.Transport != ExcludedTransport)];

    /// <summary>
    /// The length of a bar as a fraction of the longest one. A negative value has length 0. The overhead is negative if compression saves
    /// more bytes than the framing adds.
    /// </summary>
    public double GetBarShare(TransportResult transport, CompareResult result)
    {
        var longest = GetResults(result).Max(one => Value(one, result));
        return longest > 0 ? Math.Max(0, Value(transport, result)) / longest : 0;
    }
}

/// <summary>Creates the texts and numbers of the table and the charts of a comparison, and formats them as plain lines.</summary>
internal static class CompareReport
{
    /// <summary>Shown for a missing value.</summary>
    public const string NoValue = "-";

    private const int BarWidth = 40;

    public static readonly IReadOnlyList<string> Columns =
    [
        "transport", "requests", "up B", "down B", "payload B", "idle B/min", "p50 ms", "p99 ms", "to wire p50", "p99", "wire to client p50", "p99", "reconnect ms", "lost", "repeated", "out of order",
    ];

    public static readonly IReadOnlyList<CompareChart> Charts =
    [
        new("overhead bytes for each message", (transport, result) => transport.HeaderBytes / result.Messages, "0"),
        new("delivery latency, median ms, without interval polling", (transport, _) => transport.P50, "0.0", ExcludedTransport: "poll"),
        new("bytes in an idle minute", (transport, _) => transport.IdleBytesAMinute, "0"),
    ];

    public static IReadOnlyList<string> FormatRow(TransportResult transport) =>
    [
        transport.Transport, FormatWhole(transport.Requests), FormatWhole(transport.UpBytes), FormatWhole(transport.DownBytes), FormatWhole(transport.PayloadBytes), FormatWhole(transport.IdleBytesAMinute), FormatTenths(transport.P50), FormatTenths(transport.P99),
        FormatTenths(transport.ServerToWireP50), FormatTenths(transport.ServerToWireP99), FormatTenths(transport.WireToClientP50), FormatTenths(transport.WireToClientP99),
        FormatTenths(transport.ReconnectMilliseconds), FormatWhole(transport.Lost), FormatWhole(transport.Repeated), FormatWhole(transport.OutOfOrder),
    ];

    /// <summary>The notes below the table.</summary>
    public static IEnumerable<string> GetNotes(CompareResult result)
    {
        yield return FormattableString.Invariant(
            $"For one client, with {result.Messages} messages of {result.TextBytes} bytes in {result.Seconds:0.#} s. Latency is measured from the scheduled time of a message; the sender's own delay was {result.SentLateP99:0.0} ms at p99. Bytes are counted above TCP and inside TLS.");
        if (result.IdleSeconds <= 0)
            yield return "The idle minute was not measured.";
        else if (result.IdleIsExtrapolated)
            yield return FormattableString.Invariant($"The idle minute is extrapolated from {result.IdleSeconds:0.#} s. Traffic that occurs less often than once in that time is missing or counted too often.");
        foreach (var line in result.LeftOut)
            yield return line;
    }

    public static void Write(TextWriter output, CompareResult result)
    {
        var rows = result.Transports.Select(FormatRow).Prepend(Columns).ToList();
        var widths = Enumerable.Range(0, Columns.Count).Select(column => rows.Max(row => row[column].Length)).ToArray();
        foreach (var row in rows)
            output.WriteLine($"| {string.Join(" | ", row.Select((cell, column) => column == 0 ? cell.PadRight(widths[column]) : cell.PadLeft(widths[column])))} |");

        output.WriteLine();
        foreach (var line in GetNotes(result))
            output.WriteLine(line);
        foreach (var chart in Charts)
            Write(output, chart, result);
    }

    private static void Write(TextWriter output, CompareChart chart, CompareResult result)
    {
        var transports = chart.GetResults(result);
        if (transports.Count == 0)
            return;
        output.WriteLine();
        output.WriteLine(chart.Title);
        var width = transports.Max(transport => transport.Transport.Length);
        foreach (var transport in transports)
        {
            var bar = new string('█', (int)Math.Round(chart.GetBarShare(transport, result) * BarWidth)).PadRight(BarWidth);
            output.WriteLine($"  {transport.Transport.PadRight(width)} {bar} {chart.Value(transport, result).ToString(chart.Format, CultureInfo.InvariantCulture)}");
        }
    }

    public static string FormatWhole(double value) => value.ToString("0", CultureInfo.InvariantCulture);

    public static string FormatTenths(double? value) => value?.ToString("0.0", CultureInfo.InvariantCulture) ?? NoValue;
}
