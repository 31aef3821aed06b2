using System.Data.Common;
using Dapper;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace RawSocketChat.Server.Storage.Sql;

/// <summary>
/// Removes old data, in small transactions (<see cref="WriteSteps"/>). Once a minute it removes events that are too old (<c>Data:KeepDays</c>)
/// or too many (<c>Data:KeepEvents</c>), and guests who have no session any more. Once an hour it removes client ids after
/// <c>Data:ClientIdDays</c>. Every two seconds, if the database is too large (<c>Data:MaxBytes</c>), it removes the oldest events of the largest
/// rooms.
/// </summary>
public sealed class Retention(IServiceProvider services, IOptions<DataOptions> options, ClockGuard clock, TimeProvider time, INodes nodes, ILogger<Retention> logger) : BackgroundService
{
    // The number of rows that one query reads.
    private const int MaxRows = WriteSteps.MaxRows;

    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    // This interval is short, so that even a flood of messages writes less than 5% of a usual Data:MaxBytes between two checks.
    private static readonly TimeSpan SizeInterval = TimeSpan.FromSeconds(2);

    // The removal reads all client ids, so it does not run every minute.
    private static readonly TimeSpan ClientIdInterval = TimeSpan.FromHours(1);

    /// <summary>Removes the events that are too old or too many.</summary>
    /// <param name="storage">The storage.</param>
    /// <param name="logger">Receives errors of single rooms.</param>
    /// <param name="cancellationToken">Cancels the work.</param>
    /// <param name="isClockTrusted">Whether the clock is right; if it is not, no event counts as too old.</param>
    public static async Task TrimEventsAsync(SqlStorage storage, ILogger logger, CancellationToken cancellationToken, bool isClockTrusted = true)
    {
        var data = storage.Options;
        if (data is { KeepDays: 0, KeepEvents: 0 })
            return;
        var cutoff = data.KeepDays > 0 && isClockTrusted ? (storage.Time.GetUtcNow() - TimeSpan.FromDays(data.KeepDays)).ToUnixTimeMilliseconds() : 0;
        for (var last = 0L; ;)
        {
            var rooms = await storage.ReadAsync("the rooms", reader => FindRooms(reader.Connection, last, cutoff, data.KeepEvents), cancellationToken);
            foreach (var room in rooms.Where(room => room.KeepFrom > room.FirstSeq))
                await TrimAsync(storage, room, logger, cancellationToken);
            if (rooms.Count < MaxRows)
                return;
            last = rooms[^1].Id;
        }
    }

    /// <summary>
    /// If the database has reached 95% of <c>Data:MaxBytes</c>, removes the oldest events of the largest rooms until the size is at most
    /// 90%.
    /// </summary>
    public static async Task TrimToMaxBytesAsync(SqlStorage storage, ILogger logger, CancellationToken cancellationToken)
    {
        var max = storage.Options.MaxBytes;
        if (max == 0 || await storage.GetUsedBytesAsync(cancellationToken) is var used && used < max / 100 * 95)
            return;
        Log.TrimsToMaxBytes(logger, used, max);
        var rooms = new PriorityQueue<TrimmableRoom, long>();
        foreach (var room in await storage.ReadAsync("the rooms", reader => ReadRoomSizes(reader.Connection), cancellationToken))
            rooms.Enqueue(room, -room.EventCount);
        // Each room keeps its newest event.
        while (used > max / 10 * 9 && rooms.TryDequeue(out var largest, out _) && largest.EventCount > 1)
        {
            // Remove about one megabyte of events at a time.
            var count = Math.Min(4 * MaxRows, largest.EventCount - 1);
            var trimmed = largest with { KeepFrom = largest.KeepFrom + count, EventCount = largest.EventCount - count };
            await TrimAsync(storage, trimmed, logger, cancellationToken);
            rooms.Enqueue(trimmed, -trimmed.EventCount);
            used = await storage.GetUsedBytesAsync(cancellationToken);
        }
    }

