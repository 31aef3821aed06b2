using Microsoft.Extensions.Options;

namespace RawSocketChat.Server.Storage.Sqlite;

/// <summary>
/// The database of this server: one writer (<see cref="GroupCommit"/>), a few readers, and in memory where each room's log
/// stands. Opened as it is made, so that what stops it stops the start.
/// </summary>
public sealed class SqliteStorage : IDisposable
{
    private const int ReaderCount = 2;

    private readonly DataFolder _folder;
    private readonly GroupCommit _writer;

    /// <exception cref="StorageException">The folder cannot be had, or what is in it cannot be read.</exception>
    public SqliteStorage(IOptions<DataOptions> options, TimeProvider time, ILogger<SqliteStorage> logger)
    {
        var data = options.Value;
        Time = time;
        State = new StorageState(data.KeepEvents);
        _folder = DataFolder.Take(data.Path);
        Database? database = null;
        try
        {
            database = Open();
            Loading.Run(State, database);
            Readers = new Readers(_folder.Database, ReaderCount);
            _writer = new GroupCommit(State, data.CommitEvents, database, Open, logger);
        }
        catch
        {
            Readers?.Dispose();
            database?.Dispose();
            _folder.Dispose();
            throw;
        }

        Database Open() => Database.OpenForWriting(_folder.Database, synced: data.Durability == Durability.Full);
    }

    internal StorageState State { get; }

    internal Readers Readers { get; }

    internal TimeProvider Time { get; }

    /// <summary>The folder, in full.</summary>
    public string Folder => _folder.Path;

    internal DateTimeOffset Now => DateTimeOffset.FromUnixTimeMilliseconds(Time.GetUtcNow().ToUnixTimeMilliseconds());

    public void Dispose()
    {
        // The last one that closes the database takes the write-ahead log into it; one that only reads cannot.
        Readers.Dispose();
        _writer.Dispose();
        _folder.Dispose();
    }

    internal ValueTask<T> WriteAsync<T>(Func<StorageWriter, T> write, CancellationToken cancellationToken, Action<T>? stored = null, int weight = 1) =>
        _writer.DoAsync(write, stored, weight, cancellationToken);

    internal async ValueTask WriteAsync(Action<StorageWriter> write, CancellationToken cancellationToken) =>
        await WriteAsync(writer =>
        {
            write(writer);
            return true;
        }, cancellationToken);
}
