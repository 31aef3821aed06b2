using Dapper;

namespace RawSocketChat.Server.Storage.Sql.Maintenance;

/// <summary>Removes a room from a database that no server uses, in one transaction.</summary>
public static class RoomRemoval
{
    /// <summary>Removes a room, its events with their client ids, its members and their read marks. The letter case of the name does not matter.</summary>
    /// <param name="names">The names of all rooms, if the result is null.</param>
    /// <returns>The name of the removed room and the number of its events; null if there is no such room.</returns>
    /// <exception cref="StorageException">A server uses the database, or the database cannot be written.</exception>
    public static (string Room, long Events)? Run(ChatDatabase database, string name, out IReadOnlyList<string> names, CancellationToken cancel)
    {
        IReadOnlyList<string> roomNames = [];
        var removed = OfflineTransaction.Run<(string, long)?>(
            database,
            transaction =>
            {
                var connection = transaction.Connection;
                if (LoggedRoom.Find(connection, RoomCache.GetKey(name)) is not { } room)
                {
                    roomNames = connection.Query<string>("SELECT name FROM rooms ORDER BY id").AsList();
                    return null;
                }

                cancel.ThrowIfCancellationRequested();
                var events = connection.Execute("DELETE FROM events WHERE room = @Id", new { room.Id });
                connection.Execute("DELETE FROM client_ids WHERE room = @Id; DELETE FROM rooms WHERE id = @Id", new { room.Id });
                return (room.Name, events);
            },
            cancel);
        names = roomNames;
        return removed;
    }
}
