using System.Collections.Concurrent;

namespace RawSocketChat.Server.Rooms;

/// <summary>The rooms in which each user has a connection. The rooms' loops change this index; any thread may read it.</summary>
public sealed class UserRoomIndex
{
    private readonly ConcurrentDictionary<string, RoomLoop[]> _rooms = new();

    /// <summary>The rooms in which a user has a connection; empty if there is none.</summary>
    public IReadOnlyList<RoomLoop> GetRooms(string user) => _rooms.TryGetValue(user, out var rooms) ? rooms : [];

    internal void Add(string user, RoomLoop room) => _rooms.AddOrUpdate(user, _ => [room], (_, rooms) => [.. rooms, room]);

    internal void Remove(string user, RoomLoop room)
    {
        while (_rooms.TryGetValue(user, out var rooms))
        {
            var rest = Array.FindAll(rooms, other => other != room);
            var isRemoved = rest.Length == 0
                ? _rooms.TryRemove(KeyValuePair.Create(user, rooms))
                : _rooms.TryUpdate(user, rest, rooms);
            if (isRemoved)
                return;
        }
    }
}
