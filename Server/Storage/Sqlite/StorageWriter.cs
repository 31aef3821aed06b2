namespace RawSocketChat.Server.Storage.Sqlite;

/// <summary>The one connection that writes, with all that is prepared on it. Used by the writer's thread alone.</summary>
internal sealed class StorageWriter : IDisposable
{
    private readonly Database _database;
    private readonly Statement _begin;
    private readonly Statement _commit;
    private readonly Statement _rollback;

    public StorageWriter(StorageState state, Database database)
    {
        _database = database;
        State = state;
        _begin = database.Prepare("BEGIN IMMEDIATE");
        _commit = database.Prepare("COMMIT");
        _rollback = database.Prepare("ROLLBACK");
        Journal = new Journal(state, database);
        Trimming = new Trimming(state, database);
        Rooms = new RoomTable(state, database);
        Identities = new IdentityTable(database);
    }

    public StorageState State { get; }

    public Journal Journal { get; }

    public Trimming Trimming { get; }

    public RoomTable Rooms { get; }

    public IdentityTable Identities { get; }

    public void Begin() => _begin.Run();

    public void Commit()
    {
        _commit.Run();
        Journal.Keep();
    }

    /// <summary>Undoes the transaction, in the database (which may have done so by itself) and in memory.</summary>
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
        foreach (var part in (IDisposable[])[_begin, _commit, _rollback, Journal, Trimming, Rooms, Identities, _database])
            part.Dispose();
    }
}
