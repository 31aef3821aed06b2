using System.Collections.Concurrent;

namespace RawSocketChat.Server.Storage.Sqlite;

/// <summary>What of the database is in memory as well. It outlives a connection that failed and was opened anew.</summary>
internal sealed class StorageState(int keepEvents)
{
    private readonly ConcurrentDictionary<string, LoggedRoom> _byName = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentDictionary<long, LoggedRoom> _byId = new();

    /// <summary>The newest events kept for each room; 0 keeps all.</summary>
    public int KeepEvents { get; } = keepEvents;

    public IEnumerable<LoggedRoom> Rooms => _byId.Values;

    /// <summary>Client ids of events in the journal. The writer's alone.</summary>
    public Dictionary<(string Author, string ClientId), (LoggedRoom Room, long Seq, DateTimeOffset At)> UnsettledIds { get; } = [];

    /// <summary>The newest row of the journal that is committed. The writer's alone.</summary>
    public long JournalEnd { get; set; }

    /// <summary>The newest row of the journal that has settled. The writer's alone.</summary>
    public long JournalStart { get; set; }

    /// <summary>About what the events in the journal take in memory. The writer's alone.</summary>
    public long UnsettledBytes { get; set; }

    /// <summary>Events in the journal.</summary>
    public long Unsettled => JournalEnd - JournalStart;

    /// <summary>Whether nothing more may be appended until something has settled: where nothing can any more, memory must not fill with it.</summary>
    public bool IsJournalFull => Unsettled > Journal.MostUnsettled || UnsettledBytes > Journal.MostUnsettledBytes;

    /// <summary>The id of the next room. The writer's alone.</summary>
    public long NextRoomId { get; set; } = 1;

    public LoggedRoom? Find(string name) => _byName.GetValueOrDefault(name);

    public LoggedRoom? RoomById(long id) => _byId.GetValueOrDefault(id);

    public void Add(LoggedRoom room)
    {
        _byName[room.Name] = room;
        _byId[room.Id] = room;
        NextRoomId = Math.Max(NextRoomId, room.Id + 1);
    }

    public static long BytesOf(NewEvent content) => 200 + (2L * content.Text.Length);

    /// <summary>Makes stored events of a room visible.</summary>
    public void Publish(LoggedRoom room, IReadOnlyList<RoomEvent> stored)
    {
        foreach (var added in stored)
            UnsettledBytes += BytesOf(added.Content);
        room.Publish(stored, KeepEvents);
    }

    /// <exception cref="StorageException">It was not opened.</exception>
    public LoggedRoom Of(string name) => Find(name) ?? throw new StorageException($"the log of room \"{name}\" was not opened");
}