    /// <summary>Removes the client ids that are older than <c>Data:ClientIdDays</c>.</summary>
    public static async Task RemoveClientIdsAsync(SqlStorage storage, CancellationToken cancellationToken)
    {
        var before = (storage.Time.GetUtcNow() - TimeSpan.FromDays(storage.Options.ClientIdDays)).ToUnixTimeMilliseconds();
        var steps = new WriteSteps(storage);
        for (var last = new ClientIdRow("", "", 0); ;)
        {
            var rows = await storage.ReadAsync("the client ids", reader => ReadClientIds(reader.Connection, last), cancellationToken);
            var expired = rows.FindAll(row => row.At < before);
            await RemoveAsync(steps, "DELETE FROM client_ids WHERE author = @Author AND client_id = @ClientId AND at = @At", expired, cancellationToken);
            if (rows.Count < MaxRows)
                return;
            last = rows[^1];
        }
    }

    /// <summary>Removes the users who have neither a session nor an account, with their memberships and read marks.</summary>
    public static async Task RemoveForgottenUsersAsync(SqlStorage storage, CancellationToken cancellationToken)
    {
        var steps = new WriteSteps(storage);
        for (var last = ""; ;)
        {
            // Use a reader to find these users: most guests have a session and stay, so the writer would read many rows to delete a few. The
            // deletion checks for a session again, because a guest may have returned meanwhile.
            var guests = await storage.ReadAsync("the guests", reader => ReadGuests(reader.Connection, last), cancellationToken);
            await RemoveAsync(
                steps,
                "DELETE FROM users WHERE id = @Id AND password_hash IS NULL AND NOT EXISTS (SELECT 1 FROM sessions WHERE \"user\" = @Id)",
                guests.FindAll(guest => !guest.HasSession),
                cancellationToken);
            if (guests.Count < MaxRows)
                return;
            last = guests[^1].Id;
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Value.Durability == Durability.None)
            return;
        var storage = services.GetRequiredService<SqlStorage>();
        await Task.WhenAll(RemoveOldDataAsync(storage, stoppingToken), LimitSizeAsync(storage, stoppingToken));
    }

    private async Task LimitSizeAsync(SqlStorage storage, CancellationToken stoppingToken)
    {
        if (options.Value.MaxBytes == 0)
            return;
        using var timer = new PeriodicTimer(SizeInterval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                await TryAsync("events beyond Data:MaxBytes", TrimToMaxBytesAsync(storage, logger, stoppingToken));
        }
        catch (OperationCanceledException)
        {
            // The host is stopping.
        }
    }

    // Whether the clock is right. Returns false if the newest event cannot be read, because the server compares the clock with this event.
    private async Task<bool> IsClockTrustedAsync(SqlStorage storage, CancellationToken stoppingToken)
    {
        try
        {
            if (!clock.IsCompared)
                clock.CompareWith(await storage.ReadAsync("the newest events", reader => SqlRoomCatalog.FindNewestTime(reader.Connection), stoppingToken));
            return clock.IsTrusted();
        }
        catch (StorageException)
        {
            // The storage has logged the reason.
            return false;
        }
    }

