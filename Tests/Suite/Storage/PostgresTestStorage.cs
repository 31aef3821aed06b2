using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Postgres;
using RawSocketChat.Server.Storage.Sql;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Storage;

/// <summary>A database of the shared PostgreSQL server, which can be closed and opened again.</summary>
public sealed class PostgresTestStorage : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly DataOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<PostgresStorage> _logger;
    private readonly bool _isShared;
    private bool _isClosed;

    /// <param name="connectionString">The database. Null creates a new database on the shared server.</param>
    /// <param name="nodes">Whether other storages may use the same database.</param>
    public PostgresTestStorage(TimeProvider? time = null, int keepEvents = 0, int keepDays = 0, string? connectionString = null, ILogger<PostgresStorage>? logger = null, bool nodes = false)
    {
        _time = time ?? TimeProvider.System;
        _logger = logger ?? NullLogger<PostgresStorage>.Instance;
        _isShared = connectionString is null;
        ConnectionString = connectionString ?? PostgresServer.CreateDatabaseAsync().GetAwaiter().GetResult();
        _options = new DataOptions { Path = _folder.Path, KeepEvents = keepEvents, KeepDays = keepDays, Postgres = ConnectionString, Nodes = nodes };
        Storage = Open();
    }

    public string ConnectionString { get; }

    public PostgresStorage Storage { get; private set; }

    public IRoomLog Log => new SqlRoomLog(Storage);

    public IRoomCatalog Catalog => new SqlRoomCatalog(Storage);

    public IWebhookStore Webhooks => new SqlWebhookStore(Storage);

    public ITokenStore Tokens => new SqlTokenStore(Storage);

    public IFileStore Files => new SqlFileStore(Storage);

    public IIdentityStore Identities => new SqlIdentityStore(Storage);

    public IMessageSearch Search => new SqlMessageSearch(Storage);

    /// <summary>Closes the storage and opens it again, as a restart of the server does.</summary>
    public void Reopen()
    {
        Storage.Dispose();
        Storage = Open();
    }

    /// <summary>Closes the storage, as the end of the server does.</summary>
    public void Close()
    {
        if (!_isClosed)
            Storage.Dispose();
        _isClosed = true;
    }

    public void Dispose()
    {
        Close();
        _folder.Dispose();
        if (_isShared)
            PostgresServer.RemoveDatabase(ConnectionString);
    }

    private PostgresStorage Open() => new(Options.Create(_options), _time, _logger);
}
