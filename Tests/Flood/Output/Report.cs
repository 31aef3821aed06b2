using System.Globalization;

namespace RawSocketChat.Tests.Flood.Output;

/// <summary>Plain lines, a name and its figures each, for a person and for <c>grep</c>.</summary>
internal static class Report
{
    /// <param name="output">Where to.</param>
    /// <param name="o">What was asked for.</param>
    /// <param name="replay">How many messages a replay has, and how long it takes.</param>
    public static void Begin(TextWriter output, FloodOptions o, (int Messages, double Seconds) replay = default)
    {
        var rooms = o.Rooms == 1 ? $"#{o.Room}" : $"{o.Rooms} rooms, #{o.Room}-1 and on";
        Line(output, $"flood         {o.Url}, {rooms}: {o.Connections} connections by {o.Ways}");
        if (o.Replay is not null)
            Line(output, $"schedule      {replay.Messages} messages of {o.Replay} in {replay.Seconds:0.#} s ({o.Speed} times its speed){WarmUp(o)}, from {o.PublisherCount} of them in turn");
        else
            Line(output, $"schedule      {o.Rate} messages/s for {o.Seconds} s{WarmUp(o)}, from {o.PublisherCount} of them in turn, {Sizes(o)} bytes of text");
        if (o.Slow > 0 || o.Churn > 0) Line(output, $"trouble       {o.SlowCount} read slowly, {o.Churn} % of the connections are cut each second");
        Line(output, $"seed          {o.Seed}");
    }

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
        Line(output, $"altered       {r.Altered}");
        Line(output, $"closed early  {r.Closed}");
        if (r.Cuts + r.LetGo > 0) Line(output, $"came back     {r.Cuts} cut, {r.LetGo} let go for reading slowly; {r.SentAgain} messages sent again");
        if (r.Deliveries > 0) Measured(output, r);
        foreach (var complaint in r.Complaints) Line(output, $"note          {complaint}");
        foreach (var met in r.Exceeded) Line(output, $"over          {met} ({met.Found(r)})");
        if (r.InvalidBecause is not null) Line(output, $"invalid       {r.InvalidBecause}: this run shows the generator's limit");
        output.WriteLine(r.ExitCode switch
        {
            FloodResult.Fine => "fine          everything arrived, once and in order",
            FloodResult.Interrupted => "INTERRUPTED   everything that was sent till then arrived, once and in order",
            FloodResult.Invalid => "INVALID       everything arrived, but the figures are not the server's",
            FloodResult.OverThreshold => "OVER          everything arrived, but not as --fail demands",
            _ => "FAULTY        see above",
        });
    }

    private static void Measured(TextWriter output, FloodResult r)
    {
        Latencies(output, "from due     ", r.FromDue, "delivery, from when the message was due");
        Latencies(output, "from send    ", r.FromSend, "delivery, from when it left");
        Latencies(output, "ack          ", r.Acks, "acknowledgement, from due");
        if (r.Recovery.Count > 0) Latencies(output, "recovery     ", r.Recovery, "what came as somebody was back, from due");
        Latencies(output, "lateness     ", r.Lateness, "from due to send: the generator's");
        Latencies(output, "lag          ", r.Lag, "from there to read: the generator's");
        var (cpu, user, cost) = (r.GeneratorCpuSeconds, r.GeneratorUserSeconds, r.GeneratorMicrosecondsPerDelivery ?? 0);
        Line(output, $"generator     {cpu:0.00} s of CPU ({user:0.00} in user mode), {cost:0.0} µs a delivery");
        if (r.Server is { } server)
            Line(output, $"server        {server.CpuSeconds:0.00} s of CPU, {server.CpuMicrosecondsPerDelivery ?? 0:0.0} µs a delivery; {server.Rss / 1048576.0:0.0} MB");
    }

    private static string WarmUp(FloodOptions o) => o.WarmUp > 0 ? string.Create(CultureInfo.InvariantCulture, $" after {o.WarmUp} s to warm up") : "";

    private static string Sizes(FloodOptions o) => o.MostTextBytes > o.TextBytes ? $"{o.TextBytes} to {o.MostTextBytes}" : $"{o.TextBytes}";

    private static void Latencies(TextWriter output, string name, Latency ms, string meaning) =>
        Line(output, $"{name} p50 {ms.P50:0.00}  p90 {ms.P90:0.00}  p99 {ms.P99:0.00}  p999 {ms.P999:0.00}  max {ms.Max:0.00} ms  ({meaning})");

    private static void Line(TextWriter output, FormattableString text) => output.WriteLine(text.ToString(CultureInfo.InvariantCulture));
}
