using System.Globalization;

namespace RawSocketChat.Tests.Flood.Goals;

/// <summary>
/// Whether a run shows the server or the generator. Where messages left late, or lay long before the generator read them, its
/// figures are the generator's own.
/// </summary>
internal static class Validity
{
    /// <summary>Milliseconds that the p99 of lateness may have: a message leaves up to one late by design.</summary>
    public const double DefaultMaxLateness = 20;

    /// <summary>Milliseconds that the p99 of the reader's lag may have.</summary>
    public const double DefaultMaxLag = 50;

    private static readonly IReadOnlyList<(string Name, Func<Latency, double> Of)> Percentiles =
        [("p99", latency => latency.P99), ("p999", latency => latency.P999), ("max", latency => latency.Max)];

    /// <summary>
    /// Why the run shows nothing of the server, or null. The p99 counts always; the p999 and the maximum where a condition on the same
    /// one was met, for one hiccup of the generator is enough to make those bad.
    /// </summary>
    public static string? Problem(FloodOptions options, Latency lateness, Latency lag, IReadOnlyList<Threshold> exceeded)
    {
        foreach (var (name, of) in Percentiles)
        {
            if (name != "p99" && !exceeded.Any(one => one.Metric.IsOfMessages && one.Metric.Name.EndsWith($".{name}", StringComparison.Ordinal))) continue;
            if (of(lateness) > options.MaxLateness)
                return string.Create(CultureInfo.InvariantCulture, $"messages left late: lateness {name} is {of(lateness):0.0} ms, over {options.MaxLateness} ms (--max-lateness)");
            if (of(lag) > options.MaxLag)
                return string.Create(CultureInfo.InvariantCulture, $"the generator read late: lag {name} is {of(lag):0.0} ms, over {options.MaxLag} ms (--max-lag)");
        }
        return null;
    }
}
