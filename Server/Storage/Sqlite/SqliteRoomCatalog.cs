namespace RawSocketChat.Server.Storage.Sqlite;

/// <summary>The rooms in the database.</summary>
public sealed class SqliteRoomCatalog(SqliteStorage storage) : IRoomCatalog
{
    public ValueTask<IReadOnlyList<StoredRoom>> LoadRoomsAsync(CancellationToken cancellationToken) =>
        storage.ReadAsync<IReadOnlyList<StoredRoom>>("the rooms", reader => reader.Rooms(), cancellationToken);

    public ValueTask<bool> TryCreateRoomAsync(StoredRoom room, CancellationToken cancellationToken) =>
        storage.State.Find(room.Name) is not null ? new(false) : SqliteRoomLog.AddAsync(storage, room, cancellationToken);

    public ValueTask<IReadOnlyList<string>> RoomsOfAsync(string user, CancellationToken cancellationToken) =>
        storage.ReadAsync<IReadOnlyList<string>>("the memberships", reader => reader.RoomsOf(user), cancellationToken);

    public ValueTask SetMemberAsync(string room, string user, bool isMember, CancellationToken cancellationToken)
    {
        // Found here: what is wrong with one call must not undo the others of its transaction.
        var found = storage.State.Of(room);
        return storage.WriteAsync(writer => writer.Rooms.SetMember(found, user, isMember, storage.Now), cancellationToken);
    }

    public ValueTask<long> MarkReadAsync(string room, string user, long seq, CancellationToken cancellationToken)
    {
        var found = storage.State.Of(room);
        return storage.WriteAsync(writer => writer.Rooms.Mark(found, user, seq), cancellationToken);
    }

    public ValueTask<long> ReadMarkAsync(string room, string user, CancellationToken cancellationToken) =>
        storage.ReadAsync("the read marks", reader => reader.Mark(user, storage.State.Of(room)), cancellationToken);
}
