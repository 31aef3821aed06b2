using System.Globalization;
using System.Text.RegularExpressions;

namespace RawSocketChat.Tests.Flood.Goals;

/// <summary>A condition that no run may meet, as <c>--fail 'delivery.p99>50ms'</c> says it.</summary>
public sealed partial class Threshold
{
    private static readonly Dictionary<string, (MetricKind Kind, double Factor)> Units = new(StringComparer.Ordinal)
    {
        ["us"] = (MetricKind.Time, 0.001),
        ["ms"] = (MetricKind.Time, 1),
        ["s"] = (MetricKind.Time, 1000),
        ["B"] = (MetricKind.Size, 1),
        ["KB"] = (MetricKind.Size, 1024),
        ["MB"] = (MetricKind.Size, 1024 * 1024),
        [""] = (MetricKind.Count, 1),
    };

    private readonly string _text;
    private readonly string _operation;
    private readonly double _bound;

    private Threshold(string text, Metric metric, string operation, double bound) =>
        (_text, Metric, _operation, _bound) = (text, metric, operation, bound);

    public Metric Metric { get; }

    /// <summary>Reads a condition.</summary>
    /// <param name="text">As it was typed.</param>
    /// <param name="threshold">What it means.</param>
    /// <param name="problem">Why it means nothing, in one line.</param>
    public static bool TryParse(string text, out Threshold threshold, out string? problem)
    {
        (threshold, problem) = (null!, null);
        var parts = Form().Match(text);
        if (!parts.Success)
        {
            problem = $"--fail is a metric, one of < <= > >= ==, and a bound, as in 'delivery.p99>50ms' (it is \"{text}\")";
            return false;
        }
        var metric = Metric.All.FirstOrDefault(one => one.Name == parts.Groups["metric"].Value);
        if (metric is null)
        {
            problem = $"--fail: there is no metric \"{parts.Groups["metric"].Value}\"; there are {string.Join(", ", Metric.All.Select(one => one.Name))}";
            return false;
        }
        var number = double.Parse(parts.Groups["number"].Value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture);
        if (!Units.TryGetValue(parts.Groups["unit"].Value, out var unit) || unit.Kind != metric.Kind)
        {
            problem = $"--fail: {metric.Name} is bounded in {UnitsOf(metric.Kind)} (it is \"{text}\")";
            return false;
        }
        threshold = new Threshold(text, metric, parts.Groups["operation"].Value, number * unit.Factor);
        return true;
    }

    /// <summary>Whether the run meets the condition, and so fails. What has no value meets none.</summary>
    public bool IsMetBy(FloodResult result) => Metric.Of(result) is { } value && IsMetBy(value);

    /// <summary>Whether this value meets the condition.</summary>
    public bool IsMetBy(double value) => _operation switch
    {
        "<" => value < _bound,
        "<=" => value <= _bound,
        ">" => value > _bound,
        ">=" => value >= _bound,
        _ => Math.Abs(value - _bound) < 1e-9,
    };

    /// <summary>What the run had, in the metric's own unit.</summary>
    public string Found(FloodResult result) => Metric.Of(result) is not { } value ? "none" : Metric.Kind switch
    {
        MetricKind.Time => string.Create(CultureInfo.InvariantCulture, $"{value:0.###} ms"),
        MetricKind.Size => string.Create(CultureInfo.InvariantCulture, $"{value / (1024 * 1024):0.#} MB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{value:0.###}"),
    };

    public override string ToString() => _text;

    private static string UnitsOf(MetricKind kind) => kind switch
    {
        MetricKind.Time => "us, ms or s",
        MetricKind.Size => "B, KB or MB",
        _ => "a bare number",
    };

    [GeneratedRegex(@"^\s*(?<metric>[a-z][a-z0-9.-]*)\s*(?<operation><=|>=|==|<|>)\s*(?<number>\d+(\.\d+)?)\s*(?<unit>[A-Za-z]*)\s*$")]
    private static partial Regex Form();
}
