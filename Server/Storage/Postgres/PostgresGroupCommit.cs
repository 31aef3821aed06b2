using System.Security.Cryptography;
using Dapper;
using Npgsql;
using RawSocketChat.Server.Storage.Sql;

namespace RawSocketChat.Server.Storage.Postgres;

/// <summary>
/// The writer of a PostgreSQL database. Its connection has two advisory locks. The lock of the database (<see cref="PostgresDatabase.TryLock"/>) keeps
/// out all other servers. With <see cref="DataOptions.Nodes"/>, it keeps out only the servers that do not have this setting. The lock of the server's
/// number (<see cref="Node"/>) shows that this server is alive, and that no earlier connection of this server can still commit. If the connection breaks
/// during a commit, the writer does not know whether the commit is stored. Then it connects again, takes the locks, and reads the number of its last
/// commit from the table <c>writer</c>. If the transaction is stored, the writer acknowledges it. Otherwise the writer repeats it.
/// </summary>
internal sealed class PostgresGroupCommit : GroupCommit, IDisposable
{
    // The maximum time for which the writer waits for a lock. A killed server, or the writer's own broken connection, has the lock until the
    // database ends its session.
    private static readonly TimeSpan LockTimeout = TimeSpan.FromSeconds(5);

    // The maximum time for which the senders wait for a transaction with an unknown outcome. After this time they get an error. The events of the
    // transaction may be stored nevertheless. A single server then removes them when it can reach the database again. With several servers the events
    // stay, because other servers may have shown them.
    private static readonly TimeSpan ResolveTimeout = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan MinDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan MaxDelay = TimeSpan.FromSeconds(2);

    // The maximum number of attempts for a transaction that conflicts with a transaction of another server.
    private const int MaxAttempts = 5;

    // The row of a server in the table "writer" is removed this long after the server has ended. The time is long, because a server that is only cut off
    // from the database still needs its row.
    private static readonly TimeSpan RowLifetime = TimeSpan.FromDays(7);

    private readonly PostgresStorage _storage;
    private readonly PostgresDatabase _database;
    private readonly ILogger _logger;
    private readonly ManualResetEventSlim _stopping = new();

    // The rooms of transactions that failed with an unknown outcome. Connect removes the events of these transactions, if they are stored.
    private readonly HashSet<LoggedRoom> _failedRooms = [];

    // Null while there is no connection.
    private NpgsqlConnection? _connection;
    private StorageWriter? _writer;
    private EventBatch _rows = null!;

    // The number of the last commit that was acknowledged.
    private long _commits;

    // Whether the COMMIT of the current transaction is sent. From then on, the transaction may be stored even if the connection breaks.
    private bool _isCommitSent;

    // After a failed attempt to connect, jobs fail with this error until the next attempt.
    private StorageException? _connectError;
    private TimeSpan _delay = MinDelay;
    private long _triedAt;

    // Whether the outcome of the last batch is still unknown.
    private bool _isUnresolved;

    // The process id of the last session. If the database does not know yet that the connection of this session is broken, Lock ends the
    // session.
    private int _lastSession;

    /// <exception cref="StorageException">The database cannot be used, or another server uses it.</exception>
    public PostgresGroupCommit(PostgresStorage storage, PostgresDatabase database, ILogger logger)
        : base(storage, logger)
    {
        _storage = storage;
        _database = database;
        _logger = logger;
        try
        {
            Connect(isStart: true);
        }
        catch (Exception fault) when (fault is not StorageException)
        {
            throw PostgresError.Translate(fault, database.Location);
        }

        Start();
    }

    /// <summary>The number of this server. It is random, so that two servers of a database do not have the same number.</summary>
    public int Node { get; } = RandomNumberGenerator.GetInt32(1, int.MaxValue);

    protected override bool MayRepeat => !_isUnresolved;

    private bool HasNodes => _storage.Options.Nodes;

    public void Dispose()
    {
        _stopping.Set();
        Stop();
        _stopping.Dispose();
    }

    protected override StorageException? TryWrite(IReadOnlyList<WriteJob> batch)
    {
        _isUnresolved = false;
        for (var attempt = 1; ; attempt++)
        {
            if (TryConnect() is { } unreachable)
                return unreachable;
            if (TryWriteOnce(batch, out var isConflict) is not { } fault)
                return null;
            if (!isConflict || !HasNodes || attempt == MaxAttempts)
                return fault;
        }
    }

    protected override void Close()
    {
        Disconnect();
        _writer?.Dispose();
    }

