namespace RawSocketChat.Server.Storage.Sql;

/// <summary>
/// A database with the tables of <c>schema.sql</c>. Each engine has a derived class. The derived class opens the connections, and commits
/// waiting writes together (group commit). The stores contain the SQL, which all engines share.
/// </summary>
public abstract class SqlStorage
{
    private protected SqlStorage(DataOptions options, TimeProvider time)
    {
        Options = options;
        Time = time;
        Rooms = new RoomCache(this);
    }

    internal DataOptions Options { get; }

    internal TimeProvider Time { get; }

    internal RoomCache Rooms { get; }

    /// <summary>Called after messages that may have had files were deleted or trimmed.</summary>
    internal event Action? FilesRemoved;

    internal void AnnounceFilesRemoved() => FilesRemoved?.Invoke();

    /// <summary>
    /// Reads from the database. Each query has its own snapshot. Several reads can run at the same time, also while the writer writes.
    /// </summary>
    /// <param name="what">What is read, for the operator's log.</param>
    /// <exception cref="StorageException">The data cannot be read.</exception>
    internal abstract ValueTask<T> ReadAsync<T>(string what, Func<StorageReader, T> read, CancellationToken cancellationToken);

    /// <summary>
    /// Writes in a transaction that other writes may share. The writes run in the order of the calls. The task completes when the
    /// transaction is committed.
    /// </summary>
    /// <param name="write">Called on the writer's thread. If the first transaction fails, called again in a second transaction.</param>
    /// <param name="onCommitted">Called on the writer's thread after the commit and before the task completes.</param>
    /// <param name="rows">The approximate number of rows that the call writes.</param>
    /// <exception cref="StorageException">Nothing of the transaction was stored.</exception>
    internal abstract ValueTask<T> WriteAsync<T>(
        Func<StorageWriter, T> write, CancellationToken cancellationToken, Action<T>? onCommitted = null, int rows = 1);

    /// <summary>Returns the size of the database in bytes, without the pages that are free for new data.</summary>
    internal abstract ValueTask<long> GetUsedBytesAsync(CancellationToken cancellationToken);
}
