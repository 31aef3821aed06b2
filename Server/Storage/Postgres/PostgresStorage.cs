using Dapper;
using Microsoft.Extensions.Options;
using Npgsql;
using RawSocketChat.Server.Storage.Sql;
using RawSocketChat.Server.Storage.Sqlite;

namespace RawSocketChat.Server.Storage.Postgres;

/// <summary>
/// A PostgreSQL database: one connection that writes (<see cref="PostgresGroupCommit"/>) and a few that read. The data folder has only the files
/// that users upload. The constructor opens the database, so the server does not start with an unusable database.
/// </summary>
public sealed class PostgresStorage : SqlStorage, IDisposable
{
    private readonly DataFolder _folder;
    private readonly PostgresDatabase _database;
    private readonly PostgresGroupCommit _writer;
    private readonly PostgresReaders _readers;
    private readonly PostgresNodes? _nodes;
    private readonly PostgresSearch _search;
    private readonly ReadFaultLog _faults;
    private readonly IHostApplicationLifetime? _lifetime;
    private readonly ILogger _logger;
    private bool _hasLostCommits;

    /// <param name="options">The settings.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Receives the faults.</param>
    /// <param name="lifetime">Stops the server if the database has lost acknowledged messages.</param>
    /// <exception cref="StorageException">The folder or the database cannot be used.</exception>
    public PostgresStorage(IOptions<DataOptions> options, TimeProvider time, ILogger<PostgresStorage> logger, IHostApplicationLifetime? lifetime = null)
        : base(options.Value, time)
    {
        (_logger, _lifetime) = (logger, lifetime);
        _faults = new ReadFaultLog(time, logger);
        _folder = DataFolder.LockWithoutCheck(Options.Path, "stop that server, or use another folder for this one");
        try
        {
            _database = new PostgresDatabase(Options);
            _readers = new PostgresReaders(_database);
            _search = new PostgresSearch(_database);
            _writer = new PostgresGroupCommit(this, _database, logger);
            if (Options.Nodes)
                _nodes = new PostgresNodes(this, _database, _writer.Node, logger);
        }
        catch
        {
            _search?.Dispose();
            _readers?.Dispose();
            _writer?.Dispose();
            _folder.Dispose();
            throw;
        }
    }

    public override string Folder => _folder.Path;

    public override string Location => _database.Location;

    /// <summary>The other servers that use the database.</summary>
    public INodes Nodes => _nodes ?? (INodes)SingleNode.Instance;

    private protected override GroupCommit Writer => _writer;

    public void Dispose()
    {
        _nodes?.Dispose();
        _search.Dispose();
        _readers.Dispose();
        _writer.Dispose();
        _folder.Dispose();
    }

    // Each transaction increments a number in the database, so even a transaction that changes no other data is a write.
    internal override async ValueTask ProbeWriteAsync() => await WriteAsync(_ => true, CancellationToken.None);

    internal override void OnAppended(LoggedRoom room) => _nodes?.AnnounceEvents(room.Name, room.LastSeq);

    internal override ValueTask<T> ReadAsync<T>(string what, Func<StorageReader, T> read, CancellationToken cancellationToken) =>
        TranslateAsync(what, _readers.ReadAsync(read, cancellationToken));

    internal override ValueTask<SearchPage> SearchAsync(
        MessageQuery query, IReadOnlyList<long> rooms, IReadOnlyList<long> exceptRooms, CancellationToken cancellationToken) =>
        TranslateAsync("the search index", _search.SearchAsync(query, rooms, exceptRooms, IsHidden, cancellationToken));

    internal override ValueTask<long> GetUsedBytesAsync(CancellationToken cancellationToken) =>
        ReadAsync("the size of the database", reader => reader.Connection.ExecuteScalar<long>("SELECT pg_database_size(current_database())"), cancellationToken);

    /// <summary>
    /// Stops the server, because the database does not have the last acknowledged commits: the operator has promoted a standby that was behind. The
    /// logs that have lost events get new epochs, so that the clients read them again after the restart.
    /// </summary>
    internal StorageException OnCommitsLost(NpgsqlConnection connection, long count)
    {
        var message = $"{Location} has lost the last {count} acknowledged commits, because a standby that was behind became the primary";
        if (!_hasLostCommits)
        {
            _hasLostCommits = true;
            foreach (var room in Rooms.Open)
            {
                connection.Execute(
                    "UPDATE rooms SET epoch = @Epoch WHERE id = @Id AND COALESCE((SELECT MAX(seq) FROM events WHERE room = @Id), first_seq - 1) < @LastSeq",
                    new { room.Id, room.LastSeq, Epoch = SqlRoomCatalog.CreateEpoch() });
            }

            Log.CommitsLost(_logger, message);
            _lifetime?.StopApplication();
        }

        return new StorageException(message) { Setting = nameof(DataOptions.Postgres) };
    }

    private async ValueTask<T> TranslateAsync<T>(string what, ValueTask<T> read)
    {
        try
        {
            return await read;
        }
        catch (Exception fault) when (fault is NpgsqlException or TimeoutException or IOException or StorageException or ArgumentOutOfRangeException)
        {
            throw _faults.Report(what, PostgresError.Translate(fault, Location));
        }
    }
}
