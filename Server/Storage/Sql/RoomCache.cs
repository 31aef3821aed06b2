using System.Collections.Concurrent;

namespace RawSocketChat.Server.Storage.Sql;

/// <summary>
/// The logs that are open. The state of a log is read from the database when a caller needs the log for the first time. Thread-safe.
/// </summary>
internal sealed class RoomCache(SqlStorage storage)
{
    private readonly ConcurrentDictionary<string, LoggedRoom> _byKey = new();

    /// <summary>All logs that are open.</summary>
    public IEnumerable<LoggedRoom> Open => _byKey.Values;

    /// <summary>Returns the key of a room's name. Names that differ only in letter case have the same key.</summary>
    public static string GetKey(string name) => name.ToUpperInvariant();

    /// <summary>Returns null if there is no room of that name.</summary>
    /// <exception cref="StorageException">The database cannot be read.</exception>
    public ValueTask<LoggedRoom?> FindAsync(string name, CancellationToken cancellationToken) =>
        _byKey.TryGetValue(GetKey(name), out var known) ? new(known) : LoadAsync(name, cancellationToken);

    /// <summary>Returns the log of a room. Reads its state from the database if the log is not open yet.</summary>
    /// <exception cref="StorageException">There is no room of that name, or the database cannot be read.</exception>
    public ValueTask<LoggedRoom> GetAsync(string name, CancellationToken cancellationToken)
    {
        return _byKey.TryGetValue(GetKey(name), out var known) ? new(known) : FindOrThrowAsync();

        async ValueTask<LoggedRoom> FindOrThrowAsync() =>
            await LoadAsync(name, cancellationToken) ?? throw new StorageException($"there is no room \"{name}\"");
    }

    /// <summary>
    /// Reads the newest state of a log from the database, because another server may have appended to the log, or removed the room and created another
    /// room with the same name.
    /// </summary>
    /// <returns>Null if there is no room of that name.</returns>
    /// <exception cref="StorageException">The database cannot be read.</exception>
    public async ValueTask<LoggedRoom?> RefreshAsync(string name, CancellationToken cancellationToken)
    {
        var key = GetKey(name);
        var loaded = await storage.ReadAsync($"room \"{name}\"", reader => LoggedRoom.Find(reader.Connection, key), cancellationToken);
        if (loaded is null)
        {
            Remove(key);
            return null;
        }

        var known = _byKey.AddOrUpdate(key, loaded, (_, known) => known.Id == loaded.Id && known.Epoch == loaded.Epoch ? known : loaded);
        known.AdvanceTo(loaded.LastSeq);
        known.TrimTo(loaded.FirstSeq);
        if (storage.Options.KeepEvents is > 0 and var keep)
            known.TrimTo(known.LastSeq + 1 - keep);
        return known;
    }

    /// <summary>Finds a log that is open, by the key of the room's name. Does not read the database.</summary>
    public LoggedRoom? FindOpen(string key) => _byKey.GetValueOrDefault(key);

    /// <summary>Removes the log of a room that was removed from the database.</summary>
    public void Remove(string key) => _byKey.TryRemove(key, out _);

    private async ValueTask<LoggedRoom?> LoadAsync(string name, CancellationToken cancellationToken)
    {
        var key = GetKey(name);
        var loaded = await storage.ReadAsync($"room \"{name}\"", reader => LoggedRoom.Find(reader.Connection, key), cancellationToken);
        if (loaded is null)
            return null;
        if (storage.Options.KeepEvents is > 0 and var keep)
            loaded.TrimTo(loaded.NextSeq - keep);
        // If another caller was faster, use the object of that caller. Each room has only one object, because the object assigns the seqs.
        return _byKey.GetOrAdd(key, loaded);
    }
}
