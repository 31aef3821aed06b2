using RawSocketChat.Server.Storage.Sqlite.Ids;

namespace RawSocketChat.Server.Storage.Sqlite;

/// <summary>
/// Where events are written first: a row for each commit, of whatever rooms. A commit writes whole pages: a thousand events of a thousand rooms, each put
/// into a block of its room at once, cost a thousand pages and more for their client ids (24 ms), but some fifty in one row. What has gathered
/// there settles in one piece: a room's events in blocks, all ids in a run. Used by the writer's thread alone, in its transactions.
/// <para>A row is groups, one after the other: room (varint), its first seq (varint), number of events (4 bytes, little-endian), the events (<see cref="EncodedEvent"/>).</para>
/// </summary>
internal sealed class Journal : IDisposable
{
    /// <summary>Beyond it nothing is appended.</summary>
    public const int MostUnsettled = 8 * SettleInAnyCase;

    /// <summary>The same, in bytes of memory.</summary>
    public const long MostUnsettledBytes = 8 * SettleBytes;

    private const int SettleWhenIdle = 1024;
    private const int SettleInAnyCase = 16 * 1024;
    private const long SettleBytes = 16 * 1024 * 1024;

    // Each room costs a page at least, and others wait meanwhile.
    private const int RoomsToSettle = 1024;
    private const int EventsToSettle = 2 * SettleInAnyCase;

    // What one row has at the most, but for its last event.
    private const int RowBytes = 1024 * 1024;

    private readonly StorageState _state;
    private readonly ClientIds _ids;
    private readonly Blocks _blocks;
    private readonly Statement _append;
    private readonly Statement _setTopic;
    private readonly Statement _clear;
    private readonly ByteBuffer _row = new(RowBytes / 16);
    private readonly List<JournalRow> _rows = [];
    private readonly HashSet<LoggedRoom> _touched = [];
    private List<(LoggedRoom, long)> _rowRooms = [];
    private List<IdEntry> _rowIds = [];
    private int _rowEvents;
    private long _rowMemory;

    public Journal(StorageState state, Database database, ClientIds ids, Blocks blocks)
    {
        _state = state;
        _ids = ids;
        _blocks = blocks;
        _append = database.Prepare("INSERT INTO journal (id, checksum, events) VALUES (?, ?, ?)");
        _setTopic = database.Prepare("UPDATE rooms SET topic = ? WHERE id = ?");
        _clear = database.Prepare("DELETE FROM journal WHERE id <= ?");
    }

    /// <summary>Whether so much has gathered that some should settle.</summary>
    /// <param name="isIdle">Whether nothing is to be written for the moment.</param>
    public static bool IsDue(StorageState state, bool isIdle) =>
        state.Unsettled >= (isIdle ? SettleWhenIdle : SettleInAnyCase) || state.UnsettledBytes >= SettleBytes;

    /// <summary>Gives each event its seq and writes it; one whose client id is known is not written.</summary>
    /// <param name="hashes">Of their client ids; what it holds for those without one is not looked at.</param>
    public Appended[] Append(LoggedRoom room, IReadOnlyList<NewEvent> batch, ReadOnlySpan<UInt128> hashes, DateTimeOffset at)
    {
        _touched.Add(room);
        var results = new Appended[batch.Count];
        var (count, countAt) = (0, -1);
        for (var i = 0; i < results.Length; i++)
        {
            var content = batch[i];
            if (content.ClientId is not null && _ids.Find(hashes[i]) is { } first)
            {
                results[i] = Duplicate(first, at);
                continue;
            }

            if (_row.Length > RowBytes)
            {
                EndGroup();
                EndRow();
            }

            if (countAt < 0)
                countAt = BeginGroup(room);
            results[i] = Add(room, content, hashes[i], at);
            count++;
        }

        EndGroup();
        return results;

        void EndGroup()
        {
            if (countAt < 0)
                return;
            _row.Put(countAt, count);
            _rowRooms.Add((room, room.Next - 1));
            (count, countAt) = (0, -1);
        }
    }

