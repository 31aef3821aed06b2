using System.Numerics;

namespace RawSocketChat.Tests.Flood.Checks;

/// <summary>
/// What one subscriber saw of its room, held against what a room promises: its events carry 1, 2, 3 … without a hole,
/// and every message of the run comes exactly once. Pure; one thread at a time.
/// </summary>
/// <remarks>In a run without faults it allocates nothing after its constructor: one bit for each message.</remarks>
public sealed class DeliveryCheck
{
    private readonly ulong[] _seen;
    private long _next;
    private SortedSet<long>? _missing;

    /// <param name="joinedSeq">The room's newest event when the subscriber joined: the next one must be one more.</param>
    /// <param name="messages">How many messages the run publishes, numbered from 0.</param>
    public DeliveryCheck(long joinedSeq, int messages)
    {
        _next = joinedSeq + 1;
        _seen = new ulong[(messages + 63) / 64];
    }

    /// <summary>The newest event that came: who comes back wants what is after it.</summary>
    public long Newest => _next - 1;

    /// <summary>Messages of the run that came, each counted once.</summary>
    public long Delivered { get; private set; }

    /// <summary>Events that came again.</summary>
    public long Repeated { get; private set; }

    /// <summary>Events that came after a later one.</summary>
    public long OutOfOrder { get; private set; }

    /// <summary>Events whose successors came, but not they; what is missing at the end is not known from here.</summary>
    public long Holes => _missing?.Count ?? 0;

    /// <summary>Notes one event of the room.</summary>
    /// <param name="seq">Its place in the room's log.</param>
    /// <param name="message">The number of the run's message that it is, or -1 where it is somebody else's.</param>
    /// <returns>Whether this is a message of the run that had not come before.</returns>
    public bool Observe(long seq, int message)
    {
        if (seq == _next)
        {
            _next++;
        }
        else if (seq > _next)
        {
            Miss(_next, seq);
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
        return message >= 0 && IsNew(message);
    }

    /// <summary>How many of the messages in <paramref name="published"/> (a bit for each) never came.</summary>
    public long Lost(ReadOnlySpan<ulong> published)
    {
        long lost = 0;
        for (var i = 0; i < published.Length; i++)
            lost += BitOperations.PopCount(published[i] & ~_seen[i]);
        return lost;
    }

    private bool IsNew(int message)
    {
        ref var word = ref _seen[message >> 6];
        var bit = 1ul << (message & 63);
        if ((word & bit) != 0)
        {
            Repeated++; // the same message at another place in the log
            return false;
        }
        word |= bit;
        Delivered++;
        return true;
    }

    // A hole wider than this is another log, not a loss; it must not fill the memory.
    private const long WidestHole = 1_000_000;

    private void Miss(long from, long to)
    {
        _missing ??= [];
        for (var seq = Math.Max(from, to - WidestHole); seq < to; seq++)
            _missing.Add(seq);
    }
}
