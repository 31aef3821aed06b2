using System.Security.Cryptography;
using RawSocketChat.Server.Storage.Sqlite.Ids;

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
    private const int CacheKibibytes = 64 * 1024;

    // What is written at once, in bytes of memory.
    private const long Most = 4 * 1024 * 1024;

    private readonly Database _database;
    private readonly Blocks _blocks;
    private readonly ClientIds _ids;
    private readonly IdIndex _index = new();
    private readonly Dictionary<long, long> _firsts;
    private readonly List<RoomEvent> _waiting = [];
    private readonly List<IdEntry> _waitingIds = [];
    private readonly long _id;
    private (long, int) _lastBlock;
    private long _bytes;

    private RoomImport(Database database, long id, string epoch)
    {
        _database = database;
        _id = id;
        Epoch = epoch;
        _blocks = new Blocks(database);
        _firsts = FirstsOf(database);
        _ids = new ClientIds(_index, database, IsThere, IsThere);
        _ids.Load();
        foreach (var waiting in JournalEvents.ClientIds(database, _index.Hash))
            _ids.Add(waiting);
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
        var placed = Placed.Whole;
        if (next.Content.ClientId is { } clientId)
        {
            var hash = _index.Hash.Of(next.Content.Author, clientId);
            if (_ids.Find(hash) is not { } known)
            {
                var id = new IdEntry(hash, LoggedRoom.EventIdOf(_id, next.Seq));
                _ids.Add(id);
                _waitingIds.Add(id);
            }
            else if (LoggedRoom.RoomOf(known) == _id)
                return Placed.Twice;
            else
                (next, placed) = (next with { Content = next.Content with { ClientId = null } }, Placed.WithoutId);
        }

        _waiting.Add(next);
        _bytes += StorageState.BytesOf(next.Content);
        if (_bytes >= Most)
            Write();
        return placed;
    }

    public void Commit()
    {
        Write();
        _database.Execute("COMMIT");
    }

    /// <summary>Without a commit before it, nothing was imported.</summary>
    public void Dispose()
    {
        foreach (var part in (IDisposable[])[_blocks, _ids, _database])
            part.Dispose();
    }

    private void Write()
    {
        if (_waiting.Count == 0)
            return;
        _lastBlock = _blocks.Append(_id, _lastBlock, _waiting);
        _waiting.Clear();
        _bytes = 0;
        if (_waitingIds.Count > 0)
            _ids.Settle([.. _waitingIds])();
        _waitingIds.Clear();
        while (_index.IsFlushDue)
            _ids.Flush()();
        while (_index.HasMerges)
            _ids.Merge()();
    }

    private bool IsThere(long eventId) => _firsts.TryGetValue(LoggedRoom.RoomOf(eventId), out var first) && LoggedRoom.SeqOf(eventId) >= first;

    private static Dictionary<long, long> FirstsOf(Database database)
    {
        using var rows = database.Prepare("SELECT id, first FROM rooms");
        var firsts = new Dictionary<long, long>();
        while (rows.Step())
            firsts.Add(rows.Number(0), rows.Number(1));
        return firsts;
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
}
