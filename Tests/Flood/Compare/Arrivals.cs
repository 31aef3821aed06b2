using RawSocketChat.Protocol.Chat;

namespace RawSocketChat.Tests.Flood.Compare;

/// <summary>Checks that one client receives each message once and in order. Measures the latency of the messages.</summary>
/// <param name="texts">Parses the times in a text.</param>
/// <param name="latencies">Receives the latencies.</param>
/// <param name="time">The stopwatch and the wall clock. The server must use the same wall clock.</param>
internal sealed class Arrivals(TimestampedText texts, DeliveryLatencies latencies, TimeProvider time)
{
    // The largest number of missing events that are stored. This limit is far above the number of messages of a run, and bounds the memory
    // if seq jumps.
    private const int MaxMissing = 100_000;

    private readonly Lock _gate = new();
    private readonly HashSet<long> _missing = [];
    private readonly List<(long SentAt, long ArrivedAt)> _pending = [];
    private long _newest;
    private TaskCompletionSource? _next;
    private long _wanted;
    private long _count;

    /// <summary>The newest received <c>seq</c>.</summary>
    public long Newest => Volatile.Read(ref _newest);

    /// <summary>The number of received messages of this comparison.</summary>
    public long Count => Volatile.Read(ref _count);

    /// <summary>Arrivals of events that had already arrived.</summary>
    public long Repeated { get; private set; }

    /// <summary>Events that arrived after a later one.</summary>
    public long OutOfOrder { get; private set; }

    /// <summary>Events that have not arrived although a later event has arrived.</summary>
    public long Holes { get; private set; }

    /// <summary>Sets the room's newest <c>seq</c> at the first join.</summary>
    public void SetJoinedSeq(long seq) => Volatile.Write(ref _newest, seq);

    /// <summary>
    /// Completes when the number of received messages of this comparison plus the number of holes is at least <paramref name="count"/>.
    /// </summary>
    public Task WaitForCountAsync(long count)
    {
        lock (_gate)
        {
            if (Count + Holes >= count)
                return Task.CompletedTask;
            _wanted = count;
            _next = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _next.Task;
        }
    }

    /// <summary>Records an event of the room that is not a message.</summary>
    public void AddOtherEvent(long seq)
    {
        lock (_gate)
            TryAddSeq(seq);
    }

    public void AddMessage(MessageFrame message)
    {
        var now = time.GetTimestamp();
        lock (_gate)
        {
            if (!TryAddSeq(message.Seq))
                return;
            if (texts.TryParse(message.Text, out var number, out var dueAt, out var sentAt))
            {
                Volatile.Write(ref _count, _count + 1);
                if (number != TimestampedText.Untimed)
                {
                    latencies.RecordArrival(dueAt, sentAt, now);
                    _pending.Add((sentAt, now));
                }
            }

            if (_next is not null && Count + Holes >= _wanted)
                _next.TrySetResult();
        }
    }

    /// <summary>
    /// Processes a <c>wire</c> frame. The frame contains the time at which the server handed all messages since the last <c>wire</c> frame
    /// to the connection.
    /// </summary>
    public void AddWireTime(WireFrame wire)
    {
        var wireAt = DeliveryLatencies.ToStopwatchTime(wire.At, time);
        lock (_gate)
        {
            foreach (var (sentAt, arrivedAt) in _pending)
                latencies.RecordWireTime(sentAt, wireAt, arrivedAt);
            _pending.Clear();
        }
    }

    /// <summary>
    /// Discards the messages that have no <c>wire</c> time yet. After a cut, the server sends no <c>wire</c> frame for these messages.
    /// </summary>
    public void DiscardPending()
    {
        lock (_gate)
            _pending.Clear();
    }

    // Returns false if the event has arrived before.
    private bool TryAddSeq(long seq)
    {
        if (seq > Newest)
        {
            Holes += seq - Newest - 1;
            for (var missing = Newest + 1; missing < seq && _missing.Count < MaxMissing; missing++)
                _missing.Add(missing);
            Volatile.Write(ref _newest, seq);
            return true;
        }

        if (_missing.Remove(seq))
        {
            Holes--;
            OutOfOrder++;
            return true;
        }

        Repeated++;
        return false;
    }
}
