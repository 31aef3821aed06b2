using System.Collections.Concurrent;
using System.Security.Cryptography;
using Microsoft.Extensions.Options;

namespace RawSocketChat.Server.Storage.Memory;

/// <summary>Logs that live as long as the process. All tasks complete at once.</summary>
public sealed class MemoryRoomLog(IOptions<DataOptions> options, TimeProvider time) : IRoomLog
{
    // For good is too long for memory.
    private const int DefaultKeepEvents = 100_000;

    private readonly int _keep = options.Value.KeepEvents is > 0 and var most ? most : DefaultKeepEvents;
    private readonly ConcurrentDictionary<string, Log> _logs = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<(string Author, string ClientId), Appended> _byClientId = [];

    // One gate for all rooms, since client ids are unique over all of them. It is held for memory operations alone.
    private readonly Lock _gate = new();

    public ValueTask<RoomLogState> OpenAsync(string room, CancellationToken cancellationToken)
    {
        var log = _logs.GetOrAdd(room, _ => new Log());
        lock (_gate)
            return new(new RoomLogState(log.Epoch, log.First, log.Last));
    }

    public ValueTask<IReadOnlyList<Appended>> AppendAsync(string room, IReadOnlyList<NewEvent> batch, CancellationToken cancellationToken)
    {
        var log = Of(room);
        var at = ToMilliseconds(time.GetUtcNow());
        var results = new Appended[batch.Count];
        lock (_gate)
        {
            for (var i = 0; i < results.Length; i++)
                results[i] = Append(room, log, batch[i], at);
            Trim(log);
        }

        return new(results);
    }

    public ValueTask<IReadOnlyList<RoomEvent>> ReadAfterAsync(string room, long after, int most, int mostBytes, CancellationToken cancellationToken)
    {
        var log = Of(room);
        lock (_gate)
            return new(Page(log, Math.Max(after + 1, log.First), step: 1, most, mostBytes));
    }

    public ValueTask<IReadOnlyList<RoomEvent>> ReadBeforeAsync(string room, long before, int most, int mostBytes, CancellationToken cancellationToken)
    {
        var log = Of(room);
        List<RoomEvent> page;
        lock (_gate)
            page = Page(log, Math.Min(before - 1, log.Last), step: -1, most, mostBytes);
        page.Reverse();
        return new(page);
    }

    private static List<RoomEvent> Page(Log log, long from, int step, int most, int mostBytes)
    {
        return Walk().Page(most, mostBytes);

        IEnumerable<RoomEvent> Walk()
        {
            for (var seq = from; seq >= log.First && seq <= log.Last; seq += step)
                yield return log[seq];
        }
    }

    private Appended Append(string room, Log log, NewEvent content, DateTimeOffset at)
    {
        var key = content.ClientId is { } id ? (content.Author, id) : default;
        if (content.ClientId is not null && _byClientId.TryGetValue(key, out var first))
            return first with { Event = null, IsDuplicate = true };

        var stored = new RoomEvent(log.Last + 1, at, content);
        log.Add(stored);
        var result = new Appended(stored, IsDuplicate: false, room, stored.Seq, at);
        if (content.ClientId is not null)
            _byClientId.Add(key, result);
        return result;
    }

    private void Trim(Log log)
    {
        while (log.Count > _keep)
        {
            var gone = log.RemoveFirst().Content;
            if (gone.ClientId is { } id)
                _byClientId.Remove((gone.Author, id));
        }
    }

    private Log Of(string room) =>
        _logs.TryGetValue(room, out var log) ? log : throw new StorageException($"the log of room \"{room}\" was not opened");

    private static DateTimeOffset ToMilliseconds(DateTimeOffset at) => DateTimeOffset.FromUnixTimeMilliseconds(at.ToUnixTimeMilliseconds());

    /// <summary>Events by seq, from a first to a last. What is trimmed stays in the list until half of it is.</summary>
    private sealed class Log
    {
        private readonly List<RoomEvent?> _events = [];
        private int _trimmed;

        public string Epoch { get; } = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));

        public long First { get; private set; } = 1;

        public long Last => First + Count - 1;

        public int Count => _events.Count - _trimmed;

        public RoomEvent this[long seq] => _events[(int)(seq - First) + _trimmed]!;

        public void Add(RoomEvent stored) => _events.Add(stored);

        public RoomEvent RemoveFirst()
        {
            var gone = _events[_trimmed]!;
            _events[_trimmed++] = null;
            First++;
            if (_trimmed * 2 > _events.Count)
            {
                _events.RemoveRange(0, _trimmed);
                _trimmed = 0;
            }

            return gone;
        }
    }
}
