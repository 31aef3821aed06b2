namespace RawSocketChat.Server.Storage.Memory;

/// <summary>Rooms that live as long as the process. All tasks complete at once.</summary>
public sealed class MemoryRoomCatalog : IRoomCatalog
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, StoredRoom> _rooms = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, List<string>> _members = [];
    private readonly Dictionary<(string User, string Room), long> _marks = [];

    public ValueTask<IReadOnlyList<StoredRoom>> LoadRoomsAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
            return new([.. _rooms.Values]);
    }

    public ValueTask<bool> TryCreateRoomAsync(StoredRoom room, CancellationToken cancellationToken)
    {
        lock (_gate)
            return new(_rooms.TryAdd(room.Name, room));
    }

    public ValueTask<IReadOnlyList<string>> RoomsOfAsync(string user, CancellationToken cancellationToken)
    {
        lock (_gate)
            return new(_members.TryGetValue(user, out var rooms) ? [.. rooms] : []);
    }

    public ValueTask SetMemberAsync(string room, string user, bool isMember, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (!_members.TryGetValue(user, out var rooms))
                _members.Add(user, rooms = []);
            var place = rooms.FindIndex(known => known.Equals(room, StringComparison.OrdinalIgnoreCase));
            if (isMember && place < 0)
                rooms.Add(_rooms[room].Name);
            else if (!isMember && place >= 0)
                rooms.RemoveAt(place);
            if (rooms.Count == 0)
                _members.Remove(user);
        }

        return default;
    }

    public ValueTask<long> MarkReadAsync(string room, string user, long seq, CancellationToken cancellationToken)
    {
        lock (_gate)
            return new(_marks[Key(room, user)] = Math.Max(seq, _marks.GetValueOrDefault(Key(room, user))));
    }

    public ValueTask<long> ReadMarkAsync(string room, string user, CancellationToken cancellationToken)
    {
        lock (_gate)
            return new(_marks.GetValueOrDefault(Key(room, user)));
    }

    private static (string, string) Key(string room, string user) => (user, room.ToUpperInvariant());
}