    // A conflict is a transaction that failed because another server has changed the same rows at the same time.
    private StorageException? TryWriteOnce(IReadOnlyList<WriteJob> batch, out bool isConflict)
    {
        isConflict = false;
        try
        {
            Write(batch);
            Acknowledge();
            return null;
        }
#pragma warning disable CA1031 // an exception of a transaction must not end the writer's thread; the jobs get the exception
        catch (Exception fault)
#pragma warning restore CA1031
        {
            isConflict = fault is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure };
            if (TryRollBack(fault))
                return RollBack(fault);
            Disconnect();
            return _isCommitSent ? Resolve(fault) : RollBack(fault);
        }
    }

    // Needs two round trips for all events: the first one reads, and the second one writes and commits. Each job of another kind needs its own round
    // trips.
    private void Write(IReadOnlyList<WriteJob> batch)
    {
        _isCommitSent = false;
        _writer!.Events.Now = DateTimeOffset.FromUnixTimeMilliseconds(_storage.Time.GetUtcNow().ToUnixTimeMilliseconds());
        using (var begin = new NpgsqlBatch(_connection))
        {
            begin.BatchCommands.Add(new NpgsqlBatchCommand("BEGIN"));
            begin.BatchCommands.Add(new NpgsqlBatchCommand("UPDATE writer SET commits = commits + 1, at = $2 WHERE node = $1 RETURNING commits")
            {
                Parameters = { new NpgsqlParameter { Value = (long)Node }, new NpgsqlParameter { Value = _writer.Events.Now.ToUnixTimeMilliseconds() } },
            });
            _rows.AddReads(begin, batch);
            using var reader = begin.ExecuteReader();
            if (!reader.Read() || reader.GetInt64(0) != _commits + 1)
                throw new StorageException($"{_database.Location}: another program has changed the table \"writer\"") { Setting = nameof(DataOptions.Postgres) };
            _rows.Read(reader);
        }

        foreach (var job in batch)
        {
            // This job may read the collected events, so write them first.
            if (job.Appended is null && _rows.HasWrites)
                Flush(commit: false);
            job.Write(_writer);
        }

        Flush(commit: true);
    }

    private void Flush(bool commit)
    {
        using var batch = new NpgsqlBatch(_connection);
        _rows.AddWrites(batch);
        if (commit)
            batch.BatchCommands.Add(new NpgsqlBatchCommand("COMMIT"));
        _isCommitSent = commit;
        batch.ExecuteNonQuery();
    }

    private void Acknowledge()
    {
        _commits++;
        _rows.Clear();
        _writer!.Events.OnCommitted();
    }

    // Returns false if the connection is broken.
    private bool TryRollBack(Exception fault)
    {
        try
        {
            if (_connection!.FullState.HasFlag(System.Data.ConnectionState.Broken) || _connection.State != System.Data.ConnectionState.Open)
                return false;
            _connection.Execute("ROLLBACK");
            // After a failover, the database of this connection may have become a standby. In that case, connect again.
            if (fault is PostgresException { SqlState: PostgresErrorCodes.ReadOnlySqlTransaction })
                Disconnect();
            return true;
        }
        catch (Exception again) when (again is NpgsqlException or InvalidOperationException or TimeoutException or IOException)
        {
            return false;
        }
    }

    private StorageException RollBack(Exception fault)
    {
        _writer!.Events.RollBack();
        _rows.Clear();
        return PostgresError.Translate(fault, _database.Location);
    }

    // Finds out whether a transaction is stored. The connection broke before the answer to the commit arrived.
    private StorageException? Resolve(Exception fault)
    {
        Log.OutcomeUnknown(_logger, _database.Location);
        // The rooms do not roll back the seqs of the transaction until the outcome is known.
        var (events, expected) = (_writer!.Events, _commits + 1);
        var start = _storage.Time.GetTimestamp();
        do
        {
            if (TryConnect() is not null)
                continue;
            if (_commits == expected)
            {
                events.OnCommitted();
                return null;
            }

            break;
        }
        while (_storage.Time.GetElapsedTime(start) < ResolveTimeout && !_stopping.Wait(_delay));
        // If there is a connection, the transaction is not stored. Otherwise its outcome is still unknown. A single server then removes the events of
        // the transaction when it reaches the database again (Connect). With several servers, the events stay if they are stored.
        var rooms = events.RollBack();
        _isUnresolved = HasNodes && _connection is null;
        if (_connection is null && !HasNodes)
            _failedRooms.UnionWith(rooms);
        return PostgresError.Translate(fault, _database.Location);
    }

    // Connects if there is no connection. Returns the error if the attempt fails, or if the next attempt is not due yet.
    private StorageException? TryConnect()
    {
        if (_connection is not null)
            return null;
        if (_connectError is not null && _storage.Time.GetElapsedTime(_triedAt) < _delay)
            return _connectError;
        try
        {
            Connect(isStart: false);
            (_connectError, _delay) = (null, MinDelay);
            return null;
        }
#pragma warning disable CA1031 // the jobs get the exception
        catch (Exception fault)
#pragma warning restore CA1031
        {
            _delay = _connectError is null ? MinDelay : TimeSpan.FromTicks(Math.Min(MaxDelay.Ticks, _delay.Ticks * 2));
            (_connectError, _triedAt) = (PostgresError.Translate(fault, _database.Location), _storage.Time.GetTimestamp());
            return _connectError;
        }
    }

    private void Connect(bool isStart)
    {
        var connection = _database.OpenForCommits();
        try
        {
            Lock(connection, isStart);
            if (isStart)
            {
                _database.Migrate(connection);
                RemoveOldRows(connection);
            }

            var share = HasNodes ? LockShare(connection) : (int?)null;
            // This session has the lock of the server's number, so no earlier session of the server can still commit. This update is a commit too: when the
            // database has acknowledged it, a synchronous standby has this commit and all commits before it.
            var commits = connection.ExecuteScalar<long>(
                "INSERT INTO writer (node, commits, at) VALUES (@Node, 0, @Now) ON CONFLICT (node) DO UPDATE SET at = excluded.at RETURNING commits",
                new { Node, Now = _storage.Time.GetUtcNow().ToUnixTimeMilliseconds() });
            if (!isStart && commits < _commits)
                throw _storage.OnCommitsLost(connection, _commits - commits);
            _commits = commits;
            var rows = new EventBatch(connection, _storage.Options.Search, share);
            var writer = new StorageWriter(connection, rows, _storage);
            if (_failedRooms.Count > 0)
                RemoveUnacknowledged(connection, writer);
            // The new objects take the place of the old ones, whose connection is closed.
            _writer?.Dispose();
            (_connection, _writer, _rows) = (connection, writer, rows);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private void RemoveUnacknowledged(NpgsqlConnection connection, StorageWriter writer)
    {
        using var transaction = connection.BeginTransaction();
        foreach (var room in _failedRooms)
            writer.Events.RemoveUnacknowledged(room);
        transaction.Commit();
        _failedRooms.Clear();
    }

    // Waits until no earlier session has the locks. The session of a killed server ends after some milliseconds. The writer's own last
    // session may last much longer if the network is broken, so this method ends it.
    private void Lock(NpgsqlConnection connection, bool isStart)
    {
        var start = _storage.Time.GetTimestamp();
        while (!PostgresDatabase.TryLock(connection, isShared: HasNodes) || !PostgresDatabase.TryLockNode(connection, Node))
        {
            if (_storage.Time.GetElapsedTime(start) >= LockTimeout || _stopping.Wait(MinDelay))
                throw new StorageException($"another server uses {_database.Location}; {(HasNodes ? "start that server with --Data:Nodes true too" : "for several servers, start each one with --Data:Nodes true; otherwise stop that server, or use another database for this one")}") { Setting = nameof(DataOptions.Postgres) };
            if (!isStart)
                PostgresDatabase.EndSession(connection, _lastSession);
        }

        _lastSession = connection.ProcessID;
    }

    private int LockShare(NpgsqlConnection connection) => PostgresDatabase.TryLockShare(connection)
        ?? throw new StorageException($"{PostgresDatabase.MaxNodes} servers use {_database.Location}, which is the maximum; stop one of them") { Setting = nameof(DataOptions.Postgres) };

    private void RemoveOldRows(NpgsqlConnection connection) => connection.Execute(
        $"DELETE FROM writer WHERE at < @Before AND node NOT IN ({PostgresDatabase.LiveNodes})", new { Before = HasNodes ? (_storage.Time.GetUtcNow() - RowLifetime).ToUnixTimeMilliseconds() : long.MaxValue });

    private void Disconnect()
    {
        try
        {
            _connection?.Dispose();
        }
        catch (Exception fault) when (fault is NpgsqlException or InvalidOperationException or IOException)
        {
            // The connection is broken, and it is not used any more.
        }

        _connection = null;
    }
}
