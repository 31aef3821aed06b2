using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Sql;
using RawSocketChat.Server.Storage.Sqlite;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Storage;

/// <summary>A database in a temporary folder, which can be closed and opened again.</summary>
public sealed class TestStorage : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly DataOptions _options;
    private readonly TimeProvider _time;

    public TestStorage(TimeProvider? time = null, int keepEvents = 0, int keepDays = 0, int maxWalMegabytes = 1_024, long maxBytes = 0)
    {
        _time = time ?? TimeProvider.System;
        _options = new DataOptions { Path = _folder.Path, KeepEvents = keepEvents, KeepDays = keepDays, MaxWalMegabytes = maxWalMegabytes, MaxBytes = maxBytes };
        Storage = Open();
    }

    public string Folder => _folder.Path;

    public SqliteStorage Storage { get; private set; }

    public IRoomLog Log => new SqlRoomLog(Storage);

    public IRoomCatalog Catalog => new SqlRoomCatalog(Storage);

    public IWebhookStore Webhooks => new SqlWebhookStore(Storage);

    public ITokenStore Tokens => new SqlTokenStore(Storage);

    public IFileStore Files => new SqlFileStore(Storage);

    public IIdentityStore Identities => new SqlIdentityStore(Storage);

    /// <summary>Closes the storage and opens it again, as a restart of the server does.</summary>
    public void Reopen(int? keepEvents = null)
    {
        Storage.Dispose();
        _options.KeepEvents = keepEvents ?? _options.KeepEvents;
        Storage = Open();
    }

    /// <summary>Copies the database files, as a kill of the server at this moment would leave them.</summary>
    public TestStorage CopyAsAfterKill()
    {
        var copy = new TestStorage(_time, _options.KeepEvents);
        copy.Storage.Dispose();
        foreach (var file in Directory.GetFiles(copy.Folder, DataFolder.DatabaseName + "*"))
            File.Delete(file);
        foreach (var name in (string[])[DataFolder.DatabaseName, DataFolder.DatabaseName + "-wal"])
            File.Copy(Path.Combine(Folder, name), Path.Combine(copy.Folder, name));
        copy.Storage = copy.Open();
        return copy;
    }

    /// <summary>Opens the folder a second time, like a second server.</summary>
    public SqliteStorage OpenSecond() => Open();

    public void Dispose()
    {
        Storage.Dispose();
        _folder.Dispose();
    }

    private SqliteStorage Open() => new(Options.Create(_options), _time, NullLogger<SqliteStorage>.Instance);
}
