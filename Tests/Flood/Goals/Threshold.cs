using System.Globalization;
using System.Text.RegularExpressions;

namespace RawSocketChat.Tests.Flood.Goals;

/// <summary>A condition that fails a run if it is met, such as <c>--fail 'delivery.p99>50ms'</c>.</summary>
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
    private readonly double _limit;

    private Threshold(string text, Metric metric, string operation, double limit) =>
        (_text, Metric, _operation, _limit) = (text, metric, operation, limit);

    public Metric Metric { get; }

    /// <summary>Parses a condition.</summary>
    /// <param name="text">The condition, as given on the command line.</param>
    /// <param name="threshold">The parsed condition.</param>
    /// <param name="problem">The error in one line, or null.</param>
    public static bool TryParse(string text, out Threshold threshold, out string? problem)
    {
        (threshold, problem) = (null!, null);
        var parts = ConditionPattern().Match(text);
        if (!parts.Success)
        {
            problem = $"--fail needs a metric, one of < <= > >= ==, and a limit, as in 'delivery.p99>50ms' (it is \"{text}\")";
            return false;
        }
        var metric = Metric.All.FirstOrDefault(one => one.Name == parts.Groups["metric"].Value);
        if (metric is null)
        {
            problem = $"--fail: there is no metric \"{parts.Groups["metric"].Value}\"; the metrics are {string.Join(", ", Metric.All.Select(one => one.Name))}";
            return false;
        }
        var number = double.Parse(parts.Groups["number"].Value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture);
        if (!Units.TryGetValue(parts.Groups["unit"].Value, out var unit) || unit.Kind != metric.Kind)
        {
            problem = $"--fail: the limit of {metric.Name} must be {DescribeUnits(metric.Kind)} (it is \"{text}\")";
            return false;
        }
        threshold = new Threshold(text, metric, parts.Groups["operation"].Value, number * unit.Factor);
        return true;
    }

    /// <summary>Whether the run meets the condition. If true, the run fails. A metric without a value meets no condition.</summary>
    public bool IsMetBy(FloodResult result) => Metric.GetValue(result) is { } value && IsMetBy(value);

    /// <summary>Whether a value meets the condition.</summary>
    public bool IsMetBy(double value) => _operation switch
    {
        "<" => value < _limit,
        "<=" => value <= _limit,
        ">" => value > _limit,
        ">=" => value >= _limit,
        _ => Math.Abs(value - _limit) < 1e-9,
    };

    /// <summary>Formats the run's value with the unit of the metric.</summary>
    public string DescribeValue(FloodResult result) => Metric.GetValue(result) is not { } value ? "none" : Metric.Kind switch
    {
        MetricKind.Time => string.Create(CultureInfo.InvariantCulture, $"{value:0.###} ms"),
        MetricKind.Size => string.Create(CultureInfo.InvariantCulture, $"{value / (1024 * 1024):0.#} MB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{value:0.###}"),
    };

    public override string ToString() => _text;

    private static string DescribeUnits(MetricKind kind) => kind switch
    {
        MetricKind.Time => "in us, ms or s",
        MetricKind.Size => "in B, KB or MB",
        _ => "a plain number without a unit",
    };

    [GeneratedRegex(@"^\s*(?<metric>[a-z][a-z0-9.-]*)\s*(?<operation><=|>=|==|<|>)\s*(?<number>\d+(\.\d+)?)\s*(?<unit>[A-Za-z]*)\s*$")]
    private static partial Regex ConditionPattern();
}
