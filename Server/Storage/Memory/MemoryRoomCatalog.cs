namespace RawSocketChat.Server.Storage.Memory;

/// <summary>Keeps rooms in memory, until the process ends. All tasks complete synchronously.</summary>
/// <param name="log">The logs of the rooms, which have the current topics.</param>
public sealed class MemoryRoomCatalog(MemoryRoomLog log, TimeProvider time) : IRoomCatalog
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, (StoredRoom Room, DateTimeOffset CreatedAt)> _rooms = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, string> _namesBySkeleton = [];
    private readonly Dictionary<string, List<string>> _members = [];
    private readonly Dictionary<(string User, string Room), long> _readMarks = [];

    public ValueTask<int> CountRoomsAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
            return new(_rooms.Count);
    }

    public ValueTask<StoredRoom?> FindRoomAsync(string name, CancellationToken cancellationToken)
    {
        lock (_gate)
            return new(_rooms.TryGetValue(name, out var found) ? WithTopic(found.Room) : null);
    }

    public ValueTask<IReadOnlyList<StoredRoom>> ListRoomsAsync(string user, string match, int max, CancellationToken cancellationToken)
    {
        lock (_gate)
            return new([.. GetVisible(user).Where(room => room.Name.Contains(match, StringComparison.OrdinalIgnoreCase)).Take(max)]);
    }

    public ValueTask<IReadOnlyList<StoredRoom>> ListNeighborsAsync(string user, string name, int max, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            var before = GetVisible(user).Where(room => StringComparer.OrdinalIgnoreCase.Compare(room.Name, name) < 0).ToArray();
            return new([.. before.TakeLast(max), .. GetVisible(user).Skip(before.Length).Take(max)]);
        }
    }

    public ValueTask<RoomCreation> CreateRoomAsync(StoredRoom room, int maxOfOwner, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (room.Owner is not null && _rooms.Values.Count(other => other.Room.Owner == room.Owner) >= maxOfOwner)
                return new(RoomCreation.TooManyRoomsOfOwner);
            if (room.Skeletons.Any(_namesBySkeleton.ContainsKey) || !_rooms.TryAdd(room.Name, (room with { Skeletons = [] }, time.GetUtcNow())))
                return new(RoomCreation.NameTaken);
            foreach (var skeleton in room.Skeletons)
                _namesBySkeleton.Add(skeleton, room.Name);
            return new(RoomCreation.Created);
        }
    }

    public ValueTask<IReadOnlyList<string>> ListEmptyRoomsAsync(DateTimeOffset createdBefore, string after, int max, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return new(_rooms.Values
                .Where(entry => IsEmpty(entry, createdBefore) && StringComparer.OrdinalIgnoreCase.Compare(entry.Room.Name, after) > 0)
                .Select(entry => entry.Room.Name).Order(StringComparer.OrdinalIgnoreCase).Take(max).ToArray());
        }
    }

    public ValueTask<bool> RemoveEmptyRoomAsync(string name, DateTimeOffset createdBefore, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (!_rooms.TryGetValue(name, out var found) || !IsEmpty(found, createdBefore))
                return new(false);
            _rooms.Remove(name);
            foreach (var skeleton in _namesBySkeleton.Where(entry => entry.Value == found.Room.Name).Select(entry => entry.Key).ToArray())
                _namesBySkeleton.Remove(skeleton);
            log.Remove(name);
            foreach (var (user, rooms) in _members.ToArray())
            {
                if (rooms.RemoveAll(room => room.Equals(name, StringComparison.OrdinalIgnoreCase)) > 0 && rooms.Count == 0)
                    _members.Remove(user);
            }

            foreach (var key in _readMarks.Keys.Where(key => key.Room.Equals(name, StringComparison.OrdinalIgnoreCase)).ToArray())
                _readMarks.Remove(key);
            return new(true);
        }
    }

    public ValueTask<IReadOnlyList<string>> GetRoomsAsync(string user, CancellationToken cancellationToken)
    {
        lock (_gate)
            return new(_members.TryGetValue(user, out var rooms) ? [.. rooms] : []);
    }

    public ValueTask SetMemberAsync(string room, string user, bool isMember, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (!_rooms.TryGetValue(room, out var stored))
                return default;
            if (!_members.TryGetValue(user, out var rooms))
                _members.Add(user, rooms = []);
            var index = rooms.FindIndex(known => known.Equals(room, StringComparison.OrdinalIgnoreCase));
            if (isMember && index < 0)
                rooms.Add(stored.Room.Name);
            else if (!isMember && index >= 0)
                rooms.RemoveAt(index);
            if (rooms.Count == 0)
                _members.Remove(user);
        }

        return default;
    }

    public ValueTask<long> AdvanceReadMarkAsync(string room, string user, long seq, CancellationToken cancellationToken)
    {
        lock (_gate)
            return new(_readMarks[CreateKey(room, user)] = Math.Max(seq, _readMarks.GetValueOrDefault(CreateKey(room, user))));
    }

    public ValueTask<long> GetReadMarkAsync(string room, string user, CancellationToken cancellationToken)
    {
        lock (_gate)
            return new(_readMarks.GetValueOrDefault(CreateKey(room, user)));
    }

    private IOrderedEnumerable<StoredRoom> GetVisible(string user)
    {
        var joined = _members.GetValueOrDefault(user, []);
        return _rooms.Values
            .Select(entry => WithTopic(entry.Room))
            .Where(room => !room.IsPrivate || room.Owner == user || joined.Contains(room.Name, StringComparer.OrdinalIgnoreCase))
            .OrderBy(room => room.Name, StringComparer.OrdinalIgnoreCase);
    }

    private StoredRoom WithTopic(StoredRoom room) => log.FindTopic(room.Name) is { } topic ? room with { Topic = topic } : room;

    private bool IsEmpty((StoredRoom Room, DateTimeOffset CreatedAt) entry, DateTimeOffset createdBefore) =>
        entry.CreatedAt < createdBefore && !log.HasEvents(entry.Room.Name);

    private static (string, string) CreateKey(string room, string user) => (user, room.ToUpperInvariant());
}
