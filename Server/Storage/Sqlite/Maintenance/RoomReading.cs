using System.Text.Unicode;

namespace RawSocketChat.Server.Storage.Sqlite.Maintenance;

/// <summary>Reads one room's whole log, in one consistent view, beside a server or where none runs.</summary>
public sealed class RoomReading : IDisposable
{
    private readonly Snapshot _snapshot;
    private readonly long _id;
    private readonly CancellationToken _cancel;

    private RoomReading(Snapshot snapshot, long id, StoredRoom room, RoomLogState state, CancellationToken cancel)
    {
        _snapshot = snapshot;
        _id = id;
        Room = room;
        State = state;
        _cancel = cancel;
    }

    public StoredRoom Room { get; }

    public RoomLogState State { get; }

    /// <summary>Opens the log of a room, found without regard to case.</summary>
    /// <param name="names">Where null is returned: the names of the rooms that there are.</param>
    /// <exception cref="StorageException">The database cannot be read.</exception>
    public static RoomReading? Open(DataFolder folder, string name, out IReadOnlyList<string> names, CancellationToken cancel)
    {
        var snapshot = Snapshot.Open(folder, cancel);
        try
        {
            names = [];
            var found = Find(snapshot, name, cancel);
            if (found is null)
            {
                names = Names(snapshot.Database);
                snapshot.Dispose();
            }

            return found;
        }
        catch
        {
            snapshot.Dispose();
            throw;
        }
    }

    /// <summary>Its events, oldest first; one at a time is in memory.</summary>
    /// <exception cref="StorageException">One is missing or cannot be read.</exception>
    public IEnumerable<RoomEvent> Events()
    {
        using var rows = _snapshot.Database.Prepare(
            $"""
            SELECT id, {EventRow.Columns} FROM events WHERE id >= ? AND id <= ?
            UNION ALL
            SELECT room << 40 | seq, {EventRow.Columns} FROM journal WHERE room = ? AND seq >= ?
            ORDER BY 1
            """);
        rows.Bind(1, (_id << 40) | State.First).Bind(2, (_id << 40) | State.Last).Bind(3, _id).Bind(4, State.First);
        var next = State.First;
        while (rows.Step())
        {
            _cancel.ThrowIfCancellationRequested();
            var seq = LoggedRoom.SeqOf(rows.Number(0));
            if (seq != next || !IsReadable(rows))
                throw Damage(next);
            next++;
            yield return rows.Read(seq, from: 1);
        }

        if (next != State.Last + 1)
            throw Damage(next);
    }

    public void Dispose() => _snapshot.Dispose();

    private static RoomReading? Find(Snapshot snapshot, string name, CancellationToken cancel)
    {
        using var room = snapshot.Database.Prepare(
            """
            SELECT id, name, topic, owner, private, epoch, first, MAX(
                first - 1,
                COALESCE((SELECT e.id & (1 << 40) - 1 FROM events e WHERE e.id >= r.id << 40 AND e.id < (r.id + 1) << 40 ORDER BY e.id DESC LIMIT 1), 0),
                COALESCE((SELECT MAX(seq) FROM journal j WHERE j.room = r.id), 0))
            FROM rooms r WHERE key = ?
            """);
        return room.Bind(1, RoomTable.KeyOf(name)).Step()
            ? new RoomReading(
                snapshot,
                room.Number(0),
                new StoredRoom(room.Text(1), room.Text(2), room.TextOrNull(3), room.Number(4) != 0),
                new RoomLogState(room.Text(5), room.Number(6), room.Number(7)),
                cancel)
            : null;
    }

    private static List<string> Names(Database database)
    {
        using var rows = database.Prepare("SELECT name FROM rooms ORDER BY id");
        var names = new List<string>();
        while (rows.Step())
            names.Add(rows.Text(0));
        return names;
    }

    private static bool IsReadable(Statement row) =>
        Enum.IsDefined((RoomEventKind)row.Number(2)) && Utf8.IsValid(row.Utf8(3)) && Utf8.IsValid(row.Utf8(4)) && Utf8.IsValid(row.Utf8(5)) && Utf8.IsValid(row.Utf8(8));

    private StorageException Damage(long seq) =>
        new($"event {seq} of \"{Room.Name}\" is missing or cannot be read; check tells more") { IsDamage = true };
}
