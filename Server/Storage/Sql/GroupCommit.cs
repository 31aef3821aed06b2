using System.Threading.Channels;

namespace RawSocketChat.Server.Storage.Sql;

/// <summary>
/// The only writer of the database. It puts the waiting jobs of all rooms into one transaction, so that one sync stores all of them. Jobs
/// that come during a transaction wait for the next transaction. Jobs run in the order in which they come. Either all jobs of a transaction
/// are stored, or none.
/// </summary>
internal abstract class GroupCommit
{
    // Each room stores only one batch at a time, and sessions change rarely. So this number is reached only if the disk hangs.
    private const int MaxWaitingJobs = 16 * 1024;

    // On a full disk, a small transaction may succeed between two large ones that fail. So the server logs the recovery only after this time without
    // a failure.
    private static readonly TimeSpan RecoveryTime = TimeSpan.FromSeconds(5);

    private readonly Channel<WriteJob> _waiting = Channel.CreateBounded<WriteJob>(new BoundedChannelOptions(MaxWaitingJobs) { SingleReader = true });
    private readonly SqlStorage _storage;
    private readonly ILogger _logger;
    private readonly Thread _thread;
    private readonly List<WriteJob> _batch = [];
    private volatile bool _isFailing;
    private long _failedAt;

    protected GroupCommit(SqlStorage storage, ILogger logger)
    {
        _storage = storage;
        _logger = logger;
        _thread = new Thread(Run) { Name = "storage writer", IsBackground = true };
    }

    /// <summary>
    /// Whether transactions fail now. Becomes true when a transaction fails. Becomes false when a transaction is committed at least
    /// <see cref="RecoveryTime"/> after the last failure. Thread-safe.
    /// </summary>
    public bool IsFailing => _isFailing;

    /// <summary>Adds a job to one of the next transactions, and waits until this transaction is committed.</summary>
    /// <returns>The result of the job.</returns>
    /// <exception cref="StorageException">The transaction failed, or the server is stopping.</exception>
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

    /// <summary>Starts the writer's thread. A derived class calls this method at the end of its constructor.</summary>
    protected void Start() => _thread.Start();

    /// <summary>Runs the waiting jobs, and closes the connection. A derived class calls this method when it is disposed of.</summary>
    protected void Stop()
    {
        _waiting.Writer.TryComplete();
        _thread.Join();
    }

    /// <summary>Runs the jobs in one transaction and commits it. Called on the writer's thread. Never throws.</summary>
    /// <returns>
    /// Null if the transaction is committed; otherwise the error. After an error, the transaction may be stored if <see cref="MayRepeat"/> is
    /// false.
    /// </returns>
    protected abstract StorageException? TryWrite(IReadOnlyList<WriteJob> batch);

    /// <summary>
    /// Whether a failed batch may be repeated. False if the batch may be stored in spite of the error, because a repetition could store its
    /// events twice.
    /// </summary>
    protected virtual bool MayRepeat => true;

    /// <summary>Called on the writer's thread after each batch, when the jobs have their results.</summary>
    protected virtual void OnBatchEnded()
    {
    }

    /// <summary>Closes the connection. Called on the writer's thread, after the last batch.</summary>
    protected abstract void Close();

    private void Run()
    {
        while (_waiting.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            TakeBatch();
            try
            {
                WriteBatch();
                OnBatchEnded();
            }
#pragma warning disable CA1031 // an exception that left the writer's thread would end the process
            catch (Exception fault)
#pragma warning restore CA1031
            {
                Log.WriterFailed(_logger, fault);
                // OnFailed has no effect on a job that already has its result.
                foreach (var job in _batch)
                    job.OnFailed(new StorageException("the storage failed", fault));
            }
        }

        Close();
    }

    private void TakeBatch()
    {
        _batch.Clear();
        for (var rows = 0; rows < _storage.Options.CommitEvents && _waiting.Reader.TryRead(out var job); rows += job.Rows)
            _batch.Add(job);
    }

    private void WriteBatch()
    {
        // Repeat a failed transaction once. After most failures, the second attempt uses a new connection.
        var fault = TryWrite(_batch);
        if (fault is not null && MayRepeat)
            fault = TryWrite(_batch);
        if (fault is not null)
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

    // If the callback of one job fails, the other jobs still get their results.
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
}
