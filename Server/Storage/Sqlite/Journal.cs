namespace RawSocketChat.Server.Storage.Sqlite;

/// <summary>
/// Where events are written first. A commit writes whole pages: a thousand events of a thousand rooms, each put in its place
/// at once, cost a thousand pages and more for their client ids (24 ms), but thirty in the journal (3 ms). What has gathered
/// there settles in one piece and in order, so that each page of the places is written once for many events.
/// Used by the writer's thread alone, in its transactions.
/// </summary>
internal sealed class Journal : IDisposable
{
    /// <summary>Beyond it nothing is appended.</summary>
    public const int MostUnsettled = 8 * SettleInAnyCase;

    /// <summary>The same, in bytes of memory.</summary>
    public const long MostUnsettledBytes = 8 * SettleBytes;

    // As much as settles in about 30 ms; appends wait for it.
    private const int SettleEvents = 4096;
    private const int SettleWhenIdle = 1024;
    private const int SettleInAnyCase = 16 * 1024;
    private const long SettleBytes = 16 * 1024 * 1024;

    private readonly StorageState _state;
    private readonly ClientIds _clientIds;
    private readonly Statement _append;
    private readonly Statement _setTopic;
    private readonly Statement _settle;
    private readonly Statement _settleIds;
    private readonly Statement _settled;
    private readonly Statement _clear;
    private readonly List<(string, string)> _newIds = [];
    private readonly HashSet<LoggedRoom> _touched = [];
    private long _end;

    public Journal(StorageState state, Database database)
    {
        _state = state;
        _end = state.JournalEnd;
        _clientIds = new ClientIds(state, database);
        _append = database.Prepare($"INSERT INTO journal (id, room, seq, {EventRow.Columns}, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
        _setTopic = database.Prepare("UPDATE rooms SET topic = ? WHERE id = ?");
        _settle = database.Prepare($"INSERT INTO events (id, {EventRow.Columns}) SELECT room << 40 | seq, {EventRow.Columns} FROM journal WHERE id <= ? ORDER BY room, seq");
        _settleIds = database.Prepare("INSERT OR IGNORE INTO client_ids (hash, event) SELECT hash, room << 40 | seq FROM journal WHERE id <= ? AND hash IS NOT NULL ORDER BY hash");
        _settled = database.Prepare("SELECT room, MAX(seq) FROM journal WHERE id <= ? GROUP BY room");
        _clear = database.Prepare("DELETE FROM journal WHERE id <= ?");
    }

    /// <summary>Whether so much has gathered that some should settle.</summary>
    /// <param name="isIdle">Whether nothing waits to be written.</param>
    public static bool IsDue(StorageState state, bool isIdle) =>
        state.Unsettled >= (isIdle ? SettleWhenIdle : SettleInAnyCase) || state.UnsettledBytes >= SettleBytes;

    /// <summary>Gives each event its seq and writes it; one whose client id is known is not written.</summary>
    public Appended[] Append(LoggedRoom room, IReadOnlyList<NewEvent> batch, DateTimeOffset at)
    {
        _touched.Add(room);
        var results = new Appended[batch.Count];
        for (var i = 0; i < results.Length; i++)
            results[i] = Append(room, batch[i], at);
        return results;
    }

    /// <summary>The transaction is committed.</summary>
    public void Keep()
    {
        _state.JournalEnd = _end;
        _newIds.Clear();
        _touched.Clear();
    }

    /// <summary>The transaction is undone.</summary>
    public void Forget()
    {
        _end = _state.JournalEnd;
        foreach (var id in _newIds)
            _state.UnsettledIds.Remove(id);
        foreach (var room in _touched)
            room.Retract();
        _newIds.Clear();
        _touched.Clear();
    }

    /// <summary>Writes the oldest events to their places.</summary>
    /// <returns>What is to be done once that is committed.</returns>
    public Action Settle()
    {
        var end = Math.Min(_state.JournalStart + SettleEvents, _state.JournalEnd);
        var rooms = new List<(LoggedRoom Room, long Seq)>();
        _settled.Bind(1, end);
        while (_settled.Step())
            rooms.Add((_state.RoomById(_settled.Number(0))!, _settled.Number(1)));
        _settle.Bind(1, end).Run();
        _settleIds.Bind(1, end).Run();
        _clear.Bind(1, end).Run();
        return () =>
        {
            _state.JournalStart = end;
            foreach (var (room, seq) in rooms)
                Forget(room, room.Settle(seq));
        };
    }

    public void Dispose()
    {
        _clientIds.Dispose();
        foreach (var statement in (Statement[])[_append, _setTopic, _settle, _settleIds, _settled, _clear])
            statement.Dispose();
    }

    private Appended Append(LoggedRoom room, NewEvent content, DateTimeOffset at)
    {
        long? hash = content.ClientId is { } id ? ClientIds.HashOf(content.Author, id) : null;
        if (hash is { } known && _clientIds.Find(content.Author, content.ClientId!, known) is { } first)
            return first;

        var stored = new RoomEvent(room.Next++, at, content);
        _append.Bind(1, ++_end).Bind(2, room.Id).Bind(3, stored.Seq).Bind(4, at, content).Bind(4 + EventRow.Count, hash).Run();
        if (content.Kind == RoomEventKind.Topic)
            _setTopic.Bind(1, content.Text).Bind(2, room.Id).Run();
        if (content.ClientId is { } clientId)
        {
            _state.UnsettledIds[(content.Author, clientId)] = (room, stored.Seq, at);
            _newIds.Add((content.Author, clientId));
        }

        return new Appended(stored, IsDuplicate: false, room.Name, stored.Seq, at);
    }

    private void Forget(LoggedRoom room, IReadOnlyList<RoomEvent> settled)
    {
        foreach (var (seq, _, content) in settled)
        {
            _state.UnsettledBytes -= StorageState.BytesOf(content);
            if (content.ClientId is { } id && _state.UnsettledIds.TryGetValue((content.Author, id), out var held) && held.Room == room && held.Seq == seq)
                _state.UnsettledIds.Remove((content.Author, id));
        }
    }
}
