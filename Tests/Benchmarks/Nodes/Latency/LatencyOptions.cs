namespace RawSocketChat.Tests.Benchmarks.Nodes.Latency;

/// <summary>The options of <c>latency</c>.</summary>
internal sealed record LatencyOptions
{
    // At a low rate, a measurement takes longer, so that there are enough messages for a percentile.
    private const int MinMessages = 20;

    /// <summary>The rates to measure one after the other, in messages per second.</summary>
    public IReadOnlyList<double> Rates { get; init; } = [1, 100, 1000];

    /// <summary>The number of receivers at each of the two servers.</summary>
    public int Receivers { get; init; } = 5;

    /// <summary>The minimum duration of each measurement.</summary>
    public double Seconds { get; init; } = 10;

    /// <summary>Seconds of load before the first measurement.</summary>
    public double WarmUp { get; init; } = 5;

    /// <summary>The folder for all data; null for the temporary folder.</summary>
    public string? Folder { get; init; }

    /// <summary>Further settings of the servers.</summary>
    public IReadOnlyList<string> Settings { get; init; } = [];

    /// <summary>Returns the number of messages to send at a rate.</summary>
    public int CountMessages(double rate) => Math.Max(MinMessages, (int)Math.Ceiling(rate * Seconds));

    /// <summary>Returns the first error in the options, or null.</summary>
    public string? FindError() =>
        Rates.Select(rate => NodesCommand.CheckRange("rates", rate, 0.5, 20_000)).FirstOrDefault(fault => fault is not null)
        ?? NodesCommand.CheckRange("receivers", Receivers, 1, 1000) ?? NodesCommand.CheckRange("seconds", Seconds, 0.5, 120) ?? NodesCommand.CheckRange("warm-up", WarmUp, 0, 60);
}
