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

    /// <summary>The events above <paramref name="after"/>, or null where some of them are not here any more.</summary>
    public IReadOnlyList<EventFrame>? After(long after, int most, int bytes)
    {
        var (events, next) = Look();
        var first = next - events.Length;
        after = Math.Min(after, next - 1);
        if (after + 1 < first)
            return null;

        var page = new List<EventFrame>();
        for (var at = (int)Math.Min(after + 1 - first, events.Length); at < events.Length && page.Count < most; at++)
        {
            bytes -= events[at].Frame.Payload.Length;
            if (bytes < 0 && page.Count > 0)
                break;
            page.Add(events[at]);
        }

        return page;
    }

    /// <summary>The newest events below <paramref name="before"/>, oldest first, or null where older ones would belong to them.</summary>
    public IReadOnlyList<EventFrame>? Before(long before, int most, int bytes)
    {
        var (events, next) = Look();
        var first = next - events.Length;
        var page = new List<EventFrame>();
        var at = Math.Min(before, next) - 1 - first;
        for (; at >= 0 && page.Count < most; at--)
        {
            bytes -= events[at].Frame.Payload.Length;
            if (bytes < 0 && page.Count > 0)
                break;
            page.Add(events[at]);
        }

        if (at < 0 && page.Count < most && first > 1)
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
