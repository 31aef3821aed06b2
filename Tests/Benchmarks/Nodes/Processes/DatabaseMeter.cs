using System.Diagnostics;
using System.Globalization;
using Npgsql;
using RawSocketChat.Tests.Benchmarks.Peers.Load;

namespace RawSocketChat.Tests.Benchmarks.Nodes.Processes;

/// <summary>Reads what PostgreSQL has done so far: processor time by kind of session, commits, announcements and bytes.</summary>
internal sealed class DatabaseMeter : IAsyncDisposable
{
    // The class of the advisory locks that show that a server is alive (PostgresDatabase). The session that commits holds this lock.
    private const int NodeLockClass = 0x5253436E;

    private readonly PostgresCluster _cluster;
    private readonly NpgsqlConnection _connection;

    private DatabaseMeter(PostgresCluster cluster, NpgsqlConnection connection) => (_cluster, _connection) = (cluster, connection);

    public static async Task<DatabaseMeter> CreateAsync(PostgresCluster cluster, string database, CancellationToken cancel)
    {
        var meter = new DatabaseMeter(cluster, await PostgresCluster.OpenAsync(database, cancel));
        if (cluster.HasStatements)
            await meter.ReadNumbersAsync("CREATE EXTENSION IF NOT EXISTS pg_stat_statements; SELECT 0::bigint", 1, cancel);
        return meter;
    }

    public async Task<DatabaseReading> ReadAsync(CancellationToken cancel)
    {
        var totals = await ReadNumbersAsync("SELECT COALESCE(SUM(commits), 0)::bigint, pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint FROM writer", 2, cancel);
        // A server sends one statement for all announcements that wait.
        var notices = _cluster.HasStatements
            ? await ReadNumbersAsync("SELECT COALESCE(SUM(calls), 0)::bigint, COALESCE(SUM(rows), 0)::bigint FROM pg_stat_statements WHERE query LIKE 'SELECT pg_notify(%'", 2, cancel)
            : null;
        var pages = _cluster.HasStatements
            ? await ReadNumbersAsync("SELECT COALESCE(SUM(calls), 0)::bigint FROM pg_stat_statements WHERE query LIKE '%e.seq > $2 ORDER BY e.seq LIMIT $3'", 1, cancel)
            : null;
        var kinds = await ReadKindsAsync(cancel);
        var own = _connection.ProcessID;
        var sessions = CpuTime.GetProcessTree(_cluster.Id).Where(id => id != own)
            .ToDictionary(id => id, id => (kinds.GetValueOrDefault(id), CpuTime.ForProcess(id).Total / 1e6));
        return new DatabaseReading(sessions, totals[0], totals[1], notices?[0], notices?[1], pages?[0], await ReadSocketBytesAsync(cancel));
    }

    public async ValueTask DisposeAsync() => await _connection.DisposeAsync();

    // The last statement of a session shows what the session does: the server uses one connection to send announcements, one to receive them, and
    // some to read.
    private async Task<Dictionary<int, SessionKind>> ReadKindsAsync(CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(
            $"""
            SELECT pid, CASE
                WHEN backend_type <> 'client backend' THEN {(int)SessionKind.Background}
                WHEN EXISTS (SELECT FROM pg_locks l WHERE l.pid = a.pid AND l.locktype = 'advisory' AND l.classid = {NodeLockClass} AND l.granted) THEN {(int)SessionKind.Commits}
                WHEN query LIKE '%pg_notify%' OR query LIKE '%presence%' OR query LIKE 'LISTEN%' OR query LIKE '%pg_locks%' OR query LIKE '%advisory%' THEN {(int)SessionKind.Announcements}
                ELSE {(int)SessionKind.Reads} END
            FROM pg_stat_activity a WHERE pid <> pg_backend_pid()
            """,
            _connection);
        var kinds = new Dictionary<int, SessionKind>();
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
            kinds[reader.GetInt32(0)] = (SessionKind)reader.GetInt32(1);
        return kinds;
    }

    private async Task<long[]> ReadNumbersAsync(string sql, int count, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(sql, _connection);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        await reader.ReadAsync(cancel);
        return [.. Enumerable.Range(0, count).Select(reader.GetInt64)];
    }

    // Sums the bytes that PostgreSQL has sent and received on its open TCP connections. Needs the program ss (iproute2); returns null without it.
    private async Task<long?> ReadSocketBytesAsync(CancellationToken cancel)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo("ss", ["-tinH", $"sport = :{_cluster.Port}"]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            var words = (await process.StandardOutput.ReadToEndAsync(cancel)).Split([' ', '\n', '\t'], StringSplitOptions.RemoveEmptyEntries);
            await process.WaitForExitAsync(cancel);
            return words.Where(word => word.StartsWith("bytes_sent:", StringComparison.Ordinal) || word.StartsWith("bytes_received:", StringComparison.Ordinal))
                .Sum(word => long.Parse(word[(word.IndexOf(':', StringComparison.Ordinal) + 1)..], CultureInfo.InvariantCulture));
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }
}

/// <summary>What a process of PostgreSQL does.</summary>
internal enum SessionKind
{
    /// <summary>A process without a client: the writers of the log and of the data, autovacuum, the first process.</summary>
    Background,

    /// <summary>The session of a server that stores messages.</summary>
    Commits,

    /// <summary>A session of a server that reads, mostly messages of other servers.</summary>
    Reads,

    /// <summary>A session of a server that sends or receives announcements (NOTIFY), or writes who is in a room.</summary>
    Announcements,
}

/// <summary>Totals of PostgreSQL at one moment.</summary>
/// <param name="Sessions">The kind and the processor seconds of each process.</param>
/// <param name="Commits">The commits of all servers.</param>
/// <param name="WalBytes">The position in the write-ahead log, in bytes.</param>
/// <param name="NotifyStatements">The statements with NOTIFY; null if PostgreSQL does not count them.</param>
/// <param name="Notices">The payloads of these statements. A payload announces several rooms.</param>
/// <param name="Pages">The statements that read the new messages of a room.</param>
/// <param name="SocketBytes">The bytes that PostgreSQL has sent and received; null if they are not known.</param>
internal sealed record DatabaseReading(
    IReadOnlyDictionary<int, (SessionKind Kind, double Cpu)> Sessions, long Commits, long WalBytes, long? NotifyStatements, long? Notices, long? Pages, long? SocketBytes)
{
    /// <summary>The processor seconds of a kind of session between an earlier reading and this one. Processes that have ended do not count.</summary>
    public double GetCpu(SessionKind kind, DatabaseReading earlier) => Sessions.Where(session => session.Value.Kind == kind)
        .Sum(session => session.Value.Cpu - (earlier.Sessions.TryGetValue(session.Key, out var before) ? before.Cpu : 0));
}