    private async Task RemoveOldDataAsync(SqlStorage storage, CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        var clientIdsRemoved = time.GetTimestamp() - (long)(ClientIdInterval.TotalSeconds * time.TimestampFrequency);
        try
        {
            do
            {
                // With several servers, only the leader removes old data.
                if (!nodes.IsLeader)
                    continue;
                var isClockTrusted = await IsClockTrustedAsync(storage, stoppingToken);
                await TryAsync("old events", TrimEventsAsync(storage, logger, stoppingToken, isClockTrusted));
                if (isClockTrusted)
                    await TryAsync("guests without a session", RemoveForgottenUsersAsync(storage, stoppingToken));
                if (isClockTrusted && time.GetElapsedTime(clientIdsRemoved) >= ClientIdInterval && await TryAsync("old client ids", RemoveClientIdsAsync(storage, stoppingToken)))
                    clientIdsRemoved = time.GetTimestamp();
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException)
        {
            // The host is stopping.
        }
    }

    private static async Task TrimAsync(SqlStorage storage, TrimmableRoom room, ILogger logger, CancellationToken cancellationToken)
    {
        try
        {
            storage.Rooms.FindOpen(room.Key)?.TrimTo(room.KeepFrom);
            var steps = new WriteSteps(storage);
            while (await steps.ExecuteAsync((writer, rows) => DeleteEvents(writer.Connection, room, rows), cancellationToken) < room.KeepFrom)
            {
            }

            storage.AnnounceFilesRemoved();
        }
        catch (StorageException fault) when (fault.IsDamage)
        {
            // Continue with the next room: damage in one room must not prevent the trim of other rooms.
            Log.TrimFailed(logger, fault, room.Key);
        }
    }

    private async Task<bool> TryAsync(string what, Task removing)
    {
        try
        {
            await removing;
            return true;
        }
        catch (StorageException fault)
        {
            Log.NotRemoved(logger, fault, what);
            return false;
        }
#pragma warning disable CA1031 // an exception of a background service would stop the server; the next interval retries instead
        catch (Exception fault) when (fault is not OperationCanceledException)
#pragma warning restore CA1031
        {
            Log.RemovalFailed(logger, fault, what);
            return false;
        }
    }

    // Returns the next rooms after an id, and the oldest seq that each of them should keep. A limit of 0 is no limit.
    private static List<TrimmableRoom> FindRooms(DbConnection connection, long afterId, long cutoff, int keep) => connection.Query<TrimmableRoom>(
        """
        SELECT id, name_key AS key, first_seq AS firstSeq, GREATEST(
            CASE WHEN @keep > 0 THEN COALESCE((SELECT MAX(seq) FROM events WHERE room = r.id), 0) - @keep + 1 ELSE 0 END,
            CASE WHEN @cutoff > 0 THEN COALESCE(
                (SELECT seq FROM events WHERE room = r.id AND at >= @cutoff ORDER BY seq LIMIT 1), (SELECT MAX(seq) + 1 FROM events WHERE room = r.id), 0) ELSE 0 END) AS keepFrom
        FROM rooms r WHERE id > @afterId ORDER BY id LIMIT @MaxRows
        """,
        new { afterId, cutoff, keep, MaxRows }).AsList();

    private static List<TrimmableRoom> ReadRoomSizes(DbConnection connection) => connection.Query<TrimmableRoom>(
        """
        SELECT id, name_key AS key, first_seq AS keepFrom,
            COALESCE((SELECT MAX(seq) FROM events WHERE room = r.id) - first_seq + 1, 0) AS eventCount
        FROM rooms r
        """).AsList();

    // Executes the statement once for each row, in steps.
    private static async Task RemoveAsync<T>(WriteSteps steps, string sql, List<T> rows, CancellationToken cancellationToken)
    {
        for (var done = 0; done < rows.Count;)
        {
            var next = rows.GetRange(done, Math.Min(steps.Rows, rows.Count - done));
            await steps.ExecuteAsync((writer, _) => writer.Connection.Execute(sql, next), cancellationToken);
            done += next.Count;
        }
    }

    private static List<GuestRow> ReadGuests(DbConnection connection, string after) => connection.Query<GuestRow>(
        """
        SELECT id, EXISTS (SELECT 1 FROM sessions s WHERE s.user = u.id) AS hasSession
        FROM users u WHERE password_hash IS NULL AND id > @after ORDER BY id LIMIT @MaxRows
        """,
        new { after, MaxRows }).AsList();

    // Deletes the oldest events before room.KeepFrom, at most `max`. Returns the oldest seq that is left.
    private static long DeleteEvents(DbConnection connection, TrimmableRoom room, int max)
    {
        var first = connection.ExecuteScalar<long>("SELECT first_seq FROM rooms WHERE id = @Id", room);
        var next = Math.Min(room.KeepFrom, first + max);
        if (next > first)
            connection.Execute("DELETE FROM events WHERE room = @Id AND seq < @next; UPDATE rooms SET first_seq = @next WHERE id = @Id;", new { room.Id, next });
        return Math.Max(first, next);
    }

    private static List<ClientIdRow> ReadClientIds(DbConnection connection, ClientIdRow after) => connection.Query<ClientIdRow>(
        """
        SELECT author, client_id AS clientId, at FROM client_ids
        WHERE (author, client_id) > (@Author, @ClientId) ORDER BY author, client_id LIMIT @MaxRows
        """,
        new { after.Author, after.ClientId, MaxRows }).AsList();

    private sealed record ClientIdRow(string Author, string ClientId, long At);

    // Dapper fills constructor parameters only if the types match, and the driver does not know the type of a computed column. So use properties.
    private sealed record GuestRow
    {
        public required string Id { get; init; }

        public bool HasSession { get; init; }
    }

    private sealed record TrimmableRoom
    {
        public long Id { get; init; }

        public required string Key { get; init; }

        public long FirstSeq { get; init; }

        public long KeepFrom { get; init; }

        /// <summary>The number of events from <see cref="KeepFrom"/> on.</summary>
        public long EventCount { get; init; }
    }
}
