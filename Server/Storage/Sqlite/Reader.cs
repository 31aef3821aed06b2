namespace RawSocketChat.Server.Storage.Sqlite;

/// <summary>A connection that reads, with what is prepared on it. Used by one thread at a time.</summary>
internal sealed class Reader : IDisposable
{
    private readonly Database _database;
    private readonly Statement _after;
    private readonly Statement _before;
    private readonly Statement _session;
    private readonly Statement _roomsOf;
    private readonly Statement _mark;

    public Reader(string file)
    {
        _database = Database.OpenForReading(file);
        _after = _database.Prepare(
            """
            SELECT id, count, checksum, events FROM blocks
            WHERE id >= COALESCE((SELECT id FROM blocks WHERE id >= ?1 AND id <= ?2 ORDER BY id DESC LIMIT 1), ?2) AND id <= ?3 ORDER BY id
            """);
        _before = _database.Prepare("SELECT id, count, checksum, events FROM blocks WHERE id >= ? AND id < ? ORDER BY id DESC");
        _session = _database.Prepare("SELECT user, name, guest, away_since FROM sessions WHERE token_hash = ?");
        _roomsOf = _database.Prepare("SELECT r.name FROM members m JOIN rooms r ON r.id = m.room WHERE m.user = ? ORDER BY m.at, r.id");
        _mark = _database.Prepare("SELECT seq FROM read_marks WHERE user = ? AND room = ?");
    }

    /// <summary>Settled events above <paramref name="after"/>, up to <paramref name="last"/>, oldest first.</summary>
    public List<RoomEvent> After(LoggedRoom room, long after, long last, int most, int mostBytes) => Once(
        _after.Bind(1, room.EventId(0)).Bind(2, room.EventId(after + 1)).Bind(3, room.EventId(last)),
        rows =>
        {
            var page = new BlockPage(after + 1, most, mostBytes);
            while (!page.IsFull && rows.Step())
                page.AddUp(rows, last);
            return page.Events;
        });

    /// <summary>Settled events below <paramref name="before"/>, from <paramref name="first"/> on, newest first.</summary>
    public List<RoomEvent> Before(LoggedRoom room, long before, long first, int most, int mostBytes) => Once(
        _before.Bind(1, room.EventId(0)).Bind(2, room.EventId(before)),
        rows =>
        {
            var page = new BlockPage(before - 1, most, mostBytes);
            while (!page.IsFull && page.Next >= first && rows.Step())
                page.AddDown(rows, first);
            return page.Events;
        });

    public List<StoredRoom> Rooms()
    {
        using var rows = _database.Prepare("SELECT name, topic, owner, private FROM rooms ORDER BY id");
        var rooms = new List<StoredRoom>();
        while (rows.Step())
            rooms.Add(new StoredRoom(rows.Text(0), rows.Text(1), rows.TextOrNull(2), rows.Number(3) != 0));
        return rooms;
    }

    public List<StoredAccount> Accounts()
    {
        using var rows = _database.Prepare("SELECT user, name, skeleton, password_hash, at FROM accounts");
        var accounts = new List<StoredAccount>();
        while (rows.Step())
            accounts.Add(new StoredAccount(rows.Text(0), rows.Text(1), rows.Text(2), rows.Text(3), TimeOf(rows.Number(4))!.Value));
        return accounts;
    }

    public StoredSession? Session(string tokenHash) => Once(_session.Bind(1, tokenHash), row => row.Step()
        ? new StoredSession(tokenHash, row.Text(0), row.Text(1), row.Number(2) != 0, TimeOf(row.NumberOrNull(3)))
        : null);

    public List<string> RoomsOf(string user) => Once(_roomsOf.Bind(1, user), rows =>
    {
        var rooms = new List<string>();
        while (rows.Step())
            rooms.Add(rows.Text(0));
        return rooms;
    });

    public long Mark(string user, LoggedRoom room) => Once(_mark.Bind(1, user).Bind(2, room.Id), row => row.Step() ? row.Number(0) : 0);

    public void Dispose()
    {
        foreach (var part in (IDisposable[])[_after, _before, _session, _roomsOf, _mark, _database])
            part.Dispose();
    }

    // Whatever ends the reading, the next one begins anew.
    private static T Once<T>(Statement statement, Func<Statement, T> read)
    {
        try
        {
            return read(statement);
        }
        finally
        {
            statement.Reset();
        }
    }

    private static DateTimeOffset? TimeOf(long? milliseconds) => milliseconds is { } known ? DateTimeOffset.FromUnixTimeMilliseconds(known) : null;
}
