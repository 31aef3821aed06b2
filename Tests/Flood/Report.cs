using System.Globalization;

namespace RawSocketChat.Tests.Flood;

/// <summary>Plain lines, a name and its figures each, for a person and for <c>grep</c>.</summary>
internal static class Report
{
    /// <summary>Lateness of sending (p99, ms) above which the run measures the generator instead of the server.</summary>
    private const double LateMilliseconds = 20;

    public static void Begin(TextWriter output, FloodOptions o) =>
        Line(output, $"""
            flood         {o.Url}, #{o.Room}: {o.Connections} connections
            schedule      {o.Rate} messages/s for {o.Seconds} s, from {o.PublisherCount} of them in turn, {o.TextBytes} bytes of text
            """);

    public static void Connected(TextWriter output, int connections, double seconds) =>
        Line(output, $"connected     {connections} in {seconds:0.00} s");

    public static void End(TextWriter output, FloodResult r)
    {
        var (acknowledged, refused, unanswered) = (r.Acknowledged, r.Refused, r.Unanswered);
        Line(output, $"published     {r.Sent} of {r.Scheduled} ({acknowledged} acknowledged, {refused} refused, {unanswered} unanswered)");
        var rate = r.DeliverySeconds > 0 ? r.Deliveries / r.DeliverySeconds : 0;
        Line(output, $"deliveries    {r.Deliveries} in {r.DeliverySeconds:0.00} s, {rate:0}/s");
        Line(output, $"lost          {r.Lost}");
        Line(output, $"repeated      {r.Repeated}");
        Line(output, $"out of order  {r.OutOfOrder + r.Disagreed}");
        Line(output, $"closed early  {r.Closed}");
        if (r.Deliveries > 0) Measured(output, r);
        foreach (var complaint in r.Complaints) Line(output, $"note          {complaint}");
        if (r.Lateness.P99 > LateMilliseconds)
            Line(output, $"note          messages left late (p99 {r.Lateness.P99:0} ms): this run shows the generator's limit");
        var fine = r.ExitCode == FloodResult.Fine;
        output.WriteLine(fine ? "fine          everything arrived, once and in order" : "FAULTY        see above");
    }

    private static void Measured(TextWriter output, FloodResult r)
    {
        Latencies(output, "from due     ", r.FromDue, "delivery, from when the message was due");
        Latencies(output, "from send    ", r.FromSend, "delivery, from when it left");
        Latencies(output, "ack          ", r.Acks, "acknowledgement, from due");
        Latencies(output, "lateness     ", r.Lateness, "from due to send: the generator's");
        var (cpu, user, cost) = (r.GeneratorCpuSeconds, r.GeneratorUserSeconds, r.GeneratorCpuSeconds * 1e6 / r.Deliveries);
        Line(output, $"generator     {cpu:0.00} s of CPU ({user:0.00} in user mode), {cost:0.0} µs a delivery");
    }

    private static void Latencies(TextWriter output, string name, Latency ms, string meaning) =>
        Line(output, $"{name} p50 {ms.P50:0.00}  p90 {ms.P90:0.00}  p99 {ms.P99:0.00}  max {ms.Max:0.00} ms  ({meaning})");

    private static void Line(TextWriter output, FormattableString text) => output.WriteLine(text.ToString(CultureInfo.InvariantCulture));
}
