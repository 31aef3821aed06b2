using System.Diagnostics;
using HdrHistogram;

namespace RawSocketChat.Tests.Flood.Compare;

/// <summary>How long one way's deliveries took, over all of its clients. Safe from any thread.</summary>
internal sealed class Delays
{
    private readonly Lock _gate = new();
    private readonly LongHistogram _fromDue = Measurements.NewHistogram();
    private readonly LongHistogram _fromSend = Measurements.NewHistogram();
    private readonly LongHistogram _toWire = Measurements.NewHistogram();
    private readonly LongHistogram _wireToClient = Measurements.NewHistogram();

    /// <summary>From when the message was due to be sent until it had come: a speaker that is late hides nothing.</summary>
    public Latency FromDue => Of(_fromDue);

    /// <summary>From when it was sent until it had come.</summary>
    public Latency FromSend => Of(_fromSend);

    /// <summary>From when it was sent until the server handed it to the connection; empty where that was not told.</summary>
    public Latency ToWire => Of(_toWire);

    /// <summary>From then until it had come.</summary>
    public Latency WireToClient => Of(_wireToClient);

    public bool IsSplit
    {
        get
        {
            lock (_gate)
                return _toWire.TotalCount > 0;
        }
    }

    /// <summary>A message came. All times are of the stopwatch.</summary>
    public void Came(long dueAt, long sentAt, long cameAt)
    {
        lock (_gate)
        {
            Measurements.Record(_fromDue, cameAt - dueAt);
            Measurements.Record(_fromSend, cameAt - sentAt);
        }
    }

    /// <summary>The server told when it had handed it to the connection.</summary>
    public void Split(long sentAt, long wireAt, long cameAt)
    {
        lock (_gate)
        {
            Measurements.Record(_toWire, wireAt - sentAt);
            Measurements.Record(_wireToClient, cameAt - wireAt);
        }
    }

    private Latency Of(LongHistogram histogram)
    {
        lock (_gate)
            return Latency.Of(histogram);
    }

    /// <summary>A moment of the wall's clock, by the stopwatch: as long ago as it is now. So a clock that is set meanwhile shifts nothing that is over.</summary>
    public static long OnStopwatch(DateTimeOffset moment, TimeProvider time) =>
        time.GetTimestamp() - (long)((time.GetUtcNow() - moment).TotalSeconds * Stopwatch.Frequency);
}
