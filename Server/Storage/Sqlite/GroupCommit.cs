using System.Threading.Channels;

namespace RawSocketChat.Server.Storage.Sqlite;

/// <summary>
/// The one writer. Whatever waits, of all rooms, goes into one transaction and one sync; while that is under way, the next
/// gathers. Jobs are done in the order of their coming, all of a transaction or none.
/// </summary>
internal sealed class GroupCommit : IDisposable
{
    // A room has one append under way, a session one change: more than these wait only where the disk stands still.
    private const int MostWaiting = 16 * 1024;

    // On a full disk a small transaction may pass between two that fail: that is no news for the operator.
    private static readonly TimeSpan Calm = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan BetweenTries = TimeSpan.FromSeconds(1);

    // Between two commits of many senders there may be nothing for a moment.
    private static readonly TimeSpan Idle = TimeSpan.FromMilliseconds(10);

    private readonly Channel<WriteJob> _waiting = Channel.CreateBounded<WriteJob>(new BoundedChannelOptions(MostWaiting) { SingleReader = true });
    private readonly StorageState _state;
    private readonly int _mostWeight;
    private readonly Func<Database> _open;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Thread _thread;
    private readonly List<WriteJob> _batch = [];
    private StorageWriter? _writer;
    private bool _isFailing;
    private long _failedAt;
    private bool _isUpkeepFailing;
    private long _upkeepFailedAt;

    /// <param name="mostWeight">Beyond it a transaction takes longer and saves nothing more: a sync costs as much as some 50 events.</param>
    /// <param name="open">Opens the database again where a connection has failed.</param>
    public GroupCommit(StorageState state, int mostWeight, Database database, Func<Database> open, TimeProvider time, ILogger logger)
    {
        _state = state;
        _mostWeight = mostWeight;
        _open = open;
        _time = time;
        _logger = logger;
        _writer = new StorageWriter(state, database);
        _thread = new Thread(Run) { Name = "storage writer", IsBackground = true };
        _thread.Start();
    }

    /// <summary>Has it written with what else waits; done when it is stored.</summary>
    /// <param name="stored">What follows from the commit; on the writer's thread, before the task completes.</param>
    public async ValueTask<T> DoAsync<T>(Func<StorageWriter, T> write, Action<T>? stored, int weight, CancellationToken cancellationToken)
    {
        var job = new WriteJob<T>(write, stored, weight);
        await DoAsync(job, cancellationToken);
        return await job.Done;
    }

    /// <summary>Has it written with what else waits; the job tells when it is stored.</summary>
    public ValueTask DoAsync(WriteJob job, CancellationToken cancellationToken) => _waiting.Writer.TryWrite(job) ? default : WaitAsync(job, cancellationToken);

    /// <summary>Does what waits, puts everything in its place, and closes the database.</summary>
    public void Dispose()
    {
        _waiting.Writer.TryComplete();
        _thread.Join();
    }

    private async ValueTask WaitAsync(WriteJob job, CancellationToken cancellationToken)
    {
        try
        {
            await _waiting.Writer.WriteAsync(job, cancellationToken);
        }
        catch (ChannelClosedException fault)
        {
            throw new StorageException("the server is going down", fault);
        }
    }

    private void Run()
    {
        while (WaitForMore())
        {
            Take();
            Write();
            while (Due() is { } work && Keep(work))
            {
            }

            // One for each commit, so that nobody waits for long; more only where much has gathered.
            for (var steps = _state.Ids.MergeSteps; steps > 0 && _state.Ids.HasMerges && !IsPausing && Keep(writer => writer.ClientIds.Merge()); steps--)
            {
            }
        }

        while (_state.Unsettled > 0 && Keep(writer => writer.Journal.Settle()))
        {
        }

        _writer?.Dispose();
    }

    // While nothing comes, what can wait is done.
    private bool WaitForMore()
    {
        var more = _waiting.Reader.WaitToReadAsync().AsTask();
        for (var patience = Idle; !more.IsCompleted && DueWhenIdle() is { } work; patience = TimeSpan.Zero)
        {
            if (more.Wait(patience) || !Keep(work))
                break;
        }

        return more.GetAwaiter().GetResult();
    }

    private void Take()
    {
        _batch.Clear();
        var weight = 0;
        while (weight < _mostWeight && _waiting.Reader.TryRead(out var job))
        {
            _batch.Add(job);
            weight += job.Weight;
        }
    }

    private void Write()
    {
        if (Transact(writer =>
        {
            foreach (var job in _batch)
                job.Write(writer);
        }) is { } fault)
        {
            if (!_isFailing)
                Log.CannotWrite(_logger, fault.InnerException, fault.Message);
            (_isFailing, _failedAt) = (true, _time.GetTimestamp());
            foreach (var job in _batch)
                job.Failed(fault);
            return;
        }

        if (_isFailing && _time.GetElapsedTime(_failedAt) >= Calm)
        {
            Log.WritesAgain(_logger);
            _isFailing = false;
        }

        foreach (var job in _batch)
            job.Stored();
    }

    // What could not be put elsewhere is tried again a second later, not after each commit.
    private bool IsPausing => _isUpkeepFailing && _time.GetElapsedTime(_upkeepFailedAt) < BetweenTries;

    private Func<StorageWriter, Action>? Due(bool isIdle = false) =>
        IsPausing ? null
        : Journal.IsDue(_state, isIdle) ? writer => writer.Journal.Settle()
        : _state.Ids.IsFlushDue ? writer => writer.ClientIds.Flush()
        : null;

    private Func<StorageWriter, Action>? DueWhenIdle() =>
        Due(isIdle: true) ?? (!IsPausing && _state.Ids.HasMerges ? writer => writer.ClientIds.Merge() : null);

    private bool Keep(Func<StorageWriter, Action> work)
    {
        Action? kept = null;
        if (Transact(writer => kept = work(writer)) is { } fault)
        {
            // It needs more space than an append: those may go on meanwhile, and the operator is told of either once.
            if (!_isUpkeepFailing && !_isFailing)
                Log.CannotSettle(_logger, fault.InnerException, fault.Message);
            (_isUpkeepFailing, _upkeepFailedAt) = (true, _time.GetTimestamp());
            return false;
        }

        _isUpkeepFailing = false;
        kept!();
        return true;
    }

    // The write-ahead log may be what fills the disk: opened anew it is put into its place first, and then there may be room.
    private StorageException? Transact(Action<StorageWriter> write) => TryTransact(write) is null ? null : TryTransact(write);

    private StorageException? TryTransact(Action<StorageWriter> write)
    {
        try
        {
            _writer ??= Reopen();
            _writer.Begin(_time.GetUtcNow());
            write(_writer);
            _writer.Commit();
            return null;
        }
#pragma warning disable CA1031 // the writer outlives whatever one transaction meets: who waits for it is told
        catch (Exception fault)
#pragma warning restore CA1031
        {
            var told = fault as StorageException ?? new StorageException("the storage failed", fault);
            _writer?.Forget();
            // After some faults the connection is as it was, after others it is not: the next one is a new one.
            _writer?.Dispose();
            _writer = null;
            return told;
        }
    }

    private StorageWriter Reopen()
    {
        var database = _open();
        try
        {
            database.TryCheckpoint();
            Loading.Again(_state, database);
            return new StorageWriter(_state, database);
        }
        catch
        {
            database.Dispose();
            throw;
        }
    }
}
