using System.Data.Common;
using Dapper;

namespace RawSocketChat.Server.Storage.Sql;

/// <summary>
/// The state of one room's log. Only the writer's thread appends to the log. Any thread may read the state. With several servers, the state is what
/// this server knows: another server may have appended newer events.
/// </summary>
internal sealed class LoggedRoom(long id, string name, string epoch, long firstSeq, long lastSeq, bool isPrivate)
{
    private readonly Lock _gate = new();
    private long _firstSeq = firstSeq;
    private long _lastSeq = lastSeq;

    public long Id { get; } = id;

    public string Name { get; } = name;

    public string Epoch { get; } = epoch;

    public bool IsPrivate { get; } = isPrivate;

    /// <summary>The oldest seq that can be read. If there is no such event, this number is greater than the last seq.</summary>
    public long FirstSeq => Interlocked.Read(ref _firstSeq);

    /// <summary>The newest seq that is committed.</summary>
    public long LastSeq => Interlocked.Read(ref _lastSeq);

    /// <summary>
    /// The seq of the next event. Inside a transaction, this number includes the events that are not committed yet. Used by the writer's
    /// thread only. With several servers, each transaction reads this number under the lock of the room.
    /// </summary>
    public long NextSeq { get; set; } = lastSeq + 1;

    public RoomLogState State => new(Epoch, FirstSeq, LastSeq);

    /// <summary>Reads the state of a log. Returns null if there is no room with this key (<see cref="RoomCache.GetKey"/>).</summary>
    public static LoggedRoom? Find(DbConnection connection, string key) => connection.QueryFirstOrDefault<Row>(
        """
        SELECT id, name, epoch, first_seq AS firstSeq, COALESCE((SELECT MAX(seq) FROM events WHERE room = rooms.id), first_seq - 1) AS lastSeq,
            is_private AS isPrivate
        FROM rooms WHERE name_key = @key
        """,
        new { key }) is { } row ? new LoggedRoom(row.Id, row.Name, row.Epoch, row.FirstSeq, row.LastSeq, row.IsPrivate != 0) : null;

    /// <summary>Makes the events of a committed transaction visible. Called on the writer's thread.</summary>
    /// <param name="keep">The number of newest events that can be read; 0 for all.</param>
    public void Publish(int keep)
    {
        AdvanceTo(NextSeq - 1);
        if (keep > 0)
            TrimTo(NextSeq - keep);
    }

    /// <summary>Rolls back the seqs of a failed transaction. Called on the writer's thread.</summary>
    public void RollBack() => NextSeq = LastSeq + 1;

    /// <summary>Makes the events up to a seq visible, because they are committed. Thread-safe.</summary>
    public void AdvanceTo(long lastSeq)
    {
        lock (_gate)
            Interlocked.Exchange(ref _lastSeq, Math.Max(_lastSeq, lastSeq));
    }

    /// <summary>Hides the events before a seq. Does nothing if these events are hidden already. Thread-safe.</summary>
    public void TrimTo(long firstSeq)
    {
        lock (_gate)
            Interlocked.Exchange(ref _firstSeq, Math.Max(_firstSeq, firstSeq));
    }

    // Dapper fills constructor parameters only if the types match, and the driver does not know the type of a computed column. So use properties.
    private sealed class Row
    {
        public long Id { get; init; }

        public required string Name { get; init; }

        public required string Epoch { get; init; }

        public long FirstSeq { get; init; }

        public long LastSeq { get; init; }

        public long IsPrivate { get; init; }
    }
}
