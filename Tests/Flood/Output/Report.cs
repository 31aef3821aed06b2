using System.Globalization;

namespace RawSocketChat.Tests.Flood.Output;

/// <summary>Writes the report: lines with a name and figures, for people and for <c>grep</c>.</summary>
internal static class Report
{
    /// <param name="output">Receives the lines.</param>
    /// <param name="o">The options of the run.</param>
    /// <param name="replay">Number of messages and duration of a replay.</param>
    public static void WriteStart(TextWriter output, FloodOptions o, (int Messages, double Seconds) replay = default)
    {
        var rooms = o.Rooms == 1 ? $"#{o.Room}" : $"{o.Rooms} rooms, #{o.Room}-1 to #{o.Room}-{o.Rooms}";
        WriteLine(output, $"flood         {o.Url}, {rooms}: {o.Connections} connections over {o.Transports}");
        if (o.Replay is not null)
            WriteLine(output, $"schedule      {replay.Messages} messages of {o.Replay} in {replay.Seconds:0.#} s ({o.Speed} times the original speed){FormatWarmUp(o)}, {o.PublisherCount} publishers in turn");
        else
            WriteLine(output, $"schedule      {o.Rate} messages/s for {o.Seconds} s{FormatWarmUp(o)}, {o.PublisherCount} publishers in turn, {FormatSizes(o)} bytes of text");
        if (o.Slow > 0 || o.Churn > 0) WriteLine(output, $"disturbances  {o.SlowCount} connections read slowly, {o.Churn} % of the connections are cut each second");
        WriteLine(output, $"seed          {o.Seed}");
    }

    public static void WriteConnected(TextWriter output, int connections, double seconds) =>
        WriteLine(output, $"connected     {connections} in {seconds:0.00} s");

    public static void WriteSummary(TextWriter output, FloodResult r)
    {
        var (acknowledged, refused, unanswered) = (r.Acknowledged, r.Refused, r.Unanswered);
        WriteLine(output, $"published     {r.Sent} of {r.Scheduled} ({acknowledged} acknowledged, {refused} rejected, {unanswered} unanswered)");
        var rate = r.DeliverySeconds > 0 ? r.Deliveries / r.DeliverySeconds : 0;
        WriteLine(output, $"deliveries    {r.Deliveries} in {r.DeliverySeconds:0.00} s, {rate:0}/s");
        WriteLine(output, $"lost          {r.Lost}");
        WriteLine(output, $"repeated      {r.Repeated}");
        WriteLine(output, $"out of order  {r.OutOfOrder + r.SeqConflicts}");
        WriteLine(output, $"altered       {r.Altered}");
        WriteLine(output, $"closed early  {r.Closed}");
        if (r.Cuts + r.ClosedAsSlow > 0) WriteLine(output, $"reconnected   {r.Cuts} after a cut, {r.ClosedAsSlow} slow readers after the server closed them; {r.Resent} messages sent again");
        if (r.Deliveries > 0) WriteMeasurements(output, r);
        foreach (var note in r.Notes) WriteLine(output, $"note          {note}");
        foreach (var threshold in r.MetThresholds) WriteLine(output, $"fail          {threshold} ({threshold.DescribeValue(r)})");
        if (r.InvalidReason is not null) WriteLine(output, $"invalid       {r.InvalidReason}: the figures show the limit of this tool, not of the server");
        output.WriteLine(r.ExitCode switch
        {
            FloodResult.Success => "passed        every message arrived once, in order and unaltered",
            FloodResult.Interrupted => "INTERRUPTED   every message that was sent arrived once, in order and unaltered",
            FloodResult.Invalid => "INVALID       every message arrived, but the figures are not those of the server",
            FloodResult.OverThreshold => "FAILED        every message arrived, but a --fail condition was met",
            _ => "FAULTY        messages or connections had faults, see above",
        });
    }

    private static void WriteMeasurements(TextWriter output, FloodResult r)
    {
        WriteLatency(output, "from due     ", r.FromDue, "delivery, from the scheduled time of the message");
        WriteLatency(output, "from send    ", r.FromSend, "delivery, from the time when the message was sent");
        WriteLatency(output, "ack          ", r.Acks, "acknowledgement, from the scheduled time");
        if (r.Recovery.Count > 0) WriteLatency(output, "recovery     ", r.Recovery, "catch-up after a reconnect, from the scheduled time");
        WriteLatency(output, "lateness     ", r.Lateness, "delay of this tool, from the scheduled time until sent");
        WriteLatency(output, "lag          ", r.Lag, "delay of this tool, from the arrival of bytes until they are read");
        var (cpu, user, cost) = (r.GeneratorCpuSeconds, r.GeneratorUserSeconds, r.GeneratorMicrosecondsPerDelivery ?? 0);
        WriteLine(output, $"generator     {cpu:0.00} s of CPU ({user:0.00} in user mode), {cost:0.0} µs for each delivery");
        if (r.Server is { } server)
            WriteLine(output, $"server        {server.CpuSeconds:0.00} s of CPU, {server.CpuMicrosecondsPerDelivery ?? 0:0.0} µs for each delivery; {server.Rss / 1048576.0:0.0} MB");
    }

    private static string FormatWarmUp(FloodOptions o) => o.WarmUp > 0 ? string.Create(CultureInfo.InvariantCulture, $" after {o.WarmUp} s of warm-up") : "";

    private static string FormatSizes(FloodOptions o) => o.MaxTextBytes > o.TextBytes ? $"{o.TextBytes} to {o.MaxTextBytes}" : $"{o.TextBytes}";

    private static void WriteLatency(TextWriter output, string name, Latency ms, string meaning) =>
        WriteLine(output, $"{name} p50 {ms.P50:0.00}  p90 {ms.P90:0.00}  p99 {ms.P99:0.00}  p999 {ms.P999:0.00}  max {ms.Max:0.00} ms  ({meaning})");

    private static void WriteLine(TextWriter output, FormattableString text) => output.WriteLine(text.ToString(CultureInfo.InvariantCulture));
}
