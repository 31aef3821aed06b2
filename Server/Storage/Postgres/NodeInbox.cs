using Npgsql;
using RawSocketChat.Server.Storage.Sql;

namespace RawSocketChat.Server.Storage.Postgres;

/// <summary>
/// Receives the announcements of the other servers. Once a second, it also reads which servers are alive, and tries to make this server the leader. So
/// it soon detects a broken connection, and connects again. It also detects that the lock of this server is missing.
/// </summary>
internal sealed class NodeInbox(SqlStorage storage, PostgresDatabase database, int node, ILogger logger)
{
    /// <summary>The channel of the announcements. All servers of a database use the same channel.</summary>
    public const string Channel = "rawsocketchat";

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    // A server counts as dead when its lock has been missing for this time. A server that only loses its connection takes its lock again
    // earlier.
    private static readonly TimeSpan DeathTime = TimeSpan.FromSeconds(4);

    private const int TimeoutSeconds = 5;

    // The timestamp at which this server last saw the lock of each server. Used by the task of this class only.
    private readonly Dictionary<long, long> _seenAt = [];
    private volatile HashSet<long> _live = [];
    private volatile bool _isLeader;
    private volatile bool _isListening;
    private readonly TaskCompletionSource _hasNodes = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isLogged;

    public required Action<NodeNotice> OnNotice { get; init; }

    public required Action OnNodesChanged { get; init; }

    /// <summary>Called when announcements may have been lost.</summary>
    public required Action OnReconnected { get; init; }

    /// <summary>
    /// Called once a second while the lock of this server is missing, because the writer's connection is broken. Without the lock, the other servers
    /// cannot see that this server is alive.
    /// </summary>
    public required Action OnLockMissing { get; init; }

    /// <summary>The numbers of the other servers that are alive.</summary>
    public IReadOnlySet<long> Live => _live;

    public bool IsLeader => _isLeader;

    /// <summary>Whether this server receives the announcements of the others now.</summary>
    public bool IsListening => _isListening;

    /// <summary>Waits until it is known which servers are alive.</summary>
    /// <exception cref="StorageException">The database cannot be reached.</exception>
    public async Task WaitForNodesAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (!_hasNodes.Task.IsCompleted)
                await _hasNodes.Task.WaitAsync(TimeSpan.FromSeconds(TimeoutSeconds), storage.Time, cancellationToken);
        }
        catch (TimeoutException fault)
        {
            throw new StorageException($"{database.Location} cannot be reached", fault) { Setting = nameof(DataOptions.Postgres) };
        }
    }

    public async Task RunAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                // The driver opens a connection synchronously, so it must not do this on the caller's thread.
                await using var connection = await Task.Run(database.OpenForNodes, CancellationToken.None);
                await ListenAsync(connection, stopping);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                break;
            }
            catch (Exception fault) when (fault is NpgsqlException or StorageException or TimeoutException or IOException or InvalidOperationException)
            {
                if (!_isLogged)
                    Log.AnnouncementsBroken(logger, PostgresError.Translate(fault, database.Location).Message);
                _isLogged = true;
            }
            finally
            {
                // The connection held the lock of the leader, so the lock is lost with the connection.
                _isLeader = false;
                _isListening = false;
            }

            try
            {
                await Task.Delay(Interval, storage.Time, stopping);
            }
            catch (OperationCanceledException)
            {
                break;
            }
        }
    }

    private async Task ListenAsync(NpgsqlConnection connection, CancellationToken stopping)
    {
        connection.Notification += (_, received) => Receive(received.Payload);
        await ExecuteAsync(connection, $"LISTEN {Channel}");
        // While this server had no connection, it could not see the locks. After a failover, the other servers need a moment to take their locks again.
        foreach (var other in _seenAt.Keys.ToList())
            _seenAt[other] = storage.Time.GetTimestamp();
        if (_hasNodes.Task.IsCompleted)
            OnReconnected();
        _isListening = true;
        for (long? checkedAt = null; ;)
        {
            if (checkedAt is null || storage.Time.GetElapsedTime(checkedAt.Value) >= Interval)
            {
                await CheckNodesAsync(connection);
                checkedAt = storage.Time.GetTimestamp();
                _isLogged = false;
            }

            await connection.WaitAsync(Interval, stopping);
        }
    }

    private async Task CheckNodesAsync(NpgsqlConnection connection)
    {
        if (!_isLeader)
            _isLeader = await PostgresDatabase.TryLeadAsync(connection).WaitAsync(TimeSpan.FromSeconds(TimeoutSeconds));
        var locks = await PostgresDatabase.ReadLiveNodesAsync(connection).WaitAsync(TimeSpan.FromSeconds(TimeoutSeconds));
        if (!locks.Contains(node))
            OnLockMissing();
        foreach (var locked in locks)
            _seenAt[locked] = storage.Time.GetTimestamp();
        foreach (var dead in _seenAt.Where(seen => storage.Time.GetElapsedTime(seen.Value) > DeathTime).Select(seen => seen.Key).ToList())
            _seenAt.Remove(dead);
        var live = _seenAt.Keys.Where(other => other != node).ToHashSet();
        var isChanged = !live.SetEquals(_live);
        _live = live;
        _hasNodes.TrySetResult();
        if (isChanged)
            OnNodesChanged();
    }

    private void Receive(string payload)
    {
        try
        {
            foreach (var notice in NodeMessage.Read(payload, node))
                OnNotice(notice);
        }
#pragma warning disable CA1031 // a handler's error must not end the connection
        catch (Exception fault)
#pragma warning restore CA1031
        {
            Log.NoticeFailed(logger, fault);
        }
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = TimeoutSeconds };
        await command.ExecuteNonQueryAsync();
    }
}
