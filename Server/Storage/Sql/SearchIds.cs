using System.Data.Common;
using Dapper;

namespace RawSocketChat.Server.Storage.Sql;

/// <summary>
/// Assigns the ids of messages in the search index (<see cref="SearchCursor"/>). An imported message gets an id for its own time, so the id
/// may lie between the ids of other messages. Used by one thread at a time, inside a transaction.
/// </summary>
/// <param name="share">This server uses only ids for which <c>id % shares == share</c>.</param>
/// <param name="shares">The number of shares, a divisor of <see cref="SearchCursor.PerMillisecond"/>. 1 on a single server, which uses all ids.</param>
internal sealed class SearchIds(DbConnection connection, int share = 0, int shares = 1) : IDisposable
{
    private readonly Statement _newestFrom = new(
        connection, $"SELECT MAX(search_id) FROM events WHERE search_id >= @p1 AND search_id < @p2{(shares > 1 ? $" AND search_id % {shares} = {share}" : "")}", 2);

    private long _last = long.MinValue;
    private long? _max;

    /// <summary>Returns an id that no message has: the first id of a time, or an id soon after it.</summary>
    public long Next(DateTimeOffset at)
    {
        _max ??= connection.ExecuteScalar<long?>("SELECT MAX(search_id) FROM events WHERE search_id IS NOT NULL") ?? long.MinValue;
        var id = SearchCursor.Get(at) + share;

        // The messages of one commit have the same time. There may be more messages than ids of a millisecond, so continue after the last id.
        if (_last >= id && _last - id <= 1000 * SearchCursor.PerMillisecond)
            id = _last + shares;
        // All ids above _max are free, so only an id up to _max needs a query.
        while (id <= _max && FindNewest(id) is { } taken)
            id = taken + shares;
        _last = id;
        _max = Math.Max(_max.Value, id);
        return id;
    }

    public void Dispose() => _newestFrom.Dispose();

    // Returns the greatest id in use among an id and the next 255 ids; null if all of them are free.
    private long? FindNewest(long id)
    {
        using var row = _newestFrom.Query(id, id + SearchCursor.PerMillisecond);
        return row.Read() && !row.IsDBNull(0) ? row.GetInt64(0) : null;
    }
}
