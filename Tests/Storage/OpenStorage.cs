using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Sqlite;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Storage;

/// <summary>A database in a folder of its own, which can be closed and opened again.</summary>
public sealed class OpenStorage : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly DataOptions _options;
    private readonly TimeProvider _time;

    public OpenStorage(TimeProvider? time = null, int keepEvents = 0)
    {
        _time = time ?? TimeProvider.System;
        _options = new DataOptions { Path = _folder.Path, KeepEvents = keepEvents };
        Storage = Open();
    }

    public string Folder => _folder.Path;

    public SqliteStorage Storage { get; private set; }

    public IRoomLog Log => new SqliteRoomLog(Storage);

    public IRoomCatalog Catalog => new SqliteRoomCatalog(Storage);

    public IIdentityStore Identities => new SqliteIdentityStore(Storage);

    /// <summary>As a server that ends and one that starts on the same folder.</summary>
    public void Reopen(int? keepEvents = null)
    {
        Storage.Dispose();
        _options.KeepEvents = keepEvents ?? _options.KeepEvents;
        Storage = Open();
    }

    /// <summary>As the next server finds it where this one is killed now: a copy.</summary>
    public OpenStorage AfterAKill()
    {
        var copy = new OpenStorage(_time, _options.KeepEvents);
        copy.Storage.Dispose();
        foreach (var file in Directory.GetFiles(copy.Folder, DataFolder.DatabaseName + "*"))
            File.Delete(file);
        foreach (var name in (string[])[DataFolder.DatabaseName, DataFolder.DatabaseName + "-wal"])
            File.Copy(Path.Combine(Folder, name), Path.Combine(copy.Folder, name));
        copy.Storage = copy.Open();
        return copy;
    }

    /// <summary>As a second server on the same folder.</summary>
    public SqliteStorage OpenAnother() => Open();

    public void Dispose()
    {
        Storage.Dispose();
        _folder.Dispose();
    }

    private SqliteStorage Open() => new(Options.Create(_options), _time, NullLogger<SqliteStorage>.Instance);
}
