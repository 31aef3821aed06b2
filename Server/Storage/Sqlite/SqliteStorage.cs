using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;
using RawSocketChat.Server.Storage.Sql;

namespace RawSocketChat.Server.Storage.Sqlite;

/// <summary>
/// The database of this server in one SQLite file: one writer (<see cref="GroupCommit"/>) and a few readers. The constructor opens the
/// database, so the server does not start with an unusable database.
/// </summary>
public sealed class SqliteStorage : SqlStorage, IDisposable
{
    private const int ReaderCount = 2;

    private readonly DataFolder _folder;
    private readonly GroupCommit _writer;
    private readonly ReaderPool _readers;
    private readonly ILogger _logger;
    private readonly ConcurrentDictionary<string, bool> _unreadable = new();

    /// <exception cref="StorageException">The folder cannot be used, or the database cannot be read.</exception>
    public SqliteStorage(IOptions<DataOptions> options, TimeProvider time, ILogger<SqliteStorage> logger)
        : base(options.Value, time)
    {
        _logger = logger;
        _folder = DataFolder.Take(Options.Path);
        SqliteConnection? connection = null;
        try
        {
            connection = OpenForWriting();
            _readers = new ReaderPool(File, ReaderCount);
            _writer = new GroupCommit(this, connection, logger);
        }
        catch
        {
            _readers?.Dispose();
            connection?.Dispose();
            _folder.Dispose();
            throw;
        }
    }

    /// <summary>The full path of the data folder.</summary>
    public string Folder => _folder.Path;

    /// <summary>The full path of the database.</summary>
    internal string File => _folder.Database;

    public void Dispose()
    {
        // Close the writer's connection last. Only a connection that may write merges the write-ahead log into the database when it closes.
        _readers.Dispose();
        _writer.Dispose();
        _folder.Dispose();
    }

    internal SqliteConnection OpenForWriting() => SqliteDatabase.OpenForWriting(File, Options.Durability == Durability.Full, Options.MaxBytes);

    internal override async ValueTask<T> ReadAsync<T>(string what, Func<StorageReader, T> read, CancellationToken cancellationToken)
    {
        try
        {
            return await _readers.ReadAsync(read, cancellationToken);
        }
        catch (Exception fault) when (fault is SqliteException or StorageException or ArgumentOutOfRangeException)
        {
            var error = fault switch
            {
                SqliteException known => SqliteError.Translate(known, File),
                ArgumentOutOfRangeException known => SqliteError.Translate(known, File),
                _ => (StorageException)fault,
            };
            if (_unreadable.TryAdd(what, true))
                Log.CannotRead(_logger, error.InnerException, what, error.Message);
            throw error;
        }
    }

    internal override ValueTask<long> GetUsedBytesAsync(CancellationToken cancellationToken) =>
        ReadAsync("the size of the database", reader => SqliteDatabase.GetUsedBytes(reader.Connection), cancellationToken);

    internal override ValueTask<T> WriteAsync<T>(Func<StorageWriter, T> write, CancellationToken cancellationToken, Action<T>? onCommitted = null, int rows = 1) =>
        _writer.ExecuteAsync(new WriteJob<T>(write, onCommitted, rows), cancellationToken);
}
