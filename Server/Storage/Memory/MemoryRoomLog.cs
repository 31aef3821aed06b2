using System.Collections.Concurrent;
using System.Security.Cryptography;
using Microsoft.Extensions.Options;

namespace RawSocketChat.Server.Storage.Memory;

/// <summary>Keeps room logs in memory, until the process ends. All tasks complete synchronously.</summary>
public sealed class MemoryRoomLog(IOptions<DataOptions> options, TimeProvider time) : IRoomLog
{
    // There is always a limit, because memory cannot hold all events forever.
    private const int DefaultMaxEvents = 100_000;

    private readonly int _maxEvents = options.Value.KeepEvents is > 0 and var keep ? keep : DefaultMaxEvents;
    private readonly ConcurrentDictionary<string, EventList> _logs = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<(string Author, string ClientId), AppendResult> _byClientId = [];

    // All rooms share one lock, because client ids are unique across all rooms. No code waits for the disk while it holds the lock.
    private readonly Lock _gate = new();

    public ValueTask<RoomLogState> OpenAsync(string room, CancellationToken cancellationToken)
    {
        var log = _logs.GetOrAdd(room, _ => new EventList());
        lock (_gate)
            return new(new RoomLogState(log.Epoch, log.First, log.Last));
    }

    public ValueTask<IReadOnlyList<AppendResult>> AppendAsync(string room, IReadOnlyList<NewEvent> batch, CancellationToken cancellationToken)
    {
        var log = GetLog(room);
        var at = ToMilliseconds(time.GetUtcNow());
        var results = new AppendResult[batch.Count];
        lock (_gate)
        {
            for (var i = 0; i < results.Length; i++)
                results[i] = Append(room, log, batch[i], at);
            Trim(log);
        }

        return new(results);
    }

    public ValueTask<IReadOnlyList<RoomEvent>> ReadAfterAsync(string room, long after, int max, int maxBytes, CancellationToken cancellationToken)
    {
        var log = GetLog(room);
        lock (_gate)
            return new(ReadPage(log, Math.Max(after + 1, log.First), step: 1, max, maxBytes));
    }

    public ValueTask<IReadOnlyList<RoomEvent>> ReadBeforeAsync(string room, long before, int max, int maxBytes, CancellationToken cancellationToken)
    {
        var log = GetLog(room);
        List<RoomEvent> page;
        lock (_gate)
            page = ReadPage(log, Math.Min(before - 1, log.Last), step: -1, max, maxBytes);
        page.Reverse();
        return new(page);
    }

    /// <summary>The topic that an event of the room has set last; null if there is no such event.</summary>
    internal string? FindTopic(string room)
    {
        lock (_gate)
            return _logs.TryGetValue(room, out var log) ? log.Topic : null;
    }

    /// <summary>Whether the room has or had an event.</summary>
    internal bool HasEvents(string room)
    {
        lock (_gate)
            return _logs.TryGetValue(room, out var log) && log.Last > 0;
    }

    /// <summary>Removes the log of a room that has no events.</summary>
    internal void Remove(string room) => _logs.TryRemove(room, out _);

    private static List<RoomEvent> ReadPage(EventList log, long from, int step, int max, int maxBytes)
    {
        return Walk().TakePage(max, maxBytes);

        IEnumerable<RoomEvent> Walk()
        {
            for (var seq = from; seq >= log.First && seq <= log.Last; seq += step)
                yield return log[seq];
        }
    }

    private AppendResult Append(string room, EventList log, NewEvent content, DateTimeOffset at)
    {
        var key = content.ClientId is { } id ? (content.Author, id) : default;
        if (content.ClientId is not null && _byClientId.TryGetValue(key, out var first))
            return first with { Event = null, IsDuplicate = true };

        var stored = new RoomEvent(log.Last + 1, at, content);
        log.Add(stored);
        var result = new AppendResult(stored, IsDuplicate: false, room, stored.Seq, at);
        if (content.ClientId is not null)
            _byClientId.Add(key, result);
        return result;
    }

    private void Trim(EventList log)
    {
        while (log.Count > _maxEvents)
        {
            var removed = log.RemoveFirst().Content;
            if (removed.ClientId is { } id)
                _byClientId.Remove((removed.Author, id));
        }
    }

    private EventList GetLog(string room) =>
        _logs.TryGetValue(room, out var log) ? log : throw new StorageException($"the log of room \"{room}\" was not opened");

    private static DateTimeOffset ToMilliseconds(DateTimeOffset at) => DateTimeOffset.FromUnixTimeMilliseconds(at.ToUnixTimeMilliseconds());

    /// <summary>
    /// A list of events by sequence number. Trimmed events leave empty entries. The empty entries are removed when they are more than half
    /// of the list.
    /// </summary>
    private sealed class EventList
    {
        private readonly List<RoomEvent?> _events = [];
        private int _trimmed;

        public string Epoch { get; } = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));

        public long First { get; private set; } = 1;

        public long Last => First + Count - 1;

        public int Count => _events.Count - _trimmed;

        public RoomEvent this[long seq] => _events[(int)(seq - First) + _trimmed]!;

        public string? Topic { get; private set; }

        public void Add(RoomEvent stored)
        {
            _events.Add(stored);
            if (stored.Content.Kind == RoomEventKind.Topic)
                Topic = stored.Content.Text;
        }

        public RoomEvent RemoveFirst()
        {
            var removed = _events[_trimmed]!;
            _events[_trimmed++] = null;
            First++;
            if (_trimmed * 2 > _events.Count)
            {
                _events.RemoveRange(0, _trimmed);
                _trimmed = 0;
            }

            return removed;
        }
    }
}
