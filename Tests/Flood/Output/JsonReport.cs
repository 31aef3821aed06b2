using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using RawSocketChat.Tests.Flood.Goals;

namespace RawSocketChat.Tests.Flood.Output;

/// <summary>
/// The result of <c>--json</c>, documented in Tests/Flood/README.md. <see cref="Version"/> changes when a field is removed or changes its
/// meaning. New fields may appear in the same version.
/// </summary>
internal sealed record JsonReport
{
    private static readonly JsonSerializerOptions SerializerOptions = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        DefaultIgnoreCondition = JsonIgnoreCondition.Never,
    };

    public int Version { get; init; } = 1;
    public required string At { get; init; }
    public required int ExitCode { get; init; }

    /// <summary>Whether the run was interrupted.</summary>
    public required bool Interrupted { get; init; }

    /// <summary>Why there was no run, or why a search stopped early; otherwise null.</summary>
    public string? Failure { get; init; }

    /// <summary>Why the run is invalid; otherwise null.</summary>
    public string? InvalidBecause { get; init; }
    public required JsonOptions Options { get; init; }

    /// <summary>The values of <see cref="Metric.All"/> by name: times in ms, sizes in bytes, null for a metric without a value.</summary>
    public required IReadOnlyDictionary<string, double?> Metrics { get; init; }

    /// <summary>The conditions of <c>--fail</c>.</summary>
    public required IReadOnlyList<JsonThreshold> Thresholds { get; init; }
    public required IReadOnlyList<string> Notes { get; init; }

    /// <summary>The search of <c>--find-max</c>; null without this option.</summary>
    public JsonSearch? FindMax { get; init; }

    public static JsonReport Create(FloodOptions options, FloodResult result, DateTimeOffset at) => new()
    {
        At = at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
        ExitCode = result.ExitCode,
        Interrupted = result.WasInterrupted || result.ExitCode == FloodResult.Interrupted,
        Failure = result.Failure,
        InvalidBecause = result.InvalidReason,
        Options = new JsonOptions(
            options.Url.OriginalString, options.Transports.ToString(), options.Connections, options.Rooms, options.Room, options.PublisherCount, options.Rate,
            options.Seconds, options.WarmUp, options.TextBytes, options.MaxTextBytes, options.Slow, options.Churn, options.Seed, options.Replay, options.Speed),
        Metrics = Metric.All.ToDictionary(metric => metric.Name, metric => metric.GetValue(result)),
        Thresholds = [.. options.Thresholds.Select(one => new JsonThreshold(one.ToString(), result.MetThresholds.Contains(one)))],
        Notes = result.Notes,
    };

    public override string ToString() => JsonSerializer.Serialize(this, SerializerOptions);
}

/// <param name="Transport">A transport, or a mix in percent.</param>
/// <param name="MaxTextBytes">The largest text size.</param>
internal sealed record JsonOptions(
    string Url, [property: JsonPropertyName("way")] string Transport, int Connections, int Rooms, string Room, int Publishers, double Rate, double Seconds, double WarmUp,
    int TextBytes, [property: JsonPropertyName("mostTextBytes")] int MaxTextBytes, double Slow, double Churn, int Seed, string? Replay, double Speed);

/// <param name="Fail">The condition, as given on the command line.</param>
/// <param name="Met">Whether the condition was met, and failed the run.</param>
internal sealed record JsonThreshold(string Fail, bool Met);

/// <param name="Rate">The highest rate that passed; null: none.</param>
/// <param name="LimitedBy">Why no higher rate passed: <c>server</c>, <c>generator</c> (an invalid run), <c>nothing</c>, or <c>failure</c>
/// (the search stopped early).</param>
/// <param name="Steps">The steps, in the order in which they ran.</param>
internal sealed record JsonSearch(double? Rate, string LimitedBy, IReadOnlyList<JsonStep> Steps);

/// <param name="Rate">Messages a second.</param>
/// <param name="Held">Whether the step passed: it had no fault, was valid, and met no condition.</param>
/// <param name="Why">Why the step failed; null if it passed.</param>
/// <param name="DeliveryP99">The p99 of delivery, in milliseconds.</param>
internal sealed record JsonStep(double Rate, bool Held, string? Why, double? DeliveryP99);
