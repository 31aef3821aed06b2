using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using RawSocketChat.Tests.Flood.Goals;

namespace RawSocketChat.Tests.Flood.Output;

/// <summary>
/// The form of <c>--json</c>, as Tests/Flood/README.md describes it. <see cref="Version"/> grows where a field goes or changes its
/// meaning; new ones may come without.
/// </summary>
internal sealed record JsonReport
{
    private static readonly JsonSerializerOptions Form = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        DefaultIgnoreCondition = JsonIgnoreCondition.Never,
    };

    public int Version { get; init; } = 1;
    public required string At { get; init; }
    public required int ExitCode { get; init; }

    /// <summary>Whether it was ended before its time.</summary>
    public required bool Interrupted { get; init; }

    /// <summary>Why there was no run, or why a search did not come to its end; null where there was one.</summary>
    public string? Failure { get; init; }

    /// <summary>Why the figures say nothing of the server; null where they do.</summary>
    public string? InvalidBecause { get; init; }
    public required JsonOptions Options { get; init; }

    /// <summary>By the names of <see cref="Metric.All"/>; times in ms, sizes in bytes, null where there is none.</summary>
    public required IReadOnlyDictionary<string, double?> Metrics { get; init; }

    /// <summary>The conditions of <c>--fail</c>, and whether each was met.</summary>
    public required IReadOnlyList<JsonThreshold> Thresholds { get; init; }
    public required IReadOnlyList<string> Notes { get; init; }

    /// <summary>Of <c>--find-max</c>; null without it.</summary>
    public JsonSearch? FindMax { get; init; }

    public static JsonReport Of(FloodOptions options, FloodResult result, DateTimeOffset at) => new()
    {
        At = at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
        ExitCode = result.ExitCode,
        Interrupted = result.WasInterrupted || result.ExitCode == FloodResult.Interrupted,
        Failure = result.Failure,
        InvalidBecause = result.InvalidBecause,
        Options = new JsonOptions(
            options.Url.OriginalString, options.Ways.ToString(), options.Connections, options.Rooms, options.Room, options.PublisherCount, options.Rate,
            options.Seconds, options.WarmUp, options.TextBytes, options.MostTextBytes, options.Slow, options.Churn, options.Seed, options.Replay, options.Speed),
        Metrics = Metric.All.ToDictionary(metric => metric.Name, metric => metric.Of(result)),
        Thresholds = [.. options.Thresholds.Select(one => new JsonThreshold(one.ToString(), result.Exceeded.Contains(one)))],
        Notes = result.Complaints,
    };

    public override string ToString() => JsonSerializer.Serialize(this, Form);
}

/// <param name="Way">A way, or a mix of ways in percent.</param>
internal sealed record JsonOptions(
    string Url, string Way, int Connections, int Rooms, string Room, int Publishers, double Rate, double Seconds, double WarmUp,
    int TextBytes, int MostTextBytes, double Slow, double Churn, int Seed, string? Replay, double Speed);

/// <param name="Fail">As it was typed.</param>
/// <param name="Met">True: the run failed by it.</param>
internal sealed record JsonThreshold(string Fail, bool Met);

/// <param name="Rate">The highest rate that held; null: none did.</param>
/// <param name="LimitedBy">What broke above it: <c>server</c>, <c>generator</c> (an invalid run), <c>nothing</c>, or <c>failure</c>: the search did not come to its end.</param>
/// <param name="Steps">In the order in which they were tried.</param>
internal sealed record JsonSearch(double? Rate, string LimitedBy, IReadOnlyList<JsonStep> Steps);

/// <param name="Rate">Messages a second.</param>
/// <param name="Held">Whether it met no condition, was right and valid.</param>
/// <param name="Why">What broke; null where it held.</param>
/// <param name="DeliveryP99">In milliseconds.</param>
internal sealed record JsonStep(double Rate, bool Held, string? Why, double? DeliveryP99);
