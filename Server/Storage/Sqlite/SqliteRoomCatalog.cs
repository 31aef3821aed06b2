namespace RawSocketChat.Server.Storage.Sqlite;

/// <summary>The rooms in the database.</summary>
public sealed class SqliteRoomCatalog(SqliteStorage storage) : IRoomCatalog
{
    public ValueTask<IReadOnlyList<StoredRoom>> LoadRoomsAsync(CancellationToken cancellationToken) =>
        storage.Readers.ReadAsync<IReadOnlyList<StoredRoom>>(reader => reader.Rooms(), cancellationToken);

    public ValueTask<bool> TryCreateRoomAsync(StoredRoom room, CancellationToken cancellationToken) =>
        storage.State.Find(room.Name) is not null ? new(false) : SqliteRoomLog.AddAsync(storage, room, cancellationToken);

    public ValueTask<IReadOnlyList<string>> RoomsOfAsync(string user, CancellationToken cancellationToken) =>
        storage.Readers.ReadAsync<IReadOnlyList<string>>(reader => reader.RoomsOf(user), cancellationToken);

    public ValueTask SetMemberAsync(string room, string user, bool isMember, CancellationToken cancellationToken) =>
        storage.WriteAsync(writer => writer.Rooms.SetMember(storage.State.Of(room), user, isMember, storage.Now), cancellationToken);

    public ValueTask<long> MarkReadAsync(string room, string user, long seq, CancellationToken cancellationToken) =>
        storage.WriteAsync(writer => writer.Rooms.Mark(storage.State.Of(room), user, seq), cancellationToken);

    public ValueTask<long> ReadMarkAsync(string room, string user, CancellationToken cancellationToken) =>
        storage.Readers.ReadAsync(reader => reader.Mark(user, storage.State.Of(room)), cancellationToken);
}
