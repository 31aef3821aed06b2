using Microsoft.Extensions.Options;

namespace RawSocketChat.Server.Rooms;

/// <summary>
/// Caches older events of all rooms as encoded frames, in blocks of consecutive events, and evicts the least recently used block first. If
/// a thousand clients read the same part of a log, the server reads and encodes this part only once. Thread-safe.
/// </summary>
public sealed class HistoryCache(IOptions<RoomOptions> options)
{
    /// <summary>
    /// The number of events in a block. A page needs at most a few blocks, and a block of the largest messages has about 2 MB.
    /// </summary>
    public const int BlockEvents = 64;

    private readonly long _maxBytes = options.Value.HistoryBytes;
    private readonly Lock _gate = new();
    private readonly Dictionary<(string Room, long Block), LinkedListNode<Entry>> _entries = [];
    private readonly LinkedList<Entry> _newestFirst = [];
    private long _bytes;

    /// <summary>The memory of all cached events, in bytes.</summary>
    public long Bytes
    {
        get
        {
            lock (_gate)
                return _bytes;
        }
    }

    /// <summary>Returns the number of the block that contains an event.</summary>
    public static long GetBlockNumber(long seq) => (seq - 1) / BlockEvents;

    /// <summary>Returns the seq of a block's first event.</summary>
    public static long GetFirstSeq(long block) => (block * BlockEvents) + 1;

    /// <summary>
    /// Returns the events of a block, at least those up to <paramref name="neededSeq"/>. Loads the block if it is not cached, or if the
    /// cached block ends before <paramref name="neededSeq"/>.
    /// </summary>
    public async Task<IReadOnlyList<EventFrame>> GetAsync(string room, long block, long neededSeq, Func<long, Task<IReadOnlyList<EventFrame>>> load)
    {
        while (true)
        {
            var node = GetOrAdd(room, block, load, out var isNew);
            try
            {
                var events = await node.Value.Events.Value;
                if (isNew)
                    RecordSize(node, events);

                // The newest block of a room may have grown since it was loaded. Then load it again.
                if (isNew || (events.Count > 0 && events[^1].Seq >= neededSeq))
                    return events;
            }
            catch when (!isNew)
            {
                // The caller that started to load the block gets the exception; this caller tries again.
            }
            catch
            {
                Evict(node);
                throw;
            }

            Evict(node);
        }
    }

    /// <summary>Removes a room's blocks from <paramref name="first"/> to <paramref name="last"/>, because events in them have changed.</summary>
    public void Remove(string room, long first, long last)
    {
        lock (_gate)
        {
            if (first == last)
            {
                if (_entries.TryGetValue((room, first), out var only))
                    Remove(only);
                return;
            }

            foreach (var node in _entries.Where(entry => entry.Key.Room == room && entry.Key.Block >= first && entry.Key.Block <= last).Select(entry => entry.Value).ToArray())
                Remove(node);
        }
    }

    // Returns the entry of a block, and marks the entry as the most recently used one. The entry loads its events at the first use.
    private LinkedListNode<Entry> GetOrAdd(string room, long block, Func<long, Task<IReadOnlyList<EventFrame>>> load, out bool isNew)
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

    private void RecordSize(LinkedListNode<Entry> node, IReadOnlyList<EventFrame> events)
    {
        lock (_gate)
        {
            if (node.List is null)
                return;
            node.Value.Bytes = events.Sum(found => (long)found.MemoryBytes);
            _bytes += node.Value.Bytes;
            while (_bytes > _maxBytes && _newestFirst.Last is { } oldest)
                Remove(oldest);
        }
    }

    private void Evict(LinkedListNode<Entry> node)
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
