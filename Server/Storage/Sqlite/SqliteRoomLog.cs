using System.Security.Cryptography;

namespace RawSocketChat.Server.Storage.Sqlite;

/// <summary>The logs in the database.</summary>
public sealed class SqliteRoomLog(SqliteStorage storage) : IRoomLog
{
    public async ValueTask<RoomLogState> OpenAsync(string room, CancellationToken cancellationToken)
    {
        if (storage.State.Find(room) is null)
            await AddAsync(storage, new StoredRoom(room, "", Owner: null, IsPrivate: false), cancellationToken);
        return storage.State.Of(room).State;
    }

    public ValueTask<IReadOnlyList<Appended>> AppendAsync(string room, IReadOnlyList<NewEvent> batch, CancellationToken cancellationToken)
    {
        var log = storage.State.Of(room);
        if (storage.State.IsJournalFull)
            throw new StorageException("too many events wait to be put in their place");
        return storage.AppendAsync(log, batch, cancellationToken);
    }

    public ValueTask<IReadOnlyList<RoomEvent>> ReadAfterAsync(string room, long after, int most, int mostBytes, CancellationToken cancellationToken)
    {
        var log = storage.State.Of(room);
        var (unsettled, settled, first) = log.Look(after + 1, most);
        after = Math.Max(after, first - 1);
        return after >= settled ? new(unsettled.Page(most, mostBytes)) : ReadAsync();

        async ValueTask<IReadOnlyList<RoomEvent>> ReadAsync()
        {
            var page = await storage.ReadAsync($"room \"{log.Name}\"", reader => reader.After(log, after, settled, most, mostBytes), cancellationToken);
            // Where the byte bound ended it there is more between it and what is in memory.
            return page.Count > 0 && page[^1].Seq < settled ? page : page.Concat(unsettled).Page(most, mostBytes);
        }
    }

    public ValueTask<IReadOnlyList<RoomEvent>> ReadBeforeAsync(string room, long before, int most, int mostBytes, CancellationToken cancellationToken)
    {
        var log = storage.State.Of(room);
        var (unsettled, settled, first) = log.LookBack(before, most);
        var newest = unsettled.Reverse().Page(most, mostBytes);
        return newest.Count == most || newest.Count < unsettled.Count || first > settled ? new(Reversed(newest)) : ReadAsync();

        async ValueTask<IReadOnlyList<RoomEvent>> ReadAsync()
        {
            var below = Math.Min(before, settled + 1);
            var older = await storage.ReadAsync($"room \"{log.Name}\"", reader => reader.Before(log, below, first, most - newest.Count, mostBytes), cancellationToken);
            return Reversed(newest.Concat(older).Page(most, mostBytes));
        }
    }

    internal static ValueTask<bool> AddAsync(SqliteStorage storage, StoredRoom room, CancellationToken cancellationToken) =>
        AddAsync(storage, room, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8)), cancellationToken);

    private static async ValueTask<bool> AddAsync(SqliteStorage storage, StoredRoom room, string epoch, CancellationToken cancellationToken) =>
        await storage.WriteAsync(
            writer => writer.Rooms.TryAdd(room, epoch),
            cancellationToken,
            added =>
            {
                if (added is not null)
                    storage.State.Add(added);
            }) is not null;

    private static List<RoomEvent> Reversed(List<RoomEvent> page)
    {
        page.Reverse();
        return page;
    }
}
