namespace RawSocketChat.Tests.Flood.Goals;

/// <summary>The kind of a metric's value, which decides the units of its limits.</summary>
public enum MetricKind
{
    /// <summary>Milliseconds; a limit is in us, ms or s.</summary>
    Time,

    /// <summary>Bytes; a limit is in B, KB or MB (factors of 1,024).</summary>
    Size,

    /// <summary>A plain number.</summary>
    Count,
}

/// <summary>A figure of a run. It has the same name in conditions and in the JSON result.</summary>
/// <param name="Name">Such as <c>delivery.p99</c>.</param>
/// <param name="Kind">The kind of the value.</param>
/// <param name="GetValue">Gets the value of a run; null if it has none, because nothing was measured or the server's process is not known.</param>
/// <param name="Meaning">A description for the user.</param>
public sealed record Metric(string Name, MetricKind Kind, Func<FloodResult, double?> GetValue, string Meaning)
{
    /// <summary>All metrics, in the order of the documentation.</summary>
    public static IReadOnlyList<Metric> All { get; } =
    [
        .. CreateLatencyMetrics("delivery", result => result.FromDue, "from the scheduled time until a subscriber received the message"),
        .. CreateLatencyMetrics("delivery-from-send", result => result.FromSend, "from the time when it was sent until a subscriber received the message"),
        .. CreateLatencyMetrics("ack", result => result.Acks, "from the scheduled time until the publisher received the acknowledgement"),
        .. CreateLatencyMetrics("recovery", result => result.Recovery, "from the scheduled time until a subscriber received the message as catch-up after a reconnect"),
        .. CreateLatencyMetrics("lateness", result => result.Lateness, "delay of the tool: from the scheduled time until sent"),
        .. CreateLatencyMetrics("lag", result => result.Lag, "delay of the tool: from the arrival of bytes until they are read"),
        new("sent", MetricKind.Count, result => result.Sent, "messages that were sent"),
        new("deliveries", MetricKind.Count, result => result.Deliveries, "messages that arrived, counted once for each subscriber"),
        new("deliveries-per-second", MetricKind.Count, result => result.DeliverySeconds > 0 ? result.Deliveries / result.DeliverySeconds : null, "deliveries a second"),
        new("lost", MetricKind.Count, result => result.Lost, "acknowledged messages that did not arrive, or holes in seq, whichever is more"),
        new("repeated", MetricKind.Count, result => result.Repeated, "arrivals of events that had already arrived"),
        new("reordered", MetricKind.Count, result => result.OutOfOrder + result.SeqConflicts, "events that arrived after a later one, or with another seq than for other subscribers"),
        new("altered", MetricKind.Count, result => result.Altered, "messages that arrived with another text than was published"),
        new("refused", MetricKind.Count, result => result.Refused, "messages that the server rejected"),
        new("unanswered", MetricKind.Count, result => result.Unanswered, "messages that the server never answered"),
        new("closed", MetricKind.Count, result => result.Closed, "connections that the server closed although they did not read slowly"),
        new("let-go", MetricKind.Count, result => result.ClosedAsSlow, "times that the server closed a slow reader, which then reconnected"),
        new("cuts", MetricKind.Count, result => result.Cuts, "connections that --churn cut"),
        new("connect.seconds", MetricKind.Count, result => result.ConnectSeconds, "time until all connections were in their rooms"),
        new("server.cpu-us-per-delivery", MetricKind.Count, result => result.Server?.CpuMicrosecondsPerDelivery, "CPU time of the server for each delivery, in microseconds (--server-pid)"),
        new("server.cpu", MetricKind.Count, result => result.Server?.Cores, "CPU time of the server divided by elapsed time: 1 is one core (--server-pid)"),
        new("server.rss", MetricKind.Size, result => result.Server?.Rss, "largest memory of the server (--server-pid)"),
        new("generator.cpu-us-per-delivery", MetricKind.Count, result => result.GeneratorMicrosecondsPerDelivery, "CPU time of the tool for each delivery, in microseconds"),
    ];

    /// <summary>Whether the metric needs <c>--server-pid</c>.</summary>
    public bool NeedsServerPid => Name.StartsWith("server.", StringComparison.Ordinal);

    /// <summary>Whether the metric is a time that exists only if messages are published.</summary>
    public bool NeedsMessages => Kind == MetricKind.Time && !Name.StartsWith("lag.", StringComparison.Ordinal);

    private static IEnumerable<Metric> CreateLatencyMetrics(string name, Func<FloodResult, Latency> of, string meaning)
    {
        yield return new($"{name}.p50", MetricKind.Time, result => of(result).Count == 0 ? null : of(result).P50, meaning);
        yield return new($"{name}.p90", MetricKind.Time, result => of(result).Count == 0 ? null : of(result).P90, meaning);
        yield return new($"{name}.p99", MetricKind.Time, result => of(result).Count == 0 ? null : of(result).P99, meaning);
        yield return new($"{name}.p999", MetricKind.Time, result => of(result).Count == 0 ? null : of(result).P999, meaning);
        yield return new($"{name}.max", MetricKind.Time, result => of(result).Count == 0 ? null : of(result).Max, meaning);
    }
}
