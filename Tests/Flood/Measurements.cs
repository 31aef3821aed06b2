using System.Diagnostics;
using HdrHistogram;

namespace RawSocketChat.Tests.Flood;

/// <summary>
/// The measurements of one thread. At the end, the run adds up the measurements of all threads. Histograms count microseconds.
/// </summary>
internal sealed class Measurements
{
    // Ten minutes. Larger values are recorded as ten minutes.
    private const long MaxMicroseconds = 600_000_000;
    private long _deliveries;

    public LongHistogram FromDue { get; } = CreateHistogram();
    public LongHistogram FromSend { get; } = CreateHistogram();
    public LongHistogram Acks { get; } = CreateHistogram();

    /// <summary>The latency, from the scheduled time, of messages that arrived as catch-up after a reconnect.</summary>
    public LongHistogram Recovery { get; } = CreateHistogram();

    /// <summary>The number of deliveries. May be read from any thread.</summary>
    public long Deliveries => Volatile.Read(ref _deliveries);

    public long LastArrival { get; private set; }

    /// <summary>Creates a histogram with a precision of three digits.</summary>
    public static LongHistogram CreateHistogram() => new(MaxMicroseconds, 3);

    public void RecordDelivery(long dueAt, long sentAt, long now)
    {
        Record(FromDue, now - dueAt);
        Record(FromSend, now - sentAt);
        RecordUntimed(now);
    }

    /// <summary>Records a delivery as catch-up: the subscriber was not in the room at the scheduled time of the message.</summary>
    public void RecordRecovery(long dueAt, long now)
    {
        Record(Recovery, now - dueAt);
        RecordUntimed(now);
    }

    /// <summary>Records a delivery without a latency.</summary>
    public void RecordUntimed(long now)
    {
        LastArrival = now;
        Volatile.Write(ref _deliveries, _deliveries + 1);
    }

    public void Add(Measurements other)
    {
        FromDue.Add(other.FromDue);
        FromSend.Add(other.FromSend);
        Acks.Add(other.Acks);
        Recovery.Add(other.Recovery);
        LastArrival = Math.Max(LastArrival, other.LastArrival);
    }

    public static void Record(LongHistogram histogram, long ticks) => histogram.RecordValue(ToMicroseconds(ticks));

    /// <summary>
    /// Records the waiting time of a probe that runs once in each <paramref name="interval"/>. While one probe waits, the next probes are
    /// skipped. For each skipped probe, records how long it would have waited (the correction for coordinated omission).
    /// </summary>
    public static void RecordWithExpectedInterval(LongHistogram histogram, long ticks, TimeSpan interval) =>
        histogram.RecordValueWithExpectedInterval(ToMicroseconds(ticks), (long)interval.TotalMicroseconds);

    private static long ToMicroseconds(long ticks) => Math.Clamp((long)(ticks * (1_000_000.0 / Stopwatch.Frequency)), 0, MaxMicroseconds);
}
