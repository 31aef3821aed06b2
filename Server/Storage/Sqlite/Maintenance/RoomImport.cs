using System.Security.Cryptography;

namespace RawSocketChat.Server.Storage.Sqlite.Maintenance;

/// <summary>What became of an event that was added.</summary>
public enum Placed
{
    Whole,

    /// <summary>Its author has used its client id in another room: it was added without.</summary>
    WithoutId,

    /// <summary>Its author has used its client id in this room: it was not added.</summary>
    Twice,
}

/// <summary>Writes a room with its whole log into a folder that no server runs on: all of it at <see cref="Commit"/>, or nothing.</summary>
public sealed class RoomImport : IDisposable
{
    // Client ids lie anywhere in their tree: with less of it in memory, pages are written again and again.
    private const int CacheKibibytes = 64 * 1024;

    private readonly Database _database;
    private readonly Statement _add;
    private readonly Statement _addId;
    private readonly Statement _findId;
    private readonly long _id;
    private readonly HashSet<(string, string)> _idsInJournal;

    private RoomImport(Database database, long id, string epoch)
    {
        _database = database;
        _id = id;
        Epoch = epoch;
        _add = database.Prepare($"INSERT INTO events (id, {EventRow.Columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
        _addId = database.Prepare("INSERT INTO client_ids (hash, event) VALUES (?, ?)");
        _findId = database.Prepare(
            """
            SELECT e.id, e.author, e.client_id FROM client_ids c JOIN events e ON e.id = c.event JOIN rooms r ON r.id = e.id >> 40
            WHERE c.hash = ? AND e.id & (1 << 40) - 1 >= r.first
            """);
        _idsInJournal = IdsInJournal(database);
    }

    /// <summary>What names the log.</summary>
    public string Epoch { get; }

    /// <summary>Begins. Null: there is a room of that name.</summary>
    /// <param name="epoch">What named the log; kept unless a log of that name is here already. Null, or the empty one of a backup, gives it a new one.</param>
    /// <param name="first">The seq of its first event.</param>
    /// <exception cref="StorageException">The database cannot be written to.</exception>
    public static RoomImport? Begin(DataFolder folder, StoredRoom room, string? epoch, long first, Durability durability)
    {
        var database = Database.OpenForWriting(folder.Database, synced: durability == Durability.Full);
        RoomImport? import = null;
        try
        {
            database.Execute($"PRAGMA cache_size = -{CacheKibibytes}");
            database.Execute("BEGIN IMMEDIATE");
            if (string.IsNullOrEmpty(epoch) || IsThere(database, "SELECT 1 FROM rooms WHERE epoch = ?", epoch))
                epoch = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
            if (!IsThere(database, "SELECT 1 FROM rooms WHERE key = ?", RoomTable.KeyOf(room.Name)))
                import = new RoomImport(database, AddRoom(database, room, epoch, first), epoch);
            return import;
        }
        finally
        {
            if (import is null)
                database.Dispose();
        }
    }

    /// <summary>Adds the next event.</summary>
    public Placed Add(RoomEvent next)
    {
        var (id, content, placed) = ((_id << 40) | next.Seq, next.Content, Placed.Whole);
        long? hash = content.ClientId is { } clientId ? ClientIds.HashOf(content.Author, clientId) : null;
        if (hash is { } given && RoomOfId(content, given) is { } room)
        {
            if (room == _id)
                return Placed.Twice;
            (hash, content, placed) = (null, content with { ClientId = null }, Placed.WithoutId);
        }

        _add.Bind(1, id).Bind(2, next.At, content).Run();
        if (hash is { } free)
            _addId.Bind(1, free).Bind(2, id).Run();
        return placed;
    }

    public void Commit() => _database.Execute("COMMIT");

    /// <summary>Without a commit before it, nothing was imported.</summary>
    public void Dispose()
    {
        foreach (var part in (IDisposable[])[_add, _addId, _findId, _database])
            part.Dispose();
    }

    private static long AddRoom(Database database, StoredRoom room, string epoch, long first)
    {
        using var add = database.Prepare(
            """
            INSERT INTO rooms (id, name, key, topic, owner, private, epoch, first)
            VALUES ((SELECT COALESCE(MAX(id), 0) + 1 FROM rooms), ?, ?, ?, ?, ?, ?, ?) RETURNING id
            """);
        add.Bind(1, room.Name).Bind(2, RoomTable.KeyOf(room.Name)).Bind(3, room.Topic).Bind(4, room.Owner).Bind(5, room.IsPrivate ? 1 : 0).Bind(6, epoch).Bind(7, first);
        add.Step();
        var id = add.Number(0);
        add.Run();
        return id;
    }

    private static bool IsThere(Database database, string sql, string value)
    {
        using var find = database.Prepare(sql);
        return find.Bind(1, value).Step();
    }

    // Where a server was killed, the journal still holds what the next start puts in its place.
    private static HashSet<(string, string)> IdsInJournal(Database database)
    {
        using var rows = database.Prepare("SELECT author, client_id FROM journal WHERE client_id IS NOT NULL");
        var ids = new HashSet<(string, string)>();
        while (rows.Step())
            ids.Add((rows.Text(0), rows.Text(1)));
        return ids;
    }

    /// <summary>The room in which an author has used a client id; 0 for one whose events are in the journal.</summary>
    private long? RoomOfId(NewEvent content, long hash)
    {
        if (_idsInJournal.Contains((content.Author, content.ClientId!)))
            return 0;
        long? room = null;
        _findId.Bind(1, hash);
        while (room is null && _findId.Step())
        {
            if (_findId.Text(1) == content.Author && _findId.TextOrNull(2) == content.ClientId)
                room = LoggedRoom.RoomOf(_findId.Number(0));
        }

        _findId.Reset();
        return room;
    }
}
