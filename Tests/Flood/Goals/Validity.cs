using System.Globalization;

namespace RawSocketChat.Tests.Flood.Goals;

/// <summary>
/// Decides whether a run is valid. If this tool sent messages late, or read them late, the figures describe the tool and not the server.
/// </summary>
internal static class Validity
{
    /// <summary>
    /// The default maximum p99 of lateness, in milliseconds. The tool waits for whole milliseconds, so a message may be up to 1 ms late in
    /// a valid run.
    /// </summary>
    public const double DefaultMaxLateness = 20;

    /// <summary>The default maximum p99 of lag, in milliseconds.</summary>
    public const double DefaultMaxLag = 50;

    private static readonly IReadOnlyList<(string Name, Func<Latency, double> GetValue)> Percentiles =
        [("p99", latency => latency.P99), ("p999", latency => latency.P999), ("max", latency => latency.Max)];

    /// <summary>
    /// Describes why the run is invalid, or returns null. Always checks the p99 of lateness and lag. Checks the p999 or the maximum only if a
    /// <c>--fail</c> condition on the same figure was met, because one short stall of the tool is enough to raise these two figures.
    /// </summary>
    public static string? FindProblem(FloodOptions options, Latency lateness, Latency lag, IReadOnlyList<Threshold> metThresholds)
    {
        foreach (var (name, getValue) in Percentiles)
        {
            if (name != "p99" && !metThresholds.Any(one => one.Metric.NeedsMessages && one.Metric.Name.EndsWith($".{name}", StringComparison.Ordinal))) continue;
            if (getValue(lateness) > options.MaxLateness)
                return string.Create(CultureInfo.InvariantCulture, $"messages were sent late: lateness {name} is {getValue(lateness):0.0} ms, over {options.MaxLateness} ms (--max-lateness)");
            if (getValue(lag) > options.MaxLag)
                return string.Create(CultureInfo.InvariantCulture, $"messages were read late: lag {name} is {getValue(lag):0.0} ms, over {options.MaxLag} ms (--max-lag)");
        }
        return null;
    }
}
