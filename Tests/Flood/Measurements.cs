using System.Diagnostics;
using HdrHistogram;

namespace RawSocketChat.Tests.Flood;

/// <summary>What one thread measured; the run adds them up when all is over. Histograms count microseconds.</summary>
internal sealed class Measurements
{
    // Ten minutes: what takes longer is written down as that.
    private const long Highest = 600_000_000;
    private long _deliveries;

    public LongHistogram FromDue { get; } = NewHistogram();
    public LongHistogram FromSend { get; } = NewHistogram();
    public LongHistogram Acks { get; } = NewHistogram();

    /// <summary>From due, of what came as somebody was back again.</summary>
    public LongHistogram Recovery { get; } = NewHistogram();

    /// <summary>May be read from other threads, to see whether anything still comes.</summary>
    public long Deliveries => Volatile.Read(ref _deliveries);

    public long LastArrival { get; private set; }

    /// <summary>Three digits are kept.</summary>
    public static LongHistogram NewHistogram() => new(Highest, 3);

    public void Delivered(long dueAt, long sentAt, long now)
    {
        Record(FromDue, now - dueAt);
        Record(FromSend, now - sentAt);
        Untimed(now);
    }

    /// <summary>It came to somebody who had been away when it was due.</summary>
    public void CaughtUp(long dueAt, long now)
    {
        Record(Recovery, now - dueAt);
        Untimed(now);
    }

    /// <summary>It came; how long it took says nothing.</summary>
    public void Untimed(long now)
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

    public static void Record(LongHistogram histogram, long ticks) => histogram.RecordValue(Microseconds(ticks));

    /// <summary>
    /// Records what one saw who asks once in <paramref name="every"/>, but not while an answer is still awaited: those who were not
    /// asked meanwhile would have waited for the rest of it, and count too.
    /// </summary>
    public static void RecordWithTheUnasked(LongHistogram histogram, long ticks, TimeSpan every) =>
        histogram.RecordValueWithExpectedInterval(Microseconds(ticks), (long)every.TotalMicroseconds);

    private static long Microseconds(long ticks) => Math.Clamp((long)(ticks * (1_000_000.0 / Stopwatch.Frequency)), 0, Highest);
}
