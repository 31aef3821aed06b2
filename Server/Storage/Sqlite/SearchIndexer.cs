using System.Data.Common;
using Dapper;
using Microsoft.Extensions.Options;
using RawSocketChat.Server.Storage.Sql;

namespace RawSocketChat.Server.Storage.Sqlite;

/// <summary>
/// Adds new messages to the search index, in groups. To index a message of 20 words takes 60 µs if the message is alone in its commit, and a fifth of
/// this time in a large group. So the server acknowledges a message before it is in the index. The indexer runs every ten seconds, and takes at most
/// an eighth of the writer's time. So during a flood of messages, the newest messages enter the index later.
/// </summary>
public sealed class SearchIndexer(IServiceProvider services, IOptions<DataOptions> options, TimeProvider time) : BackgroundService
{
    // The pause after a step, as a multiple of the time of the step.
    private const int PauseFactor = 7;

    // A search waits at most for this number of steps, which take about 4 ms each.
    private const int MaxStepsOfSearch = 25;

    // The maximum number of characters in the messages of one step. A step with more characters holds the writer for longer than 4 ms. Without this
    // limit, a group of the longest messages would hold the writer for a second.
    private const int MaxCharacters = 8_000;

    // The interval is long, because a run costs about the same for one message as for a hundred. A search does not wait for the next run:
    // it first indexes the new messages itself.
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Adds the messages that are stored but not yet indexed, so that a search finds them. During a flood of messages, some messages may remain
    /// unindexed.
    /// </summary>
    /// <returns>Whether the index has all messages.</returns>
    /// <exception cref="StorageException">The index cannot be written.</exception>
    public static async Task<bool> IndexBeforeSearchAsync(SqlStorage storage, CancellationToken cancellationToken)
    {
        var steps = new WriteSteps(storage);
        var isComplete = !await HasUnindexedAsync(storage, cancellationToken);
        for (var step = 0; step < MaxStepsOfSearch && !isComplete; step++)
            isComplete = await steps.ExecuteAsync((writer, max) => IndexNext(writer.Connection, max), cancellationToken);
        return isComplete;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Value.Durability == Durability.None || options.Value.Postgres is not null)
            return;
        var storage = services.GetRequiredService<SqlStorage>();
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                await IndexAsync(storage, stoppingToken);
        }
        catch (OperationCanceledException)
        {
            // The host is stopping.
        }
    }

    private async Task IndexAsync(SqlStorage storage, CancellationToken stoppingToken)
    {
        try
        {
            var steps = new WriteSteps(storage);
            for (var isComplete = !await HasUnindexedAsync(storage, stoppingToken); !isComplete;)
            {
                isComplete = await steps.ExecuteAsync((writer, max) => IndexNext(writer.Connection, max), stoppingToken);
                await Task.Delay(PauseFactor * steps.Took, time, stoppingToken);
            }
        }
        catch (StorageException)
        {
            // The storage has logged the fault. The messages wait for the next run.
        }
    }

    private static ValueTask<bool> HasUnindexedAsync(SqlStorage storage, CancellationToken cancellationToken) =>
        storage.ReadAsync("the search index", reader => reader.Connection.ExecuteScalar<bool>("SELECT EXISTS (SELECT 1 FROM unindexed)"), cancellationToken);

    /// <summary>
    /// Adds the oldest messages that are not in the index: at most <paramref name="max"/> messages, with at most <see cref="MaxCharacters"/>
    /// characters together, or one message that is longer.
    /// </summary>
    /// <returns>Whether the index has all messages.</returns>
    internal static bool IndexNext(DbConnection connection, int max)
    {
        var ids = new List<long>();
        var (characters, hasMore) = (0L, false);
        foreach (var (id, length) in connection.Query<(long, long)>(
            "SELECT u.search_id, COALESCE(LENGTH(e.text), 0) FROM unindexed u CROSS JOIN events e ON e.search_id = u.search_id ORDER BY u.search_id LIMIT @max", new { max }, buffered: false))
        {
            characters += length;
            hasMore = ids.Count > 0 && characters > MaxCharacters;
            if (hasMore)
                break;
            ids.Add(id);
        }

        if (ids.Count == 0)
            return true;
        connection.Execute(
            """
            INSERT INTO search (rowid, words, filters)
            SELECT e.search_id, search_words(e.text), search_filters(e.room, r.is_private, e.author, e.name, COALESCE(e.body LIKE '%"files":[%', 0))
            FROM unindexed u CROSS JOIN events e ON e.search_id = u.search_id CROSS JOIN rooms r ON r.id = e.room
            WHERE u.search_id <= @last ORDER BY u.search_id;
            DELETE FROM unindexed WHERE search_id <= @last;
            """,
            new { last = ids[^1] });
        return !hasMore && ids.Count < max;
    }
}
