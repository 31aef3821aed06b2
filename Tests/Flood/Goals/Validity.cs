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

    /// <summary>Why the run shows nothing of the server, or null.</summary>
    public static string? Problem(FloodOptions options, Latency lateness, Latency lag)
    {
        if (lateness.P99 > options.MaxLateness)
            return string.Create(CultureInfo.InvariantCulture, $"messages left late: lateness p99 is {lateness.P99:0.0} ms, over {options.MaxLateness} ms (--max-lateness)");
        if (lag.P99 > options.MaxLag)
            return string.Create(CultureInfo.InvariantCulture, $"the generator read late: lag p99 is {lag.P99:0.0} ms, over {options.MaxLag} ms (--max-lag)");
        return null;
    }
}
