using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Sqlite;
using RawSocketChat.Server.Storage.Sqlite.Ids;

namespace RawSocketChat.Tests.Storage;

/// <summary>Changes what a database has inside its rows, as damage, or a server with a fault, might.</summary>
internal sealed class Surgery : IDisposable
{
    private readonly Database _database;
    private readonly Blocks _blocks;

    public Surgery(string folder)
    {
        _database = Database.OpenForWriting(Path.Combine(folder, DataFolder.DatabaseName), synced: false);
        _blocks = new Blocks(_database);
    }

    public IdHash Hash => IdHash.Of(_database);

    public void Execute(string sql) => _database.Execute(sql);

    public long Number(string sql)
    {
        using var row = _database.Prepare(sql);
        row.Step();
        return row.Number(0);
    }

    /// <summary>The events in a room's blocks, each as what it becomes; null for none. Blocks and their checksums are made anew.</summary>
    public void ChangeEvents(long room, Func<RoomEvent, RoomEvent?> change)
    {
        var events = Events(room).Select(change).OfType<RoomEvent>().ToList();
        _database.Execute($"DELETE FROM blocks WHERE id >> 40 = {room}");
        for (var start = 0; start < events.Count;)
        {
            var count = 1;
            while (start + count < events.Count && events[start + count].Seq == events[start].Seq + count)
                count++;
            _blocks.Append(room, (0, 0), events.GetRange(start, count));
            start += count;
        }
    }

    public void ChangeEvent(long room, long seq, Func<RoomEvent, RoomEvent?> change) =>
        ChangeEvents(room, found => found.Seq == seq ? change(found) : found);

    public void AddEvents(long room, params RoomEvent[] events) => _blocks.Append(room, (0, 0), events);

    /// <summary>Other bytes, as many, where those of <paramref name="text"/> stand; the checksum is made anew.</summary>
    public void Overwrite(ReadOnlySpan<byte> text, ReadOnlySpan<byte> by)
    {
        using var rows = _database.Prepare("SELECT id, events FROM blocks");
        var (id, events) = (0L, Array.Empty<byte>());
        while (id == 0 && rows.Step())
        {
            if (rows.Bytes(1).IndexOf(text) >= 0)
                (id, events) = (rows.Number(0), rows.Bytes(1).ToArray());
        }

        rows.Reset();
        by.CopyTo(events.AsSpan(events.AsSpan().IndexOf(text)));
        using var write = _database.Prepare("UPDATE blocks SET events = ?, checksum = ? WHERE id = ?");
        write.Bind(1, events).Bind(2, EncodedEvent.ChecksumOf(events)).Bind(3, id).Run();
    }

    /// <summary>All client ids that have settled, each as what it becomes; null for none.</summary>
    public void ChangeIds(Func<IdEntry, IdEntry?> change)
    {
        using var ids = new ClientIds(new IdIndex(), _database, _ => true, _ => true);
        using var tables = new IdTables(_database);
        foreach (var (run, _, _) in tables.Runs())
        {
            var entries = ids.In(run).Select(change).OfType<IdEntry>().Order().ToList();
            tables.RemoveRows(run, int.MaxValue);
            tables.AddAll(run, entries);
        }
    }

    /// <summary>Adds an event to the journal.</summary>
    public void AddToJournal(long room, long seq, NewEvent content)
    {
        var row = new ByteBuffer(1024);
        row.AddNumber((ulong)room);
        row.AddNumber((ulong)seq);
        row.Add([1, 0, 0, 0]);
        EncodedEvent.Write(row, DateTimeOffset.UnixEpoch, content);
        using var add = _database.Prepare("INSERT INTO journal (checksum, events) VALUES (?, ?)");
        add.Bind(1, EncodedEvent.ChecksumOf(row.Written)).Bind(2, row.Written).Run();
    }

    public void Dispose()
    {
        _blocks.Dispose();
        _database.Dispose();
    }

    private List<RoomEvent> Events(long room)
    {
        using var rows = _database.Prepare("SELECT id, count, checksum, events FROM blocks WHERE id >> 40 = ? ORDER BY id");
        rows.Bind(1, room);
        var events = new List<RoomEvent>();
        while (rows.Step())
        {
            var page = new BlockPage(LoggedRoom.SeqOf(rows.Number(0)), int.MaxValue, int.MaxValue);
            page.AddUp(rows, long.MaxValue);
            events.AddRange(page.Events);
        }

        return events;
    }
}
