using RawSocketChat.Server.Storage.Sqlite.Ids;

namespace RawSocketChat.Server.Storage.Sqlite;

/// <summary>Learns where each room's log stands: a look for each room, the client ids that belong into memory, and the journal.</summary>
internal static class Loading
{
    /// <summary>At the start.</summary>
    public static void Run(StorageState state, Database database)
    {
        LoadRooms(state, database);
        LoadIds(state, database);
        LoadJournal(state, database);
        foreach (var room in state.Rooms)
        {
            room.Retract();
            // Where fewer are kept than before.
            room.Publish([], state.KeepEvents);
        }
    }

    /// <summary>
    /// After a transaction that failed, by a new connection. What it may have left behind all the same: what was to be acknowledged must not come back,
    /// and what was only put elsewhere is there.
    /// </summary>
    public static void Again(StorageState state, Database database)
    {
        database.Execute($"DELETE FROM journal WHERE id > {state.JournalEnd}");
        database.Execute($"DELETE FROM rooms WHERE id NOT IN ({string.Join(", ", state.Rooms.Select(room => room.Id))})");
        var oldest = OldestOfJournal(database) ?? state.JournalEnd + 1;
        while (state.Journal.TryPeek(out var row) && row.Id < oldest)
            state.RemoveRow();
        using (var blocks = new Blocks(database))
        {
            foreach (var room in state.Rooms)
            {
                var (first, bytes, last) = blocks.End(room.Id);
                room.LastBlock = (first, bytes);
                if (last > room.Settled)
                    room.Settle(last);
                room.Retract();
            }
        }

        LoadIds(state, database);
        foreach (var id in state.Journal.SelectMany(row => row.Ids))
            state.Ids.Recent[id.Hash] = id.Event;
    }

    private static void LoadRooms(StorageState state, Database database)
    {
        using var blocks = new Blocks(database);
        using var rooms = database.Prepare("SELECT id, name, epoch, first FROM rooms");
        while (rooms.Step())
        {
            var (first, end) = (rooms.Number(3), blocks.End(rooms.Number(0)));
            state.Add(new LoggedRoom(rooms.Number(0), rooms.Text(1), rooms.Text(2), first, settled: Math.Max(first - 1, end.Last)) { LastBlock = (end.First, end.Bytes) });
        }
    }

    private static void LoadIds(StorageState state, Database database)
    {
        using var ids = new ClientIds(state.Ids, database, state.IsKept, state.IsStored);
        ids.Load();
    }

    private static void LoadJournal(StorageState state, Database database)
    {
        using var journal = database.Prepare("SELECT id, checksum, events FROM journal ORDER BY id");
        while (journal.Step())
        {
            if (!Blocks.IsSound(journal, 1))
                throw journal.Damage("what was stored last");
            LoadRow(state, journal, journal.Number(0), journal.Bytes(2));
        }
    }

    private static void LoadRow(StorageState state, Statement journal, long id, ReadOnlySpan<byte> row)
    {
        var (rooms, ids, count, bytes) = (new List<(LoggedRoom, long)>(), new List<IdEntry>(), 0, 0L);
        var reading = new JournalReading(row);
        while (!reading.IsOver)
        {
            if (!reading.TryGroup(out var roomId, out var seq, out var events))
                throw journal.Damage("what was stored last");
            var room = state.RoomById(roomId) ?? throw journal.Damage("an event of no room");
            if (seq != room.State.Last + 1)
                throw journal.Damage($"in room \"{room.Name}\" something is missing before the event {seq}");
            for (; events > 0; events--, seq++, count++)
            {
                if (!reading.TryEvent(out var found))
                    throw journal.Damage($"in room \"{room.Name}\" the event {seq}");
                var stored = found.ToEvent(seq);
                if (found.HasClientId)
                    ids.Add(new IdEntry(state.Ids.Hash.Of(found.Author, found.ClientId), room.EventId(seq)));
                bytes += StorageState.BytesOf(stored.Content);
                room.Publish([new Appended(stored, IsDuplicate: false, room.Name, seq, stored.At)], state.KeepEvents);
            }

            rooms.Add((room, seq - 1));
        }

        state.Add(new JournalRow(id, count, bytes, rooms, ids));
        foreach (var entry in ids)
            state.Ids.Recent[entry.Hash] = entry.Event;
    }

    private static long? OldestOfJournal(Database database)
    {
        using var oldest = database.Prepare("SELECT MIN(id) FROM journal");
        return oldest.Step() ? oldest.NumberOrNull(0) : null;
    }
}