    /// <summary>Writes what was appended: the transaction is about to be committed.</summary>
    public void Seal() => EndRow();

    /// <summary>The transaction is committed.</summary>
    public void Keep()
    {
        foreach (var row in _rows)
            _state.Add(row);
        _rows.Clear();
        _touched.Clear();
    }

    /// <summary>The transaction is undone. What else it changed in memory is read again by the next writer.</summary>
    public void Forget()
    {
        foreach (var room in _touched)
            room.Retract();
    }

    /// <summary>Puts the oldest events into blocks of their rooms, and their client ids into a run.</summary>
    /// <returns>What is to be done once that is committed.</returns>
    public Action Settle()
    {
        var (rooms, ids, rows, events, end) = (new Dictionary<LoggedRoom, long>(), new List<IdEntry>(), 0, 0, 0L);
        foreach (var row in _state.Journal)
        {
            if (rooms.Count >= RoomsToSettle || events >= EventsToSettle)
                break;
            foreach (var (room, last) in row.Rooms)
                rooms[room] = last;
            ids.AddRange(row.Ids);
            (rows, events, end) = (rows + 1, events + row.Events, row.Id);
        }

        var ends = new List<(LoggedRoom Room, long Last, (long, int) Block)>(rooms.Count);
        foreach (var (room, last) in rooms.OrderBy(settling => settling.Key.Id))
            ends.Add((room, last, _blocks.Append(room.Id, room.LastBlock, room.UnsettledTo(last))));
        var idsSettled = ids.Count > 0 ? _ids.Settle(ids) : null;
        _clear.Bind(1, end).Run();
        return () =>
        {
            idsSettled?.Invoke();
            for (; rows > 0; rows--)
                _state.RemoveRow();
            foreach (var (room, last, block) in ends)
            {
                room.Settle(last);
                room.LastBlock = block;
            }
        };
    }

    public void Dispose()
    {
        foreach (var statement in (Statement[])[_append, _setTopic, _clear])
            statement.Dispose();
    }

    private int BeginGroup(LoggedRoom room)
    {
        _row.AddNumber((ulong)room.Id);
        _row.AddNumber((ulong)room.Next);
        _row.Take(sizeof(int));
        return _row.Length - sizeof(int);
    }

    private Appended Add(LoggedRoom room, NewEvent content, UInt128 hash, DateTimeOffset at)
    {
        var stored = new RoomEvent(room.Next++, at, content);
        EncodedEvent.Write(_row, at, content);
        if (content.Kind == RoomEventKind.Topic)
            _setTopic.Bind(1, content.Text).Bind(2, room.Id).Run();
        if (content.ClientId is not null)
        {
            var id = new IdEntry(hash, room.EventId(stored.Seq));
            _ids.Add(id);
            _rowIds.Add(id);
        }

        _rowEvents++;
        _rowMemory += StorageState.BytesOf(content);
        return new Appended(stored, IsDuplicate: false, room.Name, stored.Seq, at);
    }

    private void EndRow()
    {
        if (_rowEvents == 0)
            return;
        var id = (_rows.Count > 0 ? _rows[^1].Id : _state.JournalEnd) + 1;
        _append.Bind(1, id).Bind(2, EncodedEvent.ChecksumOf(_row.Written)).Bind(3, _row.Written).Run();
        _rows.Add(new JournalRow(id, _rowEvents, _rowMemory, _rowRooms, _rowIds));
        _row.CutTo(0);
        (_rowRooms, _rowIds, _rowEvents, _rowMemory) = ([], [], 0, 0);
    }

    private Appended Duplicate(long eventId, DateTimeOffset now)
    {
        var (room, seq) = (_state.RoomById(LoggedRoom.RoomOf(eventId))!, LoggedRoom.SeqOf(eventId));
        var at = room.Unsettled(seq)?.At ?? (_blocks.TimeOf(eventId) is { } stored ? EncodedEvent.TimeOf(stored) : now);
        return new Appended(null, IsDuplicate: true, room.Name, seq, at);
    }
}
