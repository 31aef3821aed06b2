namespace RawSocketChat.Server.Storage.Sqlite;

/// <summary>Something to be written. It shares its transaction with whatever else waits.</summary>
/// <param name="weight">About how many rows it writes.</param>
internal abstract class WriteJob(int weight)
{
    public int Weight { get; } = weight;

    /// <summary>In the transaction. What it keeps in memory must be undone by <see cref="StorageWriter.Forget"/> or <see cref="Loading.Again"/>.</summary>
    public abstract void Write(StorageWriter writer);

    /// <summary>The transaction is committed.</summary>
    public abstract void Stored();

    /// <summary>Nothing of it was stored.</summary>
    public abstract void Failed(Exception fault);
}

/// <param name="stored">What follows from the commit, still on the writer's thread and before anybody is told.</param>
internal sealed class WriteJob<T>(Func<StorageWriter, T> write, Action<T>? stored, int weight) : WriteJob(weight)
{
    private readonly TaskCompletionSource<T> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private T _result = default!;

    public Task<T> Done => _done.Task;

    public override void Write(StorageWriter writer) => _result = write(writer);

    public override void Stored()
    {
        stored?.Invoke(_result);
        _done.TrySetResult(_result);
    }

    public override void Failed(Exception fault) => _done.TrySetException(fault);
}
