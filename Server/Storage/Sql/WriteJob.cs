namespace RawSocketChat.Server.Storage.Sql;

/// <summary>A write that waits for the writer. The write shares its transaction with other waiting writes.</summary>
/// <param name="rows">The approximate number of rows that the job writes.</param>
internal abstract class WriteJob(int rows)
{
    public int Rows { get; } = rows;

    /// <summary>
    /// The events that the job appends to a log; null for a job of another kind. An engine may read in advance what these events refer to.
    /// </summary>
    public IReadOnlyList<NewEvent>? Appended { get; init; }

    /// <summary>The room of <see cref="Appended"/>.</summary>
    public LoggedRoom? Room { get; init; }

    /// <summary>Called inside the transaction.</summary>
    public abstract void Write(StorageWriter writer);

    /// <summary>Called after the commit. Gives the caller its result.</summary>
    public abstract void OnCommitted();

    /// <summary>Gives the caller an exception, unless the caller already has its result. Never throws.</summary>
    public abstract void OnFailed(Exception fault);
}

/// <inheritdoc cref="SqlStorage.WriteAsync"/>
internal sealed class WriteJob<T>(Func<StorageWriter, T> write, Action<T>? onCommitted, int rows) : WriteJob(rows)
{
    private readonly TaskCompletionSource<T> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private T _result = default!;

    public Task<T> Done => _done.Task;

    public override void Write(StorageWriter writer) => _result = write(writer);

    public override void OnCommitted()
    {
        onCommitted?.Invoke(_result);
        _done.TrySetResult(_result);
    }

    public override void OnFailed(Exception fault) => _done.TrySetException(fault);
}
