namespace RawSocketChat.Server.Storage.Sqlite.Maintenance;

/// <summary>A room, and what the check has seen of its log.</summary>
internal sealed class CheckedRoom(long id, string name, string topic, long first)
{
    public long Id => id;

    public string Name => name;

    public string Topic => topic;

    /// <summary>The oldest seq that is kept; what lies below it only waits to be deleted.</summary>
    public long First => first;

    /// <summary>The newest seq that was seen.</summary>
    public long Last { get; set; } = first - 1;

    /// <summary>The newest topic that an event gave.</summary>
    public (long Seq, string Text)? GivenTopic { get; set; }

    public override string ToString() => $"room \"{name}\"";
}

/// <summary>All rooms by their ids, and which of their events are kept.</summary>
/// <param name="cutoff">Events before it are kept no longer.</param>
internal sealed class CheckedRooms(DataOptions options, DateTimeOffset? cutoff)
{
    private readonly SortedDictionary<long, CheckedRoom> _byId = [];

    public IEnumerable<CheckedRoom> All => _byId.Values;

    public long Count => _byId.Count;

    public void Load(Database database, CheckResult result)
    {
        using var rows = database.Prepare("SELECT id, name, key, topic, first FROM rooms");
        while (rows.Step())
        {
            var room = new CheckedRoom(rows.Number(0), rows.Text(1), rows.Text(3), rows.Number(4));
            _byId[room.Id] = room;
            if (rows.Text(2) != RoomTable.KeyOf(room.Name))
                result.Add($"{room}: it is found by \"{rows.Text(2)}\"");
            if (room.First < 1)
                result.Add($"{room}: its log begins at {room.First}");
        }
    }

    public CheckedRoom? Find(long id) => _byId.GetValueOrDefault(id);

    /// <summary>
    /// Whether the server still gives an event to anybody. One that only waits to be deleted does not forbid its client id to
    /// another. To be asked once all events were seen.
    /// </summary>
    public bool IsKept(long eventId, long at) =>
        IsStored(eventId)
        && Find(LoggedRoom.RoomOf(eventId)) is { } room
        && (options.KeepEvents == 0 || LoggedRoom.SeqOf(eventId) > room.Last - options.KeepEvents)
        && (cutoff is null || at >= cutoff.Value.ToUnixTimeMilliseconds());

    /// <summary>Whether an event belongs to what the database has: of what is trimmed, something may be left.</summary>
    public bool IsStored(long eventId) => Find(LoggedRoom.RoomOf(eventId)) is { } room && LoggedRoom.SeqOf(eventId) >= room.First;

    public string Describe(long eventId) => $"{Find(LoggedRoom.RoomOf(eventId))?.ToString() ?? $"no room (id {LoggedRoom.RoomOf(eventId)})"}, event {LoggedRoom.SeqOf(eventId)}";
}
