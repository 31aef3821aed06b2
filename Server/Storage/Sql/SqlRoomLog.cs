namespace RawSocketChat.Server.Storage.Sql;

/// <summary>The logs in a SQL database.</summary>
public sealed class SqlRoomLog(SqlStorage storage) : IRoomLog
{
    public async ValueTask<RoomLogState> OpenAsync(string room, CancellationToken cancellationToken)
    {
        if (await storage.Rooms.FindAsync(room, cancellationToken) is { } known)
            return known.State;
        var created = new StoredRoom(room, "", Owner: null, IsPrivate: false);
        await storage.WriteAsync(writer => SqlRoomCatalog.AddRoom(writer.Connection, created, SqlRoomCatalog.CreateEpoch(), firstSeq: 1, storage.Time.GetUtcNow()), cancellationToken);
        return (await storage.Rooms.GetAsync(room, cancellationToken)).State;
    }

    public async ValueTask<IReadOnlyList<AppendResult>> AppendAsync(string room, IReadOnlyList<NewEvent> batch, CancellationToken cancellationToken)
    {
        var log = await storage.Rooms.GetAsync(room, cancellationToken);
        return await storage.AppendAsync(log, batch, results => OnCommitted(log, results), cancellationToken);
    }

    private void OnCommitted(LoggedRoom log, AppendResult[] results)
    {
        log.Publish(storage.Options.KeepEvents);
        if (Array.Exists(results, result => result.Event is not null))
            storage.OnAppended(log);
        if (Array.Exists(results, result => result.RemovesFiles))
            storage.AnnounceFilesRemoved();
    }

    public async ValueTask<IReadOnlyList<RoomEvent>> ReadAfterAsync(string room, long after, int max, int maxBytes, CancellationToken cancellationToken)
    {
        var log = await storage.Rooms.GetAsync(room, cancellationToken);
        var from = Math.Max(after, log.FirstSeq - 1);
        // Another server may have stored events that this server does not know yet.
        return from >= log.LastSeq && !storage.Options.Nodes
            ? []
            : await storage.ReadAsync($"room \"{log.Name}\"", reader => reader.ReadAfter(log.Id, from, max, maxBytes), cancellationToken);
    }

    public async ValueTask<IReadOnlyList<RoomEvent>> ReadBeforeAsync(string room, long before, int max, int maxBytes, CancellationToken cancellationToken)
    {
        var log = await storage.Rooms.GetAsync(room, cancellationToken);
        var first = log.FirstSeq;
        return before <= first
            ? []
            : await storage.ReadAsync($"room \"{log.Name}\"", reader => reader.ReadBefore(log.Id, before, first, max, maxBytes), cancellationToken);
    }
}
