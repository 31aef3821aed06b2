using RawSocketChat.Server.Storage.Sqlite.Ids;

namespace RawSocketChat.Server.Storage.Sqlite;

/// <summary>
/// Brings over what a database has of the second version: rows of events into blocks, their client ids into runs. Some thousand in each transaction, in which they are
/// deleted from where they were; so where it is interrupted, the next start goes on.
/// </summary>
internal sealed class Conversion : IDisposable
{
    private const int EventsPerStep = 8 * 1024;
    private const int BytesPerStep = 4 * 1024 * 1024;
    private const int ReportEvery = 512 * 1024;
    private const string Columns = "at, kind, author, author_name, body, reply, me, client_id";

    private readonly Database _database;
    private readonly Blocks _blocks;
    private readonly ClientIds _ids;
    private readonly IdIndex _index = new();

    private Conversion(Database database)
    {
        _database = database;
        _blocks = new Blocks(database);
        _ids = new ClientIds(_index, database, isKept: _ => true, isStored: _ => true);
        _ids.Load();
    }

    /// <summary>Whether something is to be brought over.</summary>
    public static bool IsDue(Database database)
    {
        using var old = database.Prepare("SELECT 1 FROM sqlite_schema WHERE name = 'old_events'");
        return old.Step();
    }

    public static void Run(Database database, ILogger? logger)
    {
        if (!IsDue(database))
            return;
        using (var conversion = new Conversion(database))
        {
            var (done, told) = (0L, 0L);
            while (conversion.Step() is > 0 and var events)
            {
                done += events;
                if (logger is not null && done - told >= ReportEvery)
                    Log.Converting(logger, told = done, conversion.Left());
            }
        }

        database.Execute("BEGIN IMMEDIATE; DROP TABLE old_events; DROP TABLE old_journal; DROP TABLE old_client_ids; COMMIT");
    }

    /// <summary>Brings some over.</summary>
    /// <returns>How many; 0 where nothing is left.</returns>
    internal static int StepOnce(Database database)
    {
        using var conversion = new Conversion(database);
        return conversion.Step();
    }

    public void Dispose()
    {
        _blocks.Dispose();
        _ids.Dispose();
    }

    // Where the journal has something of a room it follows what has settled.
    private int Step()
    {
        var events = Step($"SELECT id, id, {Columns} FROM old_events ORDER BY id LIMIT {EventsPerStep}", "DELETE FROM old_events WHERE id <= ?");
        if (events == 0)
            events = Step($"SELECT id, room << 40 | seq, {Columns} FROM old_journal ORDER BY id LIMIT {EventsPerStep}", "DELETE FROM old_journal WHERE id <= ?");
        while (_index.IsFlushDue)
            _database.Transact(_ids.Flush)();
        while (_index.HasMerges)
            _database.Transact(_ids.Merge)();
        return events;
    }

    private int Step(string select, string delete)
    {
        var (rooms, ids, count) = (new SortedDictionary<long, List<RoomEvent>>(), new List<IdEntry>(), 0);
        _database.Transact(() =>
        {
            var last = Read(select, rooms, ids, ref count);
            foreach (var (room, events) in rooms)
                Append(room, events);
            var settled = ids.Count > 0 ? _ids.Settle(ids) : null;
            using var remove = _database.Prepare(delete);
            remove.Bind(1, last).Run();
            return settled;
        })?.Invoke();
        return count;
    }

    private long Read(string select, SortedDictionary<long, List<RoomEvent>> rooms, List<IdEntry> ids, ref int count)
    {
        using var rows = _database.Prepare(select);
        var (last, bytes) = (long.MinValue, 0L);
        while (bytes < BytesPerStep && rows.Step())
        {
            var (id, read) = (rows.Number(1), ReadEvent(rows));
            if (!rooms.TryGetValue(LoggedRoom.RoomOf(id), out var events))
                rooms.Add(LoggedRoom.RoomOf(id), events = []);
            events.Add(read);
            if (read.Content.ClientId is { } clientId)
                ids.Add(new IdEntry(_index.Hash.Of(read.Content.Author, clientId), id));
            bytes += StorageState.BytesOf(read.Content);
            last = rows.Number(0);
            count++;
        }

        return last;
    }

    private static RoomEvent ReadEvent(Statement row) => new(
        LoggedRoom.SeqOf(row.Number(1)),
        EncodedEvent.TimeOf(row.Number(2)),
        new NewEvent(
            (RoomEventKind)row.Number(3),
            row.Text(4),
            row.Text(5),
            row.Text(6),
            row.NumberOrNull(7),
            row.Number(8) != 0,
            row.TextOrNull(9)));

    // Where damage has left a hole, what follows it is a block of its own.
    private void Append(long room, List<RoomEvent> events)
    {
        var start = 0;
        for (var i = 1; i <= events.Count; i++)
        {
            if (i < events.Count && events[i].Seq == events[i - 1].Seq + 1)
                continue;
            var end = _blocks.End(room);
            _blocks.Append(room, (end.First, end.Bytes), events.GetRange(start, i - start));
            start = i;
        }
    }

    // About: counting rows would cost as much as reading them.
    private long Left()
    {
        using var ends = _database.Prepare(
            """
            SELECT TOTAL(MAX(0, (SELECT e.id & (1 << 40) - 1 FROM old_events e WHERE e.id < (r.id + 1) << 40 AND e.id >= r.id << 40 ORDER BY e.id DESC LIMIT 1)
                - (SELECT e.id & (1 << 40) - 1 FROM old_events e WHERE e.id >= r.id << 40 ORDER BY e.id LIMIT 1) + 1))
            FROM rooms r
            """);
        return ends.Step() ? ends.Number(0) : 0;
    }
}
