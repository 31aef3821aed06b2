namespace RawSocketChat.Server.Storage.Sqlite;

/// <summary>Rooms, who belongs to them and how far each has read. Used by the writer's thread alone.</summary>
internal sealed class RoomTable(StorageState state, Database database) : IDisposable
{
    private readonly Statement _add = database.Prepare("INSERT OR IGNORE INTO rooms (id, name, key, topic, owner, private, epoch) VALUES (?, ?, ?, ?, ?, ?, ?)");
    private readonly Statement _enter = database.Prepare(
        // Two of one millisecond keep the order in which they were joined.
        "INSERT OR IGNORE INTO members (user, room, at) VALUES (?1, ?2, MAX(?3, IFNULL((SELECT MAX(at) FROM members WHERE user = ?1), 0) + 1))");
    private readonly Statement _leave = database.Prepare("DELETE FROM members WHERE user = ? AND room = ?");
    private readonly Statement _mark = database.Prepare(
        "INSERT INTO read_marks (user, room, seq) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET seq = MAX(seq, excluded.seq) RETURNING seq");

    // Guests for the most part, who come once.
    private readonly Statement _forgetMembers = PrepareForgetting(database, "members");
    private readonly Statement _forgetMarks = PrepareForgetting(database, "read_marks");

    /// <summary>Null: there is a room of that name.</summary>
    public LoggedRoom? TryAdd(StoredRoom room, string epoch)
    {
        var id = state.NextRoomId;
        _add.Bind(1, id).Bind(2, room.Name).Bind(3, KeyOf(room.Name)).Bind(4, room.Topic).Bind(5, room.Owner).Bind(6, room.IsPrivate ? 1 : 0).Bind(7, epoch);
        if (_add.Run() == 0)
            return null;
        state.NextRoomId++;
        return new LoggedRoom(id, room.Name, epoch, first: 1, settled: 0);
    }

    /// <summary>Deletes some of what belongs to users without a session and without an account.</summary>
    /// <returns>Whether there may be more.</returns>
    public bool ForgetStrangers()
    {
        var (members, marks) = (_forgetMembers.Bind(1, Trimming.Step).Run(), _forgetMarks.Bind(1, Trimming.Step).Run());
        return members > 0 || marks > 0;
    }

    public void SetMember(LoggedRoom room, string user, bool isMember, DateTimeOffset at)
    {
        if (isMember)
            _enter.Bind(1, user).Bind(2, room.Id).Bind(3, at.ToUnixTimeMilliseconds()).Run();
        else
            _leave.Bind(1, user).Bind(2, room.Id).Run();
    }

    public long Mark(LoggedRoom room, string user, long seq)
    {
        _mark.Bind(1, user).Bind(2, room.Id).Bind(3, seq).Step();
        var mark = _mark.Number(0);
        _mark.Reset();
        return mark;
    }

    public void Dispose()
    {
        foreach (var statement in (Statement[])[_add, _enter, _leave, _mark, _forgetMembers, _forgetMarks])
            statement.Dispose();
    }

    /// <summary>As <see cref="StringComparer.OrdinalIgnoreCase"/> compares.</summary>
    public static string KeyOf(string name) => name.ToUpperInvariant();

    private static Statement PrepareForgetting(Database database, string table) => database.Prepare(
        $"""
        DELETE FROM {table} WHERE user IN (
            SELECT DISTINCT user FROM {table} WHERE user NOT IN (SELECT user FROM sessions) AND user NOT IN (SELECT user FROM accounts) LIMIT ?)
        """);
}
