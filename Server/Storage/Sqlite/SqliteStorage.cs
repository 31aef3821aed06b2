using System.Collections.Concurrent;
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
    private readonly Readers _readers;
    private readonly ILogger _logger;
    private readonly ConcurrentDictionary<string, bool> _unreadable = new();

    /// <exception cref="StorageException">The folder cannot be had, or what is in it cannot be read.</exception>
    public SqliteStorage(IOptions<DataOptions> options, TimeProvider time, ILogger<SqliteStorage> logger)
    {
        var data = options.Value;
        Time = time;
        _logger = logger;
        State = new StorageState(data.KeepEvents);
        _folder = DataFolder.Take(data.Path);
        Database? database = null;
        try
        {
            database = Open();
            Loading.Run(State, database);
            _readers = new Readers(_folder.Database, ReaderCount);
            _writer = new GroupCommit(State, data.CommitEvents, database, Open, time, logger);
        }
        catch
        {
            _readers?.Dispose();
            database?.Dispose();
            _folder.Dispose();
            throw;
        }

        Database Open() => Database.OpenForWriting(_folder.Database, synced: data.Durability == Durability.Full, logger);
    }

    internal StorageState State { get; }

    internal TimeProvider Time { get; }

    /// <summary>The folder, in full.</summary>
    public string Folder => _folder.Path;

    internal DateTimeOffset Now => DateTimeOffset.FromUnixTimeMilliseconds(Time.GetUtcNow().ToUnixTimeMilliseconds());

    public void Dispose()
    {
        // The writer's connection ends last: only one that may write puts everything into the one file as it closes.
        _readers.Dispose();
        _writer.Dispose();
        _folder.Dispose();
    }

    /// <param name="what">For the operator, who is told once where something of it cannot be read.</param>
    /// <exception cref="StorageException">It cannot be read.</exception>
    internal async ValueTask<T> ReadAsync<T>(string what, Func<Reader, T> read, CancellationToken cancellationToken)
    {
        try
        {
            return await _readers.ReadAsync(read, cancellationToken);
        }
        catch (Exception fault) when (fault is StorageException or ArgumentOutOfRangeException)
        {
            // What the bytes of a damaged row make may be no value at all: a time beyond the calendar, say.
            var told = fault as StorageException ?? new StorageException($"\"{_folder.Database}\" is damaged; restore a backup", fault) { IsDamage = true };
            if (_unreadable.TryAdd(what, true))
                Log.CannotRead(_logger, told.InnerException, what, told.Message);
            throw told;
        }
    }

    internal async ValueTask<IReadOnlyList<Appended>> AppendAsync(LoggedRoom room, IReadOnlyList<NewEvent> batch, CancellationToken cancellationToken)
    {
        var job = new AppendJob(State, room, batch);
        await _writer.DoAsync(job, cancellationToken);
        return await job.Done;
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
