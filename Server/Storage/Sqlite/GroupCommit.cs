using System.Threading.Channels;
using Microsoft.Data.Sqlite;
using RawSocketChat.Server.Storage.Sql;

namespace RawSocketChat.Server.Storage.Sqlite;

/// <summary>
/// The only writer of the database. It puts the waiting jobs of all rooms into one transaction, so that one sync stores all of them. Jobs
/// that come during a transaction wait for the next transaction. Jobs run in the order in which they come. Either all jobs of a transaction
/// are stored, or none.
/// </summary>
internal sealed class GroupCommit : IDisposable
{
    // Each room stores only one batch at a time, and sessions change rarely. So this number is reached only if the disk hangs.
    private const int MaxWaitingJobs = 16 * 1024;

    // A full disk may accept a small transaction between two that fail. The server logs the recovery only after this time without a
    // failure.
    private static readonly TimeSpan RecoveryTime = TimeSpan.FromSeconds(5);

    private readonly Channel<WriteJob> _waiting = Channel.CreateBounded<WriteJob>(new BoundedChannelOptions(MaxWaitingJobs) { SingleReader = true });
    private readonly SqliteStorage _storage;
    private readonly ILogger _logger;
    private readonly WriteAheadLog _writeAheadLog;
    private readonly Thread _thread;
    private readonly List<WriteJob> _batch = [];

    // The rooms of failed transactions. Reopen removes the events of these transactions if they have reached the disk.
    private readonly HashSet<LoggedRoom> _failedRooms = [];

    // Null after a failure, until the next transaction opens a new connection.
    private StorageWriter? _writer;
    private volatile bool _isFailing;
    private long _failedAt;

    public GroupCommit(SqliteStorage storage, SqliteConnection connection, ILogger logger)
    {
        _storage = storage;
        _logger = logger;
        _writeAheadLog = new WriteAheadLog(storage, logger);
        _writer = new StorageWriter(connection, storage);
        _thread = new Thread(Run) { Name = "storage writer", IsBackground = true };
        _thread.Start();
    }

    /// <summary>
    /// Whether transactions fail now. True from a failed transaction until one succeeds that begins at least <see cref="RecoveryTime"/> after
    /// the last failure. Safe from any thread.
    /// </summary>
    public bool IsFailing => _isFailing;

    /// <summary>Adds a job to one of the next transactions, and waits until this transaction is committed.</summary>
    /// <returns>The result of the job.</returns>
    /// <exception cref="StorageException">Nothing of the transaction was stored, or the server is stopping.</exception>
    public async ValueTask<T> ExecuteAsync<T>(WriteJob<T> job, CancellationToken cancellationToken)
    {
        try
        {
            if (!_waiting.Writer.TryWrite(job))
                await _waiting.Writer.WriteAsync(job, cancellationToken);
        }
        catch (ChannelClosedException fault)
        {
            throw new StorageException("the server is stopping", fault);
        }

        return await job.Done;
    }

    /// <summary>Runs the waiting jobs, and closes the connection.</summary>
    public void Dispose()
    {
        _waiting.Writer.TryComplete();
        _thread.Join();
    }

    private void Run()
    {
        while (_waiting.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            TakeBatch();
            try
            {
                WriteBatch();
                if (_writer is { } writer)
                    _writeAheadLog.TruncateIfDue(writer.Connection);
            }
#pragma warning disable CA1031 // an exception that left the writer's thread would end the process
            catch (Exception fault)
#pragma warning restore CA1031
            {
                Log.WriterFailed(_logger, fault);
                // This has no effect on jobs that have their result.
                foreach (var job in _batch)
                    job.OnFailed(new StorageException("the storage failed", fault));
            }
        }

        _writer?.Dispose();
    }

    private void TakeBatch()
    {
        _batch.Clear();
        for (var rows = 0; rows < _storage.Options.CommitEvents && _waiting.Reader.TryRead(out var job); rows += job.Rows)
            _batch.Add(job);
    }

    private void WriteBatch()
    {
        // After most failures the second attempt has a new connection, which first empties the write-ahead log. On a full disk that may free
        // enough space.
        if (TryWriteBatch() is not null && TryWriteBatch() is { } fault)
        {
            if (!_isFailing)
                Log.CannotWrite(_logger, fault.InnerException, fault.Message);
            (_isFailing, _failedAt) = (true, _storage.Time.GetTimestamp());
            foreach (var job in _batch)
                job.OnFailed(fault);
            return;
        }

        if (_isFailing && _storage.Time.GetElapsedTime(_failedAt) >= RecoveryTime)
        {
            Log.CanWriteAgain(_logger);
            _isFailing = false;
        }

        foreach (var job in _batch)
            Complete(job);
    }

    // An error of one job's callback must not leave the other jobs without their result.
    private void Complete(WriteJob job)
    {
        try
        {
            job.OnCommitted();
        }
#pragma warning disable CA1031 // the caller of the job gets the error
        catch (Exception fault)
#pragma warning restore CA1031
        {
            Log.WriterFailed(_logger, fault);
            job.OnFailed(new StorageException("the storage failed", fault));
        }
    }

    // Returns null if the batch is committed; otherwise the error.
    private StorageException? TryWriteBatch()
    {
        try
        {
            // Try again to empty the log: the program that has read the database may have ended since the last attempt.
            if (_writer is { } open && _writeAheadLog.FullReason is not null)
            {
                _writeAheadLog.TruncateIfDue(open.Connection);
                if (_writeAheadLog.FullReason is { } reason)
                    return new StorageException(reason);
            }

            _writer ??= Reopen();
            _writer.Begin("BEGIN IMMEDIATE", _storage.Time.GetUtcNow());
            foreach (var job in _batch)
                job.Write(_writer);
            _writer.Commit();
            return null;
        }
#pragma warning disable CA1031 // an exception of a transaction must not end the writer's thread; the jobs get the exception
        catch (Exception fault)
#pragma warning restore CA1031
        {
            if (_writer is not null)
                _failedRooms.UnionWith(_writer.Events.RollBack());
            // Some faults leave the connection unusable, so the next transaction gets a new connection. Closing the connection rolls the
            // transaction back.
            _writer?.Dispose();
            _writer = null;
            return fault switch
            {
                StorageException known => known,
                SqliteException known => SqliteError.Translate(known, _storage.File),
                _ => new StorageException("the storage failed", fault),
            };
        }
    }

    private StorageWriter Reopen()
    {
        var writer = new StorageWriter(_storage.OpenForWriting(), _storage);
        try
        {
            WriteAheadLog.TryTruncate(writer.Connection);
            writer.Begin("BEGIN IMMEDIATE", _storage.Time.GetUtcNow());
            foreach (var room in _failedRooms)
                writer.Events.RemoveUnacknowledged(room);
            writer.Commit();
            _failedRooms.Clear();
            return writer;
        }
        catch
        {
            writer.Dispose();
            throw;
        }
    }
}
