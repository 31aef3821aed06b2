using System.Runtime.InteropServices;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Rooms;

/// <summary>
/// The newest events of a room as JSON. Recent history is read from here, so the server needs neither to read the log nor to create the
/// JSON again. The room's loop adds events; any thread may read. If the tails of all rooms together become too large, the least recently used tails
/// lose their events (<see cref="TailBudget"/>).
/// </summary>
public sealed class RecentTail
{
    private readonly Lock _gate = new();

    // The list begins with empty entries for removed events. The events follow. When more than half of the list is empty, the empty entries are
    // removed. So adding, removing and replacing an event take constant time.
    private readonly List<EventFrame?> _events = [];
    private int _removed;
    private readonly TailBudget.Share _share;
    private readonly int _maxBytes;
    private EventFrame[]? _snapshot = [];
    private long _nextSeq;
    private int _bytes;

    /// <param name="maxBytes">The maximum memory of all events, in bytes; see <see cref="EventFrame.MemoryBytes"/>.</param>
    /// <param name="lastSeq">The seq of the newest event in the log; 0 if the log is empty.</param>
    /// <param name="budget">The bound for the tails of all rooms together.</param>
    public RecentTail(int maxBytes, long lastSeq, TailBudget budget)
    {
        _maxBytes = maxBytes;
        _nextSeq = lastSeq + 1;
        _share = budget.CreateShare(Clear);
    }

    /// <summary>The seq of the newest event that clients may read.</summary>
    public long LastSeq
    {
        get
        {
            lock (_gate)
                return _nextSeq - 1;
        }
    }

    /// <summary>Adds the next events. Called by the room's loop only.</summary>
    public void Add(IReadOnlyList<EventFrame> added)
    {
        int change;
        lock (_gate)
        {
            var before = _bytes;
            _snapshot = null;
            foreach (var next in added)
            {
                _nextSeq = next.Seq + 1;
                _events.Add(next);
                _bytes += next.MemoryBytes;
            }

            while (_bytes > _maxBytes)
                RemoveFirst();
            change = _bytes - before;
        }

        _share.Add(change);
    }

    /// <summary>Empties the tail and moves it to a seq, because the log no longer has the events up to this seq. Called by the room's loop only.</summary>
    public void SkipTo(long lastSeq)
    {
        _share.Add(-Clear());
        lock (_gate)
            _nextSeq = lastSeq + 1;
    }

    /// <summary>
    /// Replaces a message, if the tail has it. An outbox that still keeps the message for a client then sends the replacement. Called by the
    /// room's loop only.
    /// </summary>
    public void Replace(EventFrame changed)
    {
        var change = 0;
        lock (_gate)
        {
            var index = (int)Math.Max(-1, changed.Seq - (_nextSeq - _events.Count));
            if (changed.Seq < _nextSeq && index >= _removed)
                change = Replace(index, changed);
        }

        _share.Add(change);
    }

    /// <summary>
    /// Replaces the text in all edit events of a message, as <see cref="Replace(EventFrame)"/> does. Called by the room's loop only.
    /// </summary>
    /// <param name="of">The seq of the message.</param>
    public void ReplaceEdits(long of, string text, IReadOnlyList<string>? mentions)
    {
        var change = 0;
        lock (_gate)
        {
            for (var i = _removed; i < _events.Count; i++)
            {
                if (_events[i] is { Edit: { } edit } && edit.Of == of)
                {
                    edit = edit with { Text = text, Mentions = mentions };
                    change += Replace(i, new EventFrame(edit.Seq, edit.Encode()) { Edit = edit });
                }
            }
        }

        _share.Add(change);
    }

    /// <summary>Removes all events from memory, because the room is unloaded or removed. Readers then read from the log.</summary>
    public void Release()
    {
        Clear();
        _share.Release();
    }

    /// <summary>
    /// Returns the first page of the events above <paramref name="after"/>; null if the tail no longer has the first of these events.
    /// </summary>
    public IReadOnlyList<EventFrame>? GetAfter(long after, int maxEvents, int maxBytes = EventFrames.MaxPageBytes)
    {
        var (events, next) = GetSnapshot();
        var first = next - events.Length;
        after = Math.Min(after, next - 1);
        return after + 1 < first ? null : events.Skip((int)(after + 1 - first)).TakePage(maxEvents, maxBytes);
    }

    /// <summary>
    /// Returns the last page of the events below <paramref name="before"/>, oldest first; null if the page needs older events,
    /// which the tail no longer has.
    /// </summary>
    public IReadOnlyList<EventFrame>? GetBefore(long before, int maxEvents)
    {
        var (events, next) = GetSnapshot();
        var first = next - events.Length;
        var below = (int)Math.Max(0, Math.Min(before, next) - first);
        var page = events.Take(below).Reverse().TakePage(maxEvents);
        if (page.Count == below && page.Count < maxEvents && first > 1)
            return null;
        page.Reverse();
        return page;
    }

    // All reads between two changes share one copy of the list.
    private (EventFrame[] Events, long NextSeq) GetSnapshot()
    {
        _share.MarkUsed();
        lock (_gate)
            return (_snapshot ??= CollectionsMarshal.AsSpan(_events)[_removed..].ToArray()!, _nextSeq);
    }

    // Returns the change of the memory in bytes. The caller holds the lock.
    private int Replace(int index, EventFrame changed)
    {
        var before = _events[index]!;
        before.Frame.ReplaceWith(changed.Frame);
        _events[index] = changed;
        var change = changed.MemoryBytes - before.MemoryBytes;
        (_snapshot, _bytes) = (null, _bytes + change);
        return change;
    }

    // The caller holds the lock.
    private void RemoveFirst()
    {
        _bytes -= _events[_removed]!.MemoryBytes;
        _events[_removed++] = null;
        if (_removed * 2 > _events.Count)
        {
            _events.RemoveRange(0, _removed);
            _removed = 0;
        }
    }

    // Returns the bytes of the removed events.
    private long Clear()
    {
        lock (_gate)
        {
            var removed = _bytes;
            _events.Clear();
            _events.TrimExcess();
            (_snapshot, _removed, _bytes) = ([], 0, 0);
            return removed;
        }
    }
}
