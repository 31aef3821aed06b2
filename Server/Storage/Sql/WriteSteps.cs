namespace RawSocketChat.Server.Storage.Sql;

/// <summary>
/// Splits a large removal into steps of a few milliseconds. There is one writer, so every other write waits for the current step, but not for
/// the whole removal. Each step is a transaction, which other writes may share. Used by one caller at a time.
/// </summary>
internal sealed class WriteSteps(SqlStorage storage)
{
    /// <summary>The maximum number of rows of a step.</summary>
    public const int MaxRows = 1024;

    private const int MinRows = 16;

    // The time that a step should take at most. A common disk syncs a commit in about this time, so a transaction with a step takes
    // about twice as long.
    private static readonly TimeSpan MaxTime = TimeSpan.FromMilliseconds(4);

    private int _rows = 64;

    /// <summary>The number of rows of the next step. It depends on the time that the last steps took.</summary>
    public int Rows => _rows;

    /// <summary>The time that the last step took on the writer's thread.</summary>
    public TimeSpan Took { get; private set; }

    /// <summary>Executes the next step.</summary>
    /// <param name="write">Called on the writer's thread with the maximum number of rows to write.</param>
    /// <returns>The result of <paramref name="write"/>.</returns>
    /// <exception cref="StorageException">The transaction of the step failed.</exception>
    public async Task<T> ExecuteAsync<T>(Func<StorageWriter, int, T> write, CancellationToken cancellationToken)
    {
        var rows = _rows;
        var result = await storage.WriteAsync(
            writer =>
            {
                var start = storage.Time.GetTimestamp();
                var written = write(writer, rows);
                Took = storage.Time.GetElapsedTime(start);
                return written;
            },
            cancellationToken,
            rows: rows);
        _rows = Took > MaxTime ? Math.Max(MinRows, rows / 2) : Took < MaxTime / 2 ? Math.Min(MaxRows, rows * 2) : rows;
        return result;
    }
}
