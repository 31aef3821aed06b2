using RawSocketChat.Server.Storage.Sqlite.Ids;

namespace RawSocketChat.Server.Storage.Sqlite;

/// <summary>The one connection that writes, with all that is prepared on it. Used by the writer's thread alone.</summary>
internal sealed class StorageWriter : IDisposable
{
    private readonly Database _database;
    private readonly Statement _begin;
    private readonly Statement _commit;
    private readonly Statement _rollback;
    private readonly Blocks _blocks;

    public StorageWriter(StorageState state, Database database)
    {
        _database = database;
        State = state;
        _begin = database.Prepare("BEGIN IMMEDIATE");
        _commit = database.Prepare("COMMIT");
        _rollback = database.Prepare("ROLLBACK");
        _blocks = new Blocks(database);
        ClientIds = new ClientIds(state.Ids, database, state.IsKept, state.IsStored);
        Journal = new Journal(state, database, ClientIds, _blocks);
        Trimming = new Trimming(state, database, _blocks);
        Rooms = new RoomTable(state, database);
        Identities = new IdentityTable(database);
    }

    public StorageState State { get; }

    /// <summary>The time of the transaction, to the millisecond: of all that is appended in it.</summary>
    public DateTimeOffset Now { get; private set; }

    public ClientIds ClientIds { get; }

    public Journal Journal { get; }

    public Trimming Trimming { get; }

    public RoomTable Rooms { get; }

    public IdentityTable Identities { get; }

    public void Begin(DateTimeOffset now)
    {
        Now = DateTimeOffset.FromUnixTimeMilliseconds(now.ToUnixTimeMilliseconds());
        _begin.Run();
    }

    public void Commit()
    {
        Journal.Seal();
        _commit.Run();
        Journal.Keep();
    }

    /// <summary>Undoes the transaction. The connection is not used again.</summary>
    public void Forget()
    {
        Journal.Forget();
        try
        {
            if (SQLitePCL.raw.sqlite3_get_autocommit(_database.Handle) == 0)
                _rollback.Run();
        }
        catch (StorageException)
        {
            // The connection is given up by whoever called.
        }
    }

    public void Dispose()
    {
        foreach (var part in (IDisposable[])[_begin, _commit, _rollback, Journal, Trimming, ClientIds, _blocks, Rooms, Identities, _database])
            part.Dispose();
    }
}
