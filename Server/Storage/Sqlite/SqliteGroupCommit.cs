using Microsoft.Data.Sqlite;
using RawSocketChat.Server.Storage.Sql;

namespace RawSocketChat.Server.Storage.Sqlite;

/// <summary>The writer of a SQLite database.</summary>
internal sealed class SqliteGroupCommit : GroupCommit, IDisposable
{
    private readonly SqliteStorage _storage;
    private readonly WriteAheadLog _writeAheadLog;

    // The rooms of failed transactions. Reopen removes the events of these transactions if they have reached the disk.
    private readonly HashSet<LoggedRoom> _failedRooms = [];

    // Null after a failure, until the next transaction opens a new connection.
    private StorageWriter? _writer;

    public SqliteGroupCommit(SqliteStorage storage, SqliteConnection connection, ILogger logger)
        : base(storage, logger)
    {
        _storage = storage;
        _writeAheadLog = new WriteAheadLog(storage, logger);
        _writer = CreateWriter(connection);
        Start();
    }

    public void Dispose() => Stop();

    // On a full disk, the second attempt may have enough space, because its new connection first empties the write-ahead log.
    protected override StorageException? TryWrite(IReadOnlyList<WriteJob> batch)
    {
        try
        {
            // The log is full, because another program reads the database. Try again to empty the log: that program may have ended meanwhile.
            if (_writer is { } open && _writeAheadLog.FullReason is not null)
            {
                _writeAheadLog.TruncateIfDue(open.Connection);
                if (_writeAheadLog.FullReason is { } reason)
                    return new StorageException(reason);
            }

            _writer ??= Reopen();
            _writer.Begin("BEGIN IMMEDIATE", _storage.Time.GetUtcNow());
            foreach (var job in batch)
                job.Write(_writer);
            _writer.Commit();
            return null;
        }
#pragma warning disable CA1031 // an exception of a transaction must not end the writer's thread; the jobs get the exception
        catch (Exception fault)
#pragma warning restore CA1031
        {
            if (_writer is not null)
                _failedRooms.UnionWith(_writer.Events.RollBack());
            // Some faults leave the connection unusable, so the next transaction gets a new connection. Closing the connection rolls the
            // transaction back.
            _writer?.Dispose();
            _writer = null;
            return fault switch
            {
                StorageException known => known,
                SqliteException known => SqliteError.Translate(known, _storage.File),
                _ => new StorageException("the storage failed", fault),
            };
        }
    }

    protected override void OnBatchEnded()
    {
        if (_writer is { } writer)
            _writeAheadLog.TruncateIfDue(writer.Connection);
    }

    protected override void Close() => _writer?.Dispose();

    private StorageWriter CreateWriter(SqliteConnection connection) => new(connection, new EventStatements(connection, _storage.Options.Search), _storage);

    private StorageWriter Reopen()
    {
        var writer = CreateWriter(_storage.OpenForWriting());
        try
        {
            WriteAheadLog.TryTruncate(writer.Connection);
            writer.Begin("BEGIN IMMEDIATE", _storage.Time.GetUtcNow());
            foreach (var room in _failedRooms)
                writer.Events.RemoveUnacknowledged(room);
            writer.Commit();
            _failedRooms.Clear();
            return writer;
        }
        catch
        {
            writer.Dispose();
            throw;
        }
    }
}
