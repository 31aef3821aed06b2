using System.Data.Common;

namespace RawSocketChat.Server.Storage.Sql;

/// <summary>A connection that reads, with the prepared statements for pages of events. Used by one thread at a time.</summary>
internal sealed class StorageReader(DbConnection connection) : IDisposable
{
    private readonly Statement _after = new(connection, $"SELECT {EventRow.Columns} FROM events WHERE room = @p1 AND seq > @p2 ORDER BY seq LIMIT @p3", 3);

    private readonly Statement _before = new(
        connection, $"SELECT {EventRow.Columns} FROM events WHERE room = @p1 AND seq < @p2 AND seq >= @p3 ORDER BY seq DESC LIMIT @p4", 4);

    public DbConnection Connection => connection;

    /// <summary>Reads the first events above <paramref name="after"/>, oldest first.</summary>
    public IReadOnlyList<RoomEvent> ReadAfter(long room, long after, int max, int maxBytes)
    {
        using var rows = _after.Query(room, after, (long)max);
        return ReadAll(rows).TakePage(max, maxBytes);
    }

    /// <summary>Reads the newest events from <paramref name="first"/> to below <paramref name="before"/>, oldest first.</summary>
    public IReadOnlyList<RoomEvent> ReadBefore(long room, long before, long first, int max, int maxBytes)
    {
        using var rows = _before.Query(room, before, first, (long)max);
        var page = ReadAll(rows).TakePage(max, maxBytes);
        page.Reverse();
        return page;
    }

    public void Dispose()
    {
        foreach (var part in (IDisposable[])[_after, _before, connection])
            part.Dispose();
    }

    private static IEnumerable<RoomEvent> ReadAll(DbDataReader rows)
    {
        while (rows.Read())
            yield return EventRow.Read(rows);
    }
}
