using System.Collections.Concurrent;
using RawSocketChat.Server.Storage.Sqlite.Ids;

namespace RawSocketChat.Server.Storage.Sqlite;

/// <summary>A row of the journal: what one commit, or a part of a very large one, has stored.</summary>
/// <param name="Rooms">The rooms that it has events of, and the newest seq of each.</param>
/// <param name="Ids">The client ids of its events.</param>
internal sealed record JournalRow(long Id, int Events, long Bytes, IReadOnlyList<(LoggedRoom Room, long Last)> Rooms, IReadOnlyList<IdEntry> Ids);

/// <summary>What of the database is in memory as well. It outlives a connection that failed and was opened anew.</summary>
internal sealed class StorageState(int keepEvents)
{
    private readonly ConcurrentDictionary<string, LoggedRoom> _byName = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentDictionary<long, LoggedRoom> _byId = new();
    private long _unsettled;
    private long _unsettledBytes;

    /// <summary>The newest events kept for each room; 0 keeps all.</summary>
    public int KeepEvents { get; } = keepEvents;

    public IEnumerable<LoggedRoom> Rooms => _byId.Values;

    /// <summary>The writer's alone.</summary>
    public IdIndex Ids { get; } = new();

    /// <summary>The journal's rows that are committed and have not settled, oldest first. The writer's alone.</summary>
    public Queue<JournalRow> Journal { get; } = [];

    /// <summary>The newest row that the journal has had. The writer's alone.</summary>
    public long JournalEnd { get; set; }

    /// <summary>Events in the journal.</summary>
    public long Unsettled => Interlocked.Read(ref _unsettled);

    /// <summary>About what they take in memory.</summary>
    public long UnsettledBytes => Interlocked.Read(ref _unsettledBytes);

    /// <summary>Whether nothing more may be appended until something has settled: where nothing can any more, memory must not fill with it.</summary>
    public bool IsJournalFull => Unsettled > Sqlite.Journal.MostUnsettled || UnsettledBytes > Sqlite.Journal.MostUnsettledBytes;

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

    /// <summary>A row of the journal is committed.</summary>
    public void Add(JournalRow row)
    {
        Journal.Enqueue(row);
        JournalEnd = row.Id;
        Interlocked.Add(ref _unsettled, row.Events);
        Interlocked.Add(ref _unsettledBytes, row.Bytes);
    }

    /// <summary>The oldest row of the journal has settled.</summary>
    public void RemoveRow()
    {
        var row = Journal.Dequeue();
        Interlocked.Add(ref _unsettled, -row.Events);
        Interlocked.Add(ref _unsettledBytes, -row.Bytes);
    }

    public static long BytesOf(NewEvent content) => 200 + (2L * content.Text.Length);

    /// <summary>Whether an event can still be read.</summary>
    public bool IsKept(long eventId) => RoomById(LoggedRoom.RoomOf(eventId)) is { } room && LoggedRoom.SeqOf(eventId) >= room.First;

    /// <summary>Whether an event is still in the database. The writer's alone.</summary>
    public bool IsStored(long eventId) => RoomById(LoggedRoom.RoomOf(eventId)) is { } room && LoggedRoom.SeqOf(eventId) >= room.StoredFirst;

    /// <exception cref="StorageException">It was not opened.</exception>
    public LoggedRoom Of(string name) => Find(name) ?? throw new StorageException($"the log of room \"{name}\" was not opened");
}
