using System.Numerics;

namespace RawSocketChat.Tests.Flood.Checks;

/// <summary>
/// Checks the events that one subscriber receives: their <c>seq</c> increases by one without a hole, and every message of the run arrives
/// exactly once. Not thread-safe.
/// </summary>
/// <remarks>Uses one bit for each message, and allocates nothing after the constructor while there is no fault.</remarks>
public sealed class DeliveryCheck
{
    private readonly ulong[] _seen;
    private long _next;
    private SortedSet<long>? _missing;

    /// <param name="joinedSeq">The <c>seq</c> of the room's newest event at the join. The next event must have the next number.</param>
    /// <param name="messages">The number of messages that the run publishes in the room; they are numbered from 0.</param>
    public DeliveryCheck(long joinedSeq, int messages)
    {
        _next = joinedSeq + 1;
        _seen = new ulong[(messages + 63) / 64];
    }

    /// <summary>
    /// The <c>seq</c> of the newest received event. After a reconnect, the member asks for the events after this <c>seq</c>.
    /// </summary>
    public long Newest => _next - 1;

    /// <summary>Received messages of the run, each counted once.</summary>
    public long Delivered { get; private set; }

    /// <summary>Arrivals of events that had already arrived.</summary>
    public long Repeated { get; private set; }

    /// <summary>Events that arrived after a later one.</summary>
    public long OutOfOrder { get; private set; }

    /// <summary>
    /// Events that did not arrive although a later event arrived. An event that is missing at the end of the run has no later event, so it
    /// does not count here.
    /// </summary>
    public long Holes => _missing?.Count ?? 0;

    /// <summary>Records an event of the room.</summary>
    /// <param name="seq">The number of the event in the room.</param>
    /// <param name="message">The number of the run's message, or -1 for any other event.</param>
    /// <returns>Whether this is a message of the run that had not arrived before.</returns>
    public bool Observe(long seq, int message)
    {
        if (seq == _next)
        {
            _next++;
        }
        else if (seq > _next)
        {
            AddMissing(_next, seq);
            _next = seq + 1;
        }
        else if (_missing is not null && _missing.Remove(seq))
        {
            OutOfOrder++;
        }
        else
        {
            Repeated++;
            return false;
        }
        return message >= 0 && TryMarkSeen(message);
    }

    /// <summary>Counts the messages in <paramref name="expected"/> (one bit for each) that did not arrive.</summary>
    public long CountLost(ReadOnlySpan<ulong> expected)
    {
        long lost = 0;
        for (var i = 0; i < expected.Length; i++)
            lost += BitOperations.PopCount(expected[i] & ~_seen[i]);
        return lost;
    }

    private bool TryMarkSeen(int message)
    {
        ref var word = ref _seen[message >> 6];
        var bit = 1ul << (message & 63);
        if ((word & bit) != 0)
        {
            Repeated++; // the same message with another seq
            return false;
        }
        word |= bit;
        Delivered++;
        return true;
    }

    // The maximum number of missing events that one jump of seq adds. It bounds the memory. A larger jump means that the room's log was
    // replaced, not that events were lost.
    private const long MaxHole = 1_000_000;

    private void AddMissing(long from, long to)
    {
        _missing ??= [];
        for (var seq = Math.Max(from, to - MaxHole); seq < to; seq++)
            _missing.Add(seq);
    }
}
