using System.Data.Common;
using Microsoft.Data.Sqlite;
using RawSocketChat.Server.Storage.Sql;
using SQLitePCL;

namespace RawSocketChat.Server.Storage.Sqlite;

/// <summary>
/// The connection that searches. Searches have their own connection and run one after another, so that a slow search takes no connection from
/// the reads of pages. A search that takes too long is interrupted.
/// </summary>
internal sealed class SearchReader(string file, TimeProvider time) : IDisposable
{
    // A search of a million messages takes a few milliseconds. A search for words that are frequent but never occur together may take longer.
    private static readonly TimeSpan MaxTime = TimeSpan.FromMilliseconds(250);

    // The maximum time for which a search waits for the searches of other users.
    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(2);

    private readonly SemaphoreSlim _gate = new(1);
    private Prepared? _prepared;
    private bool _isDisposed;

    /// <summary>Finds messages. The same connection also reads the rooms and the reactions of the messages.</summary>
    /// <param name="expression">The FTS5 expression.</param>
    /// <param name="after">The lowest cursor that a message may have.</param>
    /// <param name="before">The cursor below which to search.</param>
    /// <param name="limit">The maximum number of messages.</param>
    /// <param name="isHidden">Returns whether an event is trimmed. The arguments are the room's key and the event's seq.</param>
    /// <exception cref="SqliteException">The index cannot be read.</exception>
    public async ValueTask<SearchPage> SearchAsync(string expression, long after, long before, int limit, Func<string, long, bool> isHidden, CancellationToken cancellationToken)
    {
        if (!await _gate.WaitAsync(MaxWait, cancellationToken))
            return new SearchPage([], HasMore: true, IsTimedOut: true);
        try
        {
            return await Task.Run(() => Search(expression, after, before, limit, isHidden), CancellationToken.None);
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
        _prepared?.Dispose();
        _prepared = null;
        _gate.Release();
    }

    private SearchPage Search(string expression, long after, long before, int limit, Func<string, long, bool> isHidden)
    {
        if (_isDisposed)
            throw new StorageException("the server is stopping");
        // The first search opens the connection, because on many servers nobody searches.
        _prepared ??= new Prepared(SqliteDatabase.OpenForReading(file));
        var connection = _prepared.Connection;
        var found = new List<(string Room, long Id, RoomEvent Event, long Cursor)>();
        var (hasMore, isTimedOut) = (false, false);
        using (new InterruptTimer(connection, time))
        {
            try
            {
                using var rows = _prepared.Find.Query(expression, before, after);
                while (!hasMore && rows.Read())
                {
                    var (id, name, key, cursor) = (rows.GetInt64(EventRow.ColumnCount), rows.GetString(EventRow.ColumnCount + 1), rows.GetString(EventRow.ColumnCount + 2), rows.GetInt64(EventRow.ColumnCount + 3));
                    var message = EventRow.Read(rows);
                    if (isHidden(key, message.Seq))
                        continue;
                    if (found.Count == limit)
                        hasMore = true;
                    else
                        found.Add((name, id, message, cursor));
                }
            }
            catch (SqliteException fault) when (fault.SqliteErrorCode == raw.SQLITE_INTERRUPT)
            {
                (hasMore, isTimedOut) = (true, true);
            }
        }

        return new SearchPage([.. found.Select(entry => new FoundMessage(entry.Room, AddReactions(entry.Id, entry.Event), entry.Cursor))], hasMore, isTimedOut);
    }

    private RoomEvent AddReactions(long room, RoomEvent message)
    {
        List<RoomEvent> page = [message];
        ReactionRows.AddTo(page, _prepared!.Reactions, room);
        return page[0];
    }

    private sealed class Prepared(SqliteConnection connection) : IDisposable
    {
        public SqliteConnection Connection => connection;

        // CROSS JOIN makes SQLite read the index first, beginning with the newest message. So the search stops when the page is full.
        public Statement Find { get; } = new(
            connection,
            $"""
            SELECT {EventRow.MessageColumns}, r.id, r.name, r.name_key, s.rowid
            FROM search s CROSS JOIN events e ON e.search_id = s.rowid CROSS JOIN rooms r ON r.id = e.room
            WHERE s.search MATCH @p1 AND s.rowid < @p2 AND s.rowid >= @p3 AND NOT r.{SqlRoomCatalog.IsRemoved}
            ORDER BY s.rowid DESC
            """,
            3);

        public Statement Reactions { get; } = ReactionRows.CreateQuery(connection);

        public void Dispose()
        {
            Find.Dispose();
            Reactions.Dispose();
            connection.Dispose();
        }
    }

    // Interrupts the running statement of a connection, once, when the maximum time is over.
    private sealed class InterruptTimer : IDisposable
    {
        private readonly Lock _gate = new();
        private readonly ITimer _timer;
        private SqliteConnection? _connection;

        public InterruptTimer(SqliteConnection connection, TimeProvider time)
        {
            _connection = connection;
            _timer = time.CreateTimer(_ => Interrupt(), null, MaxTime, Timeout.InfiniteTimeSpan);
        }

        // After this call, no later statement of the connection is interrupted.
        public void Dispose()
        {
            _timer.Dispose();
            lock (_gate)
                _connection = null;
        }

        private void Interrupt()
        {
            lock (_gate)
            {
                if (_connection is not null)
                    raw.sqlite3_interrupt(_connection.Handle!);
            }
        }
    }
}
