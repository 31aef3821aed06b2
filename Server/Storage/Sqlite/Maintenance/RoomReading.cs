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

    /// <summary>Its events, oldest first; a block of them is in memory at a time.</summary>
    /// <exception cref="StorageException">One is missing or cannot be read.</exception>
    public IEnumerable<RoomEvent> Events()
    {
        var next = State.First;
        foreach (var part in Parts())
        {
            _cancel.ThrowIfCancellationRequested();
            foreach (var found in part)
            {
                if (found.Seq != next)
                    throw Damage(next);
                next++;
                yield return found;
            }
        }

        if (next != State.Last + 1)
            throw Damage(next);
    }

    public void Dispose() => _snapshot.Dispose();

    private IEnumerable<List<RoomEvent>> Parts()
    {
        using var rows = _snapshot.Database.Prepare("SELECT id, count, checksum, events FROM blocks WHERE id >= ? AND id <= ? AND id + count > ? ORDER BY id");
        rows.Bind(1, LoggedRoom.EventIdOf(_id, 0)).Bind(2, LoggedRoom.EventIdOf(_id, State.Last)).Bind(3, LoggedRoom.EventIdOf(_id, State.First));
        while (rows.Step())
            yield return Block(rows);
        var inJournal = new List<RoomEvent>();
        JournalEvents.Read(_snapshot.Database, (room, seq, found) =>
        {
            if (room == _id && seq >= State.First)
                inJournal.Add(Whole(found, seq));
        });
        yield return inJournal;
    }

    private List<RoomEvent> Block(Statement row)
    {
        var seq = LoggedRoom.SeqOf(row.Number(0));
        var rest = row.Bytes(3);
        if (!Blocks.IsSound(row, 2))
            throw Damage(Math.Max(seq, State.First));
        var events = new List<RoomEvent>();
        for (; !rest.IsEmpty; seq++)
        {
            if (!EncodedEvent.TryRead(ref rest, out var found))
                throw Damage(seq);
            if (seq >= State.First)
                events.Add(Whole(found, seq));
        }

        return events;
    }

    private RoomEvent Whole(EncodedEvent found, long seq) =>
        Enum.IsDefined((RoomEventKind)found.Kind) && Utf8.IsValid(found.Author) && Utf8.IsValid(found.AuthorName) && Utf8.IsValid(found.Text) && Utf8.IsValid(found.ClientId)
            ? found.ToEvent(seq)
            : throw Damage(seq);

    private static RoomReading? Find(Snapshot snapshot, string name, CancellationToken cancel)
    {
        using var room = snapshot.Database.Prepare("SELECT id, name, topic, owner, private, epoch, first FROM rooms WHERE key = ?");
        if (!room.Bind(1, RoomTable.KeyOf(name)).Step())
            return null;
        var id = room.Number(0);
        return new RoomReading(
            snapshot,
            id,
            new StoredRoom(room.Text(1), room.Text(2), room.TextOrNull(3), room.Number(4) != 0),
            new RoomLogState(room.Text(5), room.Number(6), LastOf(snapshot.Database, id, room.Number(6))),
            cancel);
    }

    private static long LastOf(Database database, long id, long first)
    {
        using var blocks = new Blocks(database);
        var last = Math.Max(first - 1, blocks.End(id).Last);
        JournalEvents.Read(database, (room, seq, _) => last = room == id ? Math.Max(last, seq) : last);
        return last;
    }

    private static List<string> Names(Database database)
    {
        using var rows = database.Prepare("SELECT name FROM rooms ORDER BY id");
        var names = new List<string>();
        while (rows.Step())
            names.Add(rows.Text(0));
        return names;
    }

    private StorageException Damage(long seq) =>
        new($"event {seq} of \"{Room.Name}\" is missing or cannot be read; check tells more") { IsDamage = true };
}
