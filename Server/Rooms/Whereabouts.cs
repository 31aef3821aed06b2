using System.Collections.Concurrent;

namespace RawSocketChat.Server.Rooms;

/// <summary>Which rooms a user is in, by whichever connection. Kept by the rooms' loops, read by anybody.</summary>
public sealed class Whereabouts
{
    private readonly ConcurrentDictionary<string, RoomLoop[]> _rooms = new();

    public IReadOnlyList<RoomLoop> Of(string user) => _rooms.TryGetValue(user, out var rooms) ? rooms : [];

    internal void Add(string user, RoomLoop room) => _rooms.AddOrUpdate(user, _ => [room], (_, rooms) => [.. rooms, room]);

    internal void Remove(string user, RoomLoop room)
    {
        while (_rooms.TryGetValue(user, out var rooms))
        {
            var rest = Array.FindAll(rooms, other => other != room);
            var done = rest.Length == 0
                ? _rooms.TryRemove(KeyValuePair.Create(user, rooms))
                : _rooms.TryUpdate(user, rest, rooms);
            if (done)
                return;
        }
    }
}
