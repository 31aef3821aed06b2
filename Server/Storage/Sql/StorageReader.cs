using System.Data.Common;

namespace RawSocketChat.Server.Storage.Sql;

/// <summary>A connection that reads, with the prepared statements for pages of events. Used by one thread at a time.</summary>
internal sealed class StorageReader(DbConnection connection) : IDisposable
{
    private readonly Statement _after = new(connection, $"SELECT {EventRow.Columns} FROM {EventRow.Source} WHERE e.room = @p1 AND e.seq > @p2 ORDER BY e.seq LIMIT @p3", 3);

    private readonly Statement _before = new(
        connection, $"SELECT {EventRow.Columns} FROM {EventRow.Source} WHERE e.room = @p1 AND e.seq < @p2 AND e.seq >= @p3 ORDER BY e.seq DESC LIMIT @p4", 4);

    private readonly Statement _reactions = ReactionRows.CreateQuery(connection);

    public DbConnection Connection => connection;

    /// <summary>Reads the first events above <paramref name="after"/>, oldest first.</summary>
    public IReadOnlyList<RoomEvent> ReadAfter(long room, long after, int max, int maxBytes)
    {
        List<RoomEvent> page;
        using (var rows = _after.Query(room, after, (long)max))
            page = ReadAll(rows).TakePage(max, maxBytes);
        ReactionRows.AddTo(page, _reactions, room);
        return page;
    }

    /// <summary>Reads the newest events from <paramref name="first"/> to below <paramref name="before"/>, oldest first.</summary>
    public IReadOnlyList<RoomEvent> ReadBefore(long room, long before, long first, int max, int maxBytes)
    {
        List<RoomEvent> page;
        using (var rows = _before.Query(room, before, first, (long)max))
            page = ReadAll(rows).TakePage(max, maxBytes);
        page.Reverse();
        ReactionRows.AddTo(page, _reactions, room);
        return page;
    }

    public void Dispose()
    {
        foreach (var part in (IDisposable[])[_after, _before, _reactions, connection])
            part.Dispose();
    }

    private static IEnumerable<RoomEvent> ReadAll(DbDataReader rows)
    {
        while (rows.Read())
            yield return EventRow.Read(rows);
    }
}
