using System.Globalization;

namespace RawSocketChat.Tests.Flood.Output;

/// <summary>Writes one line each second, for logs and pipes.</summary>
internal sealed class LineDisplay(TextWriter output) : IRunDisplay
{
    public void Show(Snapshot s)
    {
        var server = s.ServerCpu is { } cpu ? string.Create(CultureInfo.InvariantCulture, $"  server {cpu:0} %") : "";
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{(s.IsWarmingUp ? "warm-up" : "running"),-13} {s.Seconds:0} s  {s.MessagesPerSecond:0} messages/s  {s.DeliveriesPerSecond:0} deliveries/s  p50 {s.FormatLatency(s.LastSecond.P50)}  p99 {s.FormatLatency(s.LastSecond.P99)} ms  {s.Connected} connected  {s.Lost} lost  {s.Altered} altered{server}"));
    }

    public void End()
    {
    }
}
