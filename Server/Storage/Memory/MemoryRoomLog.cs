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

    // The messages of all rooms in the order of their cursors. Some of them may already be trimmed from their logs.
    private readonly List<StoredMessage> _messages = [];
    private int _trimmed;

    /// <summary>The files that messages of the logs may have.</summary>
    public MemoryFileStore Files { get; } = new();

    /// <summary>Raised after an action of a moderator was stored. The first argument is the name of the room.</summary>
    internal event Action<string, ModerationDetails>? Moderated;

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
            Trim(room, log);
        }

        // Call the catalog without the lock, because the catalog reads this log while it holds its own lock.
        foreach (var result in results)
        {
            if (result.Event?.Content.Moderation is { } done)
                Moderated?.Invoke(room, done);
        }

        if (Array.Exists(results, result => result.RemovesFiles))
            Files.AnnounceRemoval();

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

    /// <summary>The roles, mutes, bans and slow mode that events of the room have set.</summary>
    internal RoomModeration GetModeration(string room)
    {
        lock (_gate)
            return _logs.TryGetValue(room, out var log) ? log.Moderation : RoomModeration.Empty;
    }

    /// <summary>Counts the messages of other users after a read mark, and how many of these messages mention the user.</summary>
    internal (int Unread, int Mentions) CountUnread(string room, string user, long readSeq)
    {
        var (unread, mentions) = (0, 0);
        lock (_gate)
        {
            if (!_logs.TryGetValue(room, out var log))
                return default;
            for (var seq = Math.Max(readSeq + 1, log.First); seq <= log.Last; seq++)
            {
                if (log[seq] is not { Content: { Kind: RoomEventKind.Message } content, IsDeleted: false } || content.Author == user)
                    continue;
                unread++;
                mentions += content.Mentions?.Any(mention => mention == user || mention == NewEvent.Everybody) == true ? 1 : 0;
            }
        }

        return (Math.Min(unread, MemberState.MaxCount), Math.Min(mentions, MemberState.MaxCount));
    }

    /// <summary>
    /// Reads the newest messages of all rooms below a cursor, newest first. Each call looks at no more than 256 messages, so it holds the lock only for
    /// a short time. Leaves out deleted messages.
    /// </summary>
    /// <param name="next">The cursor for the next part; null if there are no more messages.</param>
    internal IReadOnlyList<FoundMessage> ReadMessages(long before, out long? next)
    {
        const int MaxCount = 256;
        var page = new List<FoundMessage>();
        lock (_gate)
        {
            var index = _messages.BinarySearch(new StoredMessage(before, "", null!, 0));
            index = index < 0 ? ~index : index;
            var end = Math.Max(0, index - MaxCount);
            while (--index >= end)
            {
                var (cursor, room, log, seq) = _messages[index];
                if (seq >= log.First && log[seq] is { IsDeleted: false } message)
                    page.Add(new FoundMessage(room, message, cursor));
            }

            next = end == 0 ? null : _messages[end].Cursor;
        }

        return page;
    }

    /// <summary>The seq of the newest event of the room; 0 if there is none.</summary>
    internal long GetLastSeq(string room)
    {
        lock (_gate)
            return _logs.TryGetValue(room, out var log) ? log.Last : 0;
    }

    /// <summary>Whether the room has or had an event.</summary>
    internal bool HasEvents(string room)
    {
        lock (_gate)
            return _logs.TryGetValue(room, out var log) && log.Last > 0;
    }

    /// <summary>The time of the newest event of the room; null if there is no event.</summary>
    internal DateTimeOffset? FindLastTime(string room)
    {
        lock (_gate)
            return _logs.TryGetValue(room, out var log) && log.Count > 0 ? log[log.Last].At : null;
    }

    /// <summary>Removes the log of a room.</summary>
    internal void Remove(string room)
    {
        lock (_gate)
        {
            if (_logs.TryRemove(room, out var removed))
            {
                _messages.RemoveAll(message => message.Log == removed);
                for (var seq = removed.First; seq <= removed.Last; seq++)
                    Files.Unlink(room, seq, removed[seq].Content.Files);
            }

            foreach (var key in _byClientId.Where(entry => entry.Value.Room.Equals(room, StringComparison.OrdinalIgnoreCase)).Select(entry => entry.Key).ToArray())
                _byClientId.Remove(key);
        }
    }

    private static List<RoomEvent> ReadPage(EventList log, long from, int step, int max, int maxBytes)
    {
        return Walk().TakePage(max, maxBytes);

        IEnumerable<RoomEvent> Walk()
        {
            for (var seq = from; seq >= log.First && seq <= log.Last; seq += step)
                yield return log.GetCurrent(seq);
        }
    }

    private AppendResult Append(string room, EventList log, NewEvent content, DateTimeOffset at)
    {
        var key = content.ClientId is { } id ? (content.Author, id) : default;
        if (content.ClientId is not null && _byClientId.TryGetValue(key, out var first))
            return first with { Event = null, IsDuplicate = true };
        if (content.OnlyIfDuplicate)
            return new AppendResult(null, IsDuplicate: false, room, log.Last, at) { Rejection = AppendRejection.NotDuplicate };

        if (MessageChanges.ChangesMessage(content.Kind))
            return Change(room, log, content, at);
        if (content.Files is { } files && !Files.TryLink(room, log.Last + 1, content.Author, files))
            return new AppendResult(null, IsDuplicate: false, room, log.Last, at) { Rejection = AppendRejection.FileNotFound };
        var stored = new RoomEvent(log.Last + 1, at, content);
        log.Add(stored);
        if (content.Kind == RoomEventKind.Message)
            _messages.Add(new StoredMessage(Math.Max(SearchCursor.Get(at), _messages.Count == 0 ? 0 : _messages[^1].Cursor + 1), room, log, stored.Seq));
        var result = new AppendResult(stored, IsDuplicate: false, room, stored.Seq, at);
        if (content.ClientId is not null)
            _byClientId.Add(key, result);
        return result;
    }

    private AppendResult Change(string room, EventList log, NewEvent content, DateTimeOffset at)
    {
        var of = content.Of!.Value;
        var message = of < log.First || of > log.Last ? null : log[of];
        var (changed, rejection) = MessageChanges.Apply(message, content, at);
        if (changed is null || changed == message)
            return new AppendResult(null, IsDuplicate: changed is not null, room, of, at) { Rejection = rejection };
        var stored = new RoomEvent(log.Last + 1, at, content);
        log.Add(stored);
        log[of] = changed;
        var removesFiles = MessageChanges.RemovesFiles(message!, changed);
        if (removesFiles)
            Files.Unlink(room, of, message!.Content.Files);
        return new AppendResult(stored, IsDuplicate: false, room, stored.Seq, at) { Changed = changed, WasEdited = message!.EditedAt is not null, RemovesFiles = removesFiles };
    }

    private void Trim(string room, EventList log)
    {
        while (log.Count > _maxEvents)
        {
            var seq = log.First;
            var removed = log.RemoveFirst().Content;
            Files.Unlink(room, seq, removed.Files);
            if (removed.ClientId is { } id)
                _byClientId.Remove((removed.Author, id));
            _trimmed += removed.Kind == RoomEventKind.Message ? 1 : 0;
        }

        // Remove the trimmed messages from the list when they are more than half of it.
        if (_trimmed * 2 > _messages.Count)
        {
            _messages.RemoveAll(message => message.Seq < message.Log.First);
            _trimmed = 0;
        }
    }

    private EventList GetLog(string room) =>
        _logs.TryGetValue(room, out var log) ? log : throw new StorageException($"the log of room \"{room}\" was not opened");

    private static DateTimeOffset ToMilliseconds(DateTimeOffset at) => DateTimeOffset.FromUnixTimeMilliseconds(at.ToUnixTimeMilliseconds());

    private sealed record StoredMessage(long Cursor, string Room, EventList Log, long Seq) : IComparable<StoredMessage>
    {
        public int CompareTo(StoredMessage? other) => Cursor.CompareTo(other?.Cursor ?? long.MinValue);
    }

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

        public RoomEvent this[long seq]
        {
            get => _events[(int)(seq - First) + _trimmed]!;
            set => _events[(int)(seq - First) + _trimmed] = value;
        }

        public string? Topic { get; private set; }

        public RoomModeration Moderation { get; private set; } = RoomModeration.Empty;

        public void Add(RoomEvent stored)
        {
            // Store the edit without its text. The edited message has the new text, and GetCurrent copies the text into the edit.
            _events.Add(stored.Content.Kind == RoomEventKind.Edited ? stored with { Content = stored.Content with { Text = "" } } : stored);
            if (stored.Content.Kind == RoomEventKind.Topic)
                Topic = stored.Content.Text;
            if (stored.Content.Moderation is { } done)
                Moderation = Moderation.Apply(done, stored.At);
        }

        /// <summary>Gets an event as readers see it: an edit has the current text of its message.</summary>
        public RoomEvent GetCurrent(long seq)
        {
            var stored = this[seq];
            return stored.Content is { Kind: RoomEventKind.Edited, Of: { } of } && of >= First
                ? stored with { Content = stored.Content with { Text = this[of].Content.Text } }
                : stored;
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
