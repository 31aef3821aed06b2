using System.Diagnostics;
using HdrHistogram;

namespace RawSocketChat.Tests.Flood.Compare;

/// <summary>The latencies of one transport, over all of its clients. Thread-safe.</summary>
internal sealed class DeliveryLatencies
{
    private readonly Lock _gate = new();
    private readonly LongHistogram _fromDue = Measurements.CreateHistogram();
    private readonly LongHistogram _fromSend = Measurements.CreateHistogram();
    private readonly LongHistogram _toWire = Measurements.CreateHistogram();
    private readonly LongHistogram _wireToClient = Measurements.CreateHistogram();

    /// <summary>The time from the scheduled time of a message until the message arrived. It includes the delay of a message that was sent late.</summary>
    public Latency FromDue => GetLatency(_fromDue);

    /// <summary>The time from when a message was sent until it arrived.</summary>
    public Latency FromSend => GetLatency(_fromSend);

    /// <summary>
    /// The time from when a message was sent until the server handed it to the connection; empty without <c>wire</c> frames.
    /// </summary>
    public Latency ToWire => GetLatency(_toWire);

    /// <summary>The time from when the server handed the message to the connection until the message arrived.</summary>
    public Latency WireToClient => GetLatency(_wireToClient);

    public bool HasWireTimes
    {
        get
        {
            lock (_gate)
                return _toWire.TotalCount > 0;
        }
    }

    /// <summary>Records an arrival. All times are ticks of the stopwatch.</summary>
    public void RecordArrival(long dueAt, long sentAt, long arrivedAt)
    {
        lock (_gate)
        {
            Measurements.Record(_fromDue, arrivedAt - dueAt);
            Measurements.Record(_fromSend, arrivedAt - sentAt);
        }
    }

    /// <summary>Records when the server handed a message to the connection.</summary>
    public void RecordWireTime(long sentAt, long wireAt, long arrivedAt)
    {
        lock (_gate)
        {
            Measurements.Record(_toWire, wireAt - sentAt);
            Measurements.Record(_wireToClient, arrivedAt - wireAt);
        }
    }

    private Latency GetLatency(LongHistogram histogram)
    {
        lock (_gate)
            return Latency.FromHistogram(histogram);
    }

    /// <summary>
    /// Converts a time of the wall clock to ticks of the stopwatch: subtracts its age from the current ticks. Later changes of the wall clock
    /// do not affect the result.
    /// </summary>
    public static long ToStopwatchTime(DateTimeOffset moment, TimeProvider time) =>
        time.GetTimestamp() - (long)((time.GetUtcNow() - moment).TotalSeconds * Stopwatch.Frequency);
}
