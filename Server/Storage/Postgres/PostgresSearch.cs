using Npgsql;
using RawSocketChat.Server.Storage.Sql;

namespace RawSocketChat.Server.Storage.Postgres;

/// <summary>
/// The connection that searches. Searches have their own connection and run one after another, so that a slow search takes no connection from the
/// reads of pages. The database ends a search that takes too long.
/// </summary>
internal sealed class PostgresSearch(PostgresDatabase database) : IDisposable
{
    // The database ends a search after this time. Only a search for frequent words that never occur together may need more time.
    private static readonly TimeSpan MaxTime = TimeSpan.FromMilliseconds(500);

    // The maximum time for which a search waits for the searches of other users.
    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(2);

    private const string Find = $"""
        SELECT {EventRow.MessageColumns}, r.id, r.name, r.name_key, e.search_id FROM events e JOIN rooms r ON r.id = e.room
        WHERE e.words @@ $1::tsquery AND e.search_id < $2 AND e.search_id >= $7 AND NOT r.{SqlRoomCatalog.IsRemoved}
            AND (r.id = ANY($3) OR ($5 AND r.is_private = 0 AND r.id <> ALL($4)))
        ORDER BY e.search_id DESC LIMIT $6
        """;

    private readonly SemaphoreSlim _gate = new(1);
    private NpgsqlConnection? _connection;
    private bool _isDisposed;

    /// <inheritdoc cref="SqlStorage.SearchAsync"/>
    /// <param name="isHidden">Returns whether an event is trimmed. The arguments are the room's key and the event's seq.</param>
    public async ValueTask<SearchPage> SearchAsync(
        MessageQuery query, IReadOnlyList<long> rooms, IReadOnlyList<long> exceptRooms, Func<string, long, bool> isHidden, CancellationToken cancellationToken)
    {
        if (!await _gate.WaitAsync(MaxWait, cancellationToken))
            return new SearchPage([], HasMore: true, IsTimedOut: true);
        try
        {
            return await Task.Run(() => Search(query, rooms, exceptRooms, isHidden), CancellationToken.None);
        }
        finally
        {
            _gate.Release();
        }
    }

    public void Dispose()
    {
        _gate.Wait();
        _isDisposed = true;
        _connection?.Dispose();
        _connection = null;
        _gate.Release();
    }

    private SearchPage Search(MessageQuery query, IReadOnlyList<long> rooms, IReadOnlyList<long> exceptRooms, Func<string, long, bool> isHidden)
    {
        if (_isDisposed)
            throw new StorageException("the server is stopping");
        var found = new List<(string Room, long Id, RoomEvent Event, long Cursor)>();
        try
        {
            // A page may need several queries, because the table still has trimmed messages, which must not be found.
            for (var (before, isComplete) = (query.Before, false); !isComplete;)
            {
                var rows = ReadRows(query, rooms, exceptRooms, before);
                found.AddRange(rows.Where(row => !isHidden(row.Key, row.Event.Seq)).Select(row => (row.Room, row.Id, row.Event, row.Cursor)));
                isComplete = rows.Count <= query.Limit || found.Count > query.Limit;
                before = rows.Count == 0 ? before : rows[^1].Cursor;
            }
        }
        catch (PostgresException fault) when (fault.SqlState == PostgresErrorCodes.QueryCanceled)
        {
            return CreatePage(found, query.Limit, isTimedOut: true);
        }

        return CreatePage(found, query.Limit, isTimedOut: false);
    }

    private SearchPage CreatePage(List<(string Room, long Id, RoomEvent Event, long Cursor)> found, int limit, bool isTimedOut)
    {
        using var reactions = ReactionRows.CreateQuery(_connection!);
        return new SearchPage(
            [.. found.Take(limit).Select(row => new FoundMessage(row.Room, AddReactions(reactions, row.Id, row.Event), row.Cursor))],
            HasMore: isTimedOut || found.Count > limit,
            isTimedOut);
    }

    private static RoomEvent AddReactions(Statement query, long room, RoomEvent message)
    {
        List<RoomEvent> page = [message];
        ReactionRows.AddTo(page, query, room);
        return page[0];
    }

    // Reads one message more than the page may have. Repeats the query once with a new connection if the connection is broken.
    private List<FoundRow> ReadRows(MessageQuery query, IReadOnlyList<long> rooms, IReadOnlyList<long> exceptRooms, long before)
    {
        var isNew = _connection is null;
        _connection ??= database.OpenForSearch(MaxTime);
        try
        {
            using var command = new NpgsqlCommand(Find, _connection);
            foreach (var value in (object[])[SearchVector.CreateExpression(query, rooms), before, rooms.ToArray(), exceptRooms.ToArray(), query.Scope.WithPublicRooms, (long)query.Limit + 1, query.After])
                command.Parameters.Add(new NpgsqlParameter { Value = value });
            using var reader = command.ExecuteReader();
            var found = new List<FoundRow>();
            while (reader.Read())
                found.Add(new FoundRow(reader.GetString(EventRow.ColumnCount + 1), reader.GetString(EventRow.ColumnCount + 2), reader.GetInt64(EventRow.ColumnCount), EventRow.Read(reader), reader.GetInt64(EventRow.ColumnCount + 3)));
            return found;
        }
        catch (Exception fault) when (fault is NpgsqlException or IOException or InvalidOperationException && _connection.State != System.Data.ConnectionState.Open)
        {
            _connection.Dispose();
            _connection = null;
            if (isNew)
                throw;
        }

        return ReadRows(query, rooms, exceptRooms, before);
    }

    private sealed record FoundRow(string Room, string Key, long Id, RoomEvent Event, long Cursor);
}
