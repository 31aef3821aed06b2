using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Sql;
using RawSocketChat.Server.Storage.Sqlite;

namespace RawSocketChat.Tests.Storage;

/// <summary>The database of a folder that a test has prepared.</summary>
internal sealed class SqliteFolder(string folder) : IDisposable
{
    private readonly SqliteStorage _storage = new(Options.Create(new DataOptions { Path = folder }), TimeProvider.System, NullLogger<SqliteStorage>.Instance);

    /// <summary>Appends an event to the room "lobby".</summary>
    public async Task AppendAsync(NewEvent added) => await new SqlRoomLog(_storage).AppendAsync("lobby", [added], default);

    public void Dispose() => _storage.Dispose();
}
