namespace RawSocketChat.Server.Rooms;

/// <summary>
/// The newest events of a room as encoded frames, bounded by bytes: recovery and history of the present cost neither a
/// look into the log nor an encoding. Written by the room's loop, read from any thread.
/// </summary>
public sealed class RecentTail(int mostBytes, long lastSeq)
{
    private readonly Lock _gate = new();
    private readonly Queue<EventFrame> _events = [];
    private EventFrame[]? _snapshot = [];
    private long _next = lastSeq + 1;
    private int _bytes;

    /// <summary>The newest seq that may be shown.</summary>
    public long Last
    {
        get
        {
            lock (_gate)
                return _next - 1;
        }
    }

    public void Add(IReadOnlyList<EventFrame> added)
    {
        lock (_gate)
        {
            _snapshot = null;
            foreach (var next in added)
            {
                _next = next.Seq + 1;
                _events.Enqueue(next);
                _bytes += next.Frame.Payload.Length;
            }

            while (_bytes > mostBytes)
                _bytes -= _events.Dequeue().Frame.Payload.Length;
        }
    }

    /// <summary>The first page of the events above <paramref name="after"/>, or null where some of them are not here any more.</summary>
    public IReadOnlyList<EventFrame>? After(long after, int most, int mostBytes = Frames.PageBytes)
    {
        var (events, next) = Look();
        var first = next - events.Length;
        after = Math.Min(after, next - 1);
        return after + 1 < first ? null : events.Skip((int)(after + 1 - first)).Page(most, mostBytes);
    }

    /// <summary>The last page of the events below <paramref name="before"/>, oldest first, or null where older ones would belong to it.</summary>
    public IReadOnlyList<EventFrame>? Before(long before, int most)
    {
        var (events, next) = Look();
        var first = next - events.Length;
        var below = (int)Math.Max(0, Math.Min(before, next) - first);
        var page = events.Take(below).Reverse().Page(most);
        if (page.Count == below && page.Count < most && first > 1)
            return null;
        page.Reverse();
        return page;
    }

    // Joins come in storms while nothing is said: they share one copy.
    private (EventFrame[] Events, long Next) Look()
    {
        lock (_gate)
            return (_snapshot ??= [.. _events], _next);
    }
}
