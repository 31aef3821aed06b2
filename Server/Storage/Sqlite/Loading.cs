namespace RawSocketChat.Server.Storage.Sqlite;

/// <summary>Learns at the start where each room's log stands: a look for each room, and the journal.</summary>
internal static class Loading
{
    public static void Run(StorageState state, Database database)
    {
        LoadRooms(state, database);
        LoadJournal(state, database);
        foreach (var room in state.Rooms)
            room.Retract();
    }

    private static void LoadRooms(StorageState state, Database database)
    {
        using var rooms = database.Prepare(
            """
            SELECT id, name, epoch, first,
                (SELECT e.id FROM events e WHERE e.id >= r.id << 40 AND e.id < (r.id + 1) << 40 ORDER BY e.id DESC LIMIT 1)
            FROM rooms r
            """);
        while (rooms.Step())
        {
            var first = rooms.Number(3);
            var settled = rooms.NumberOrNull(4) is { } last ? LoggedRoom.SeqOf(last) : first - 1;
            state.Add(new LoggedRoom(rooms.Number(0), rooms.Text(1), rooms.Text(2), first, settled));
        }
    }

    private static void LoadJournal(StorageState state, Database database)
    {
        using var journal = database.Prepare($"SELECT id, room, seq, {EventRow.Columns} FROM journal ORDER BY id");
        var isFirst = true;
        while (journal.Step())
        {
            var room = state.RoomById(journal.Number(1)) ?? throw new StorageException("the database is damaged (an event of no room); restore a backup") { IsDamage = true };
            var stored = journal.Read(journal.Number(2), from: 3);
            if (stored.Seq != room.State.Last + 1)
                throw new StorageException($"the database is damaged (in room \"{room.Name}\" something is missing before the event {stored.Seq}); restore a backup") { IsDamage = true };
            if (isFirst)
                state.JournalStart = journal.Number(0) - 1;
            isFirst = false;
            state.JournalEnd = journal.Number(0);
            state.Publish(room, [stored]);
            if (stored.Content.ClientId is { } id)
                state.UnsettledIds[(stored.Content.Author, id)] = (room, stored.Seq, stored.At);
        }

        // Where fewer are kept than before.
        foreach (var room in state.Rooms)
            state.Publish(room, []);
    }
}
