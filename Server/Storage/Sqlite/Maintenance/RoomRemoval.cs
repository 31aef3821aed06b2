using Dapper;
using RawSocketChat.Server.Storage.Sql;

namespace RawSocketChat.Server.Storage.Sqlite.Maintenance;

/// <summary>Removes a room from a folder that no server uses, in one transaction.</summary>
public static class RoomRemoval
{
    /// <summary>Removes a room, its events with their client ids, its members and their read marks. The letter case of the name does not matter.</summary>
    /// <param name="names">The names of all rooms, if the result is null.</param>
    /// <returns>The name of the removed room and the number of its events; null if there is no such room.</returns>
    /// <exception cref="StorageException">The database cannot be written.</exception>
    public static (string Room, long Events)? Run(DataFolder folder, string name, out IReadOnlyList<string> names, CancellationToken cancel)
    {
        IReadOnlyList<string> roomNames = [];
        var removed = OfflineTransaction.Run<(string, long)?>(
            folder,
            connection =>
            {
                if (LoggedRoom.Find(connection, RoomCache.GetKey(name)) is not { } room)
                {
                    roomNames = connection.Query<string>("SELECT name FROM rooms ORDER BY id").AsList();
                    return null;
                }

                cancel.ThrowIfCancellationRequested();
                var events = connection.Execute("DELETE FROM events WHERE room = @Id", room);
                connection.Execute("DELETE FROM client_ids WHERE room = @Id; DELETE FROM rooms WHERE id = @Id", room);
                return (room.Name, events);
            },
            cancel);
        names = roomNames;
        return removed;
    }
}
