using System.Diagnostics;

namespace RawSocketChat.Tests.Benchmarks.Storage;

/// <summary>The state of a measurement. All senders share it.</summary>
internal sealed class MeasuredInterval
{
    private readonly Stopwatch _watch = new();
    private long _acks;
    private long _deliveries;
    private long _bytes;
    private volatile bool _isMeasuring;
    private volatile bool _isOver;

    public bool IsMeasuring => _isMeasuring;

    public bool IsOver => _isOver;

    /// <summary>The messages that the senders have received, their own messages included.</summary>
    public long Deliveries => Interlocked.Read(ref _deliveries);

    /// <summary>The bytes that the senders have received: messages and acks.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    public void AddAcks(int acks) => Interlocked.Add(ref _acks, acks);

    public void AddDeliveries(int deliveries, int bytes)
    {
        Interlocked.Add(ref _deliveries, deliveries);
        Interlocked.Add(ref _bytes, bytes);
    }

    public void Begin()
    {
        _watch.Start();
        _isMeasuring = true;
    }

    public (long Acks, double Seconds) End()
    {
        _isMeasuring = false;
        _watch.Stop();
        _isOver = true;
        return (Interlocked.Read(ref _acks), _watch.Elapsed.TotalSeconds);
    }
}
