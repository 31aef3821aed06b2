using System.Data.Common;
using Dapper;

namespace RawSocketChat.Server.Storage.Sql.Maintenance;

/// <summary>Reads one room's whole log in one snapshot. A server may write to the database at the same time.</summary>
public sealed class RoomReading : IDisposable
{
    private readonly DatabaseSnapshot _snapshot;
    private readonly long _id;
    private readonly CancellationToken _cancel;

    private RoomReading(DatabaseSnapshot snapshot, long id, StoredRoom room, RoomLogState state, CancellationToken cancel)
    {
        _snapshot = snapshot;
        _id = id;
        Room = room;
        State = state;
        _cancel = cancel;
    }

    public StoredRoom Room { get; }

    public RoomLogState State { get; }

    /// <summary>Opens the log of a room. The letter case of the name does not matter.</summary>
    /// <param name="names">The names of all rooms, if the result is null.</param>
    /// <returns>Null if there is no such room.</returns>
    /// <exception cref="StorageException">The database cannot be read.</exception>
    public static RoomReading? Open(ChatDatabase database, string name, out IReadOnlyList<string> names, CancellationToken cancel)
    {
        var snapshot = database.OpenSnapshot(cancel);
        try
        {
            names = [];
            if (snapshot.Read(connection => SqlRoomCatalog.FindRoom(connection, name)) is { } room
                && snapshot.Read(connection => LoggedRoom.Find(connection, RoomCache.GetKey(name))) is { } log)
                return new RoomReading(snapshot, log.Id, room, log.State, cancel);

            names = snapshot.Read(connection => connection.Query<string>("SELECT name FROM rooms ORDER BY id").AsList());
            snapshot.Dispose();
            return null;
        }
        catch
        {
            snapshot.Dispose();
            throw;
        }
    }

    /// <summary>Reads the events, oldest first, one at a time.</summary>
    /// <exception cref="StorageException">An event is missing or damaged.</exception>
    public IEnumerable<RoomEvent> ReadEvents()
    {
        // The table of client ids has no index by event, so one pass over this table collects the ids of the room.
        _snapshot.Read(connection => connection.Execute(
            """
            CREATE TEMP TABLE room_ids (seq BIGINT PRIMARY KEY, client_id TEXT NOT NULL);
            INSERT INTO room_ids SELECT seq, client_id FROM client_ids WHERE room = @id ORDER BY seq ON CONFLICT DO NOTHING;
            """,
            new { id = _id }));
        using var command = new Statement(
            _snapshot.Connection, $"SELECT {EventRow.Columns}, (SELECT client_id FROM room_ids i WHERE i.seq = e.seq) FROM {EventRow.Source} WHERE e.room = @p1 AND e.seq >= @p2 ORDER BY e.seq", 2);
        using var rows = _snapshot.Read(_ => command.Query(_id, State.First));
        var next = State.First;
        while (_snapshot.Read(_ => rows.Read()))
        {
            _cancel.ThrowIfCancellationRequested();
            if (rows.GetInt64(0) != next)
                throw CreateDamage(next);
            yield return Read(rows, next++);
        }

        if (next != State.Last + 1)
            throw CreateDamage(next);
    }

    public void Dispose() => _snapshot.Dispose();

    private RoomEvent Read(DbDataReader row, long seq)
    {
        try
        {
            return _snapshot.Read(_ => EventRow.Read(row, row.IsDBNull(EventRow.ColumnCount) ? null : row.GetString(EventRow.ColumnCount)));
        }
        catch (StorageException)
        {
            throw CreateDamage(seq);
        }
    }

    private StorageException CreateDamage(long seq) =>
        new($"event {seq} of \"{Room.Name}\" is missing or cannot be read; run the \"check\" command for details") { IsDamage = true };
}
