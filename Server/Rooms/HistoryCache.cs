using Microsoft.Extensions.Options;

namespace RawSocketChat.Server.Rooms;

/// <summary>
/// Older events of all rooms as encoded frames, in blocks of neighbours, those least recently read forgotten first. A
/// thousand clients that come back to the same stretch of a log read and encode it once. Safe from any thread.
/// </summary>
public sealed class HistoryCache(IOptions<RoomOptions> options)
{
    /// <summary>Events in a block: a page is a few of them, and the largest messages make 2 MB of one.</summary>
    public const int BlockEvents = 64;

    private readonly long _mostBytes = options.Value.HistoryBytes;
    private readonly Lock _gate = new();
    private readonly Dictionary<(string Room, long Block), LinkedListNode<Entry>> _entries = [];
    private readonly LinkedList<Entry> _newestFirst = [];
    private long _bytes;

    /// <summary>What is held, in bytes of JSON.</summary>
    public long Bytes
    {
        get
        {
            lock (_gate)
                return _bytes;
        }
    }

    public static long BlockOf(long seq) => (seq - 1) / BlockEvents;

    public static long FirstOf(long block) => (block * BlockEvents) + 1;

    /// <summary>The events of a block, at least up to <paramref name="needed"/>; from <paramref name="load"/> where they are not here.</summary>
    public async Task<IReadOnlyList<EventFrame>> GetAsync(string room, long block, long needed, Func<long, Task<IReadOnlyList<EventFrame>>> load)
    {
        while (true)
        {
            var node = Look(room, block, load, out var isNew);
            try
            {
                var events = await node.Value.Events.Value;
                if (isNew)
                    Account(node, events);
                // The newest block of a room may have grown since it was read.
                if (isNew || (events.Count > 0 && events[^1].Seq >= needed))
                    return events;
            }
            catch when (!isNew)
            {
                // Whoever began to load it was told; this caller tries for itself.
            }
            catch
            {
                Forget(node);
                throw;
            }

            Forget(node);
        }
    }

    private LinkedListNode<Entry> Look(string room, long block, Func<long, Task<IReadOnlyList<EventFrame>>> load, out bool isNew)
    {
        lock (_gate)
        {
            isNew = !_entries.TryGetValue((room, block), out var node);
            if (node is null)
            {
                node = new(new Entry((room, block), new Lazy<Task<IReadOnlyList<EventFrame>>>(() => load(block))));
                _entries.Add((room, block), node);
            }
            else
                _newestFirst.Remove(node);
            _newestFirst.AddFirst(node);
            return node;
        }
    }

    private void Account(LinkedListNode<Entry> node, IReadOnlyList<EventFrame> events)
    {
        lock (_gate)
        {
            if (node.List is null)
                return;
            node.Value.Bytes = events.Sum(found => (long)found.Frame.Payload.Length);
            _bytes += node.Value.Bytes;
            while (_bytes > _mostBytes && _newestFirst.Last is { } oldest)
                Remove(oldest);
        }
    }

    private void Forget(LinkedListNode<Entry> node)
    {
        lock (_gate)
        {
            if (node.List is not null)
                Remove(node);
        }
    }

    private void Remove(LinkedListNode<Entry> node)
    {
        _newestFirst.Remove(node);
        _entries.Remove(node.Value.Key);
        _bytes -= node.Value.Bytes;
    }

    private sealed class Entry((string, long) key, Lazy<Task<IReadOnlyList<EventFrame>>> events)
    {
        public (string, long) Key { get; } = key;

        public Lazy<Task<IReadOnlyList<EventFrame>>> Events { get; } = events;

        public long Bytes { get; set; }
    }
}
