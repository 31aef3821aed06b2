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

    /// <summary>The full path of the data folder. The server has locked it.</summary>
    public abstract string Folder { get; }

    /// <summary>Tells the operator where the messages are, for example the path of a folder. Contains no password.</summary>
    public abstract string Location { get; }

    /// <summary>Whether writes fail now; see <see cref="GroupCommit.IsFailing"/>.</summary>
    internal bool IsFailing => Writer.IsFailing;

    private protected abstract GroupCommit Writer { get; }

    /// <summary>Makes a write that does not change the data, to test whether the storage can write.</summary>
    /// <exception cref="StorageException">The storage cannot write.</exception>
    internal abstract ValueTask ProbeWriteAsync();

    /// <summary>Raised after messages were deleted or trimmed, if they may have had files.</summary>
    internal event Action? FilesRemoved;

    internal void AnnounceFilesRemoved() => FilesRemoved?.Invoke();

    /// <summary>Called on the writer's thread after events of a log were committed.</summary>
    internal virtual void OnAppended(LoggedRoom room)
    {
    }

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
    /// <exception cref="StorageException">The transaction failed.</exception>
    internal ValueTask<T> WriteAsync<T>(Func<StorageWriter, T> write, CancellationToken cancellationToken, Action<T>? onCommitted = null, int rows = 1) =>
        Writer.ExecuteAsync(new WriteJob<T>(write, onCommitted, rows), cancellationToken);

    /// <summary>Appends events to a log, like <see cref="WriteAsync"/>.</summary>
    internal ValueTask<AppendResult[]> AppendAsync(
        LoggedRoom room, IReadOnlyList<NewEvent> events, Action<AppendResult[]> onCommitted, CancellationToken cancellationToken) => Writer.ExecuteAsync(
        new WriteJob<AppendResult[]>(writer => writer.Events.Append(room, events), onCommitted, events.Count) { Appended = events, Room = room }, cancellationToken);

    /// <summary>Finds messages, newest first.</summary>
    /// <param name="rooms">The ids of the rooms to search; if the search includes all public rooms, only the ids of the private rooms.</param>
    /// <param name="exceptRooms">The ids of the public rooms that are not searched.</param>
    /// <exception cref="StorageException">The index cannot be read.</exception>
    internal abstract ValueTask<SearchPage> SearchAsync(
        MessageQuery query, IReadOnlyList<long> rooms, IReadOnlyList<long> exceptRooms, CancellationToken cancellationToken);

    /// <summary>Whether an event is hidden, because it is trimmed in memory but not yet deleted from the table.</summary>
    private protected bool IsHidden(string roomKey, long seq) => seq < Rooms.FindOpen(roomKey)?.FirstSeq;

    /// <summary>Returns the size of the database in bytes, without the pages that are free for new data.</summary>
    internal abstract ValueTask<long> GetUsedBytesAsync(CancellationToken cancellationToken);
}
