namespace RawSocketChat.Tests.Flood.Goals;

/// <summary>In what a metric counts, and so which units its bounds may have.</summary>
public enum MetricKind
{
    /// <summary>Milliseconds; a bound is in us, ms or s.</summary>
    Time,

    /// <summary>Bytes; a bound is in B, KB or MB (1024 each).</summary>
    Size,

    /// <summary>A bare number.</summary>
    Count,
}

/// <summary>One figure of a run, by the name that bounds and the JSON know it by.</summary>
/// <param name="Name">Such as <c>delivery.p99</c>.</param>
/// <param name="Kind">What it counts.</param>
/// <param name="Of">Null where the run has none: no server's process was named, nothing of it came.</param>
/// <param name="Meaning">For a person.</param>
public sealed record Metric(string Name, MetricKind Kind, Func<FloodResult, double?> Of, string Meaning)
{
    /// <summary>All there are, in the order of the documentation.</summary>
    public static IReadOnlyList<Metric> All { get; } =
    [
        .. Times("delivery", result => result.FromDue, "from when a message was due until a subscriber had it"),
        .. Times("delivery-from-send", result => result.FromSend, "from when it left until a subscriber had it"),
        .. Times("ack", result => result.Acks, "from when it was due until its sender had the ack"),
        .. Times("recovery", result => result.Recovery, "the same as delivery, of what came as somebody was back again"),
        .. Times("lateness", result => result.Lateness, "from due to send: the generator's own"),
        .. Times("lag", result => result.Lag, "how long bytes lay before the generator read them: its own"),
        new("sent", MetricKind.Count, result => result.Sent, "messages that left"),
        new("deliveries", MetricKind.Count, result => result.Deliveries, "messages that came, once for each subscriber"),
        new("deliveries-per-second", MetricKind.Count, result => result.DeliverySeconds > 0 ? result.Deliveries / result.DeliverySeconds : null, "of them, in a second"),
        new("lost", MetricKind.Count, result => result.Lost, "acknowledged, and never seen by a subscriber"),
        new("repeated", MetricKind.Count, result => result.Repeated, "events that came again"),
        new("reordered", MetricKind.Count, result => result.OutOfOrder + result.Disagreed, "events that came after a later one, or at another place than for others"),
        new("altered", MetricKind.Count, result => result.Altered, "messages that came with another text than was said"),
        new("refused", MetricKind.Count, result => result.Refused, "messages that were answered by an error"),
        new("unanswered", MetricKind.Count, result => result.Unanswered, "messages that were never answered"),
        new("closed", MetricKind.Count, result => result.Closed, "connections that the server ended, of who did not read slowly"),
        new("let-go", MetricKind.Count, result => result.LetGo, "times that a slow reader was let go, and came back"),
        new("cuts", MetricKind.Count, result => result.Cuts, "lines that --churn tore"),
        new("connect.seconds", MetricKind.Count, result => result.ConnectSeconds, "until all were in their rooms"),
        new("server.cpu-us-per-delivery", MetricKind.Count, result => result.Server?.CpuMicrosecondsPerDelivery, "microseconds of the server's CPU time (--server-pid)"),
        new("server.cpu", MetricKind.Count, result => result.Server?.Cores, "the server's CPU time by the time that passed: 1 is a core (--server-pid)"),
        new("server.rss", MetricKind.Size, result => result.Server?.Rss, "the most memory that the server had (--server-pid)"),
        new("generator.cpu-us-per-delivery", MetricKind.Count, result => result.GeneratorMicrosecondsPerDelivery, "microseconds of the generator's CPU time"),
    ];

    /// <summary>Whether the server's process has to be known for it.</summary>
    public bool IsOfServer => Name.StartsWith("server.", StringComparison.Ordinal);

    /// <summary>Whether it is a time that only messages have.</summary>
    public bool IsOfMessages => Kind == MetricKind.Time && !Name.StartsWith("lag.", StringComparison.Ordinal);

    private static IEnumerable<Metric> Times(string name, Func<FloodResult, Latency> of, string meaning)
    {
        yield return new($"{name}.p50", MetricKind.Time, result => of(result).Count == 0 ? null : of(result).P50, meaning);
        yield return new($"{name}.p90", MetricKind.Time, result => of(result).Count == 0 ? null : of(result).P90, meaning);
        yield return new($"{name}.p99", MetricKind.Time, result => of(result).Count == 0 ? null : of(result).P99, meaning);
        yield return new($"{name}.p999", MetricKind.Time, result => of(result).Count == 0 ? null : of(result).P999, meaning);
        yield return new($"{name}.max", MetricKind.Time, result => of(result).Count == 0 ? null : of(result).Max, meaning);
    }
}
