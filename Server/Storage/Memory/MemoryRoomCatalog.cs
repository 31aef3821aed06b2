namespace RawSocketChat.Server.Storage.Memory;

/// <summary>Keeps rooms in memory, until the process ends. All tasks complete synchronously.</summary>
public sealed class MemoryRoomCatalog : IRoomCatalog
{
    private readonly MemoryRoomLog _log;
    private readonly MemoryTokenStore _tokens;
    private readonly MemoryWebhookStore _webhooks;
    private readonly MemoryIdentityStore _identities;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, (StoredRoom Room, DateTimeOffset CreatedAt)> _rooms = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, string> _namesBySkeleton = [];
    private readonly Dictionary<string, List<string>> _members = [];
    private readonly Dictionary<(string User, string Room), long> _readMarks = [];
    private readonly Dictionary<(string User, string Room), string> _notifyLevels = [];

    /// <param name="log">The logs of the rooms, which have the current topics, roles and bans.</param>
    /// <param name="tokens">The tokens of the rooms.</param>
    /// <param name="webhooks">The webhooks of the rooms.</param>
    /// <param name="identities">The accounts and sessions. A user who has no account and no session owns no room.</param>
    /// <param name="time">The clock.</param>
    public MemoryRoomCatalog(MemoryRoomLog log, MemoryTokenStore tokens, MemoryWebhookStore webhooks, MemoryIdentityStore identities, TimeProvider time)
    {
        (_log, _tokens, _webhooks, _identities, _time) = (log, tokens, webhooks, identities, time);
        log.Moderated += OnModerated;
    }

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

    public ValueTask<StoredRoom?> FindSimilarRoomAsync(IReadOnlyList<string> skeletons, CancellationToken cancellationToken)
    {
        lock (_gate)
            return new(skeletons.Select(skeleton => _namesBySkeleton.GetValueOrDefault(skeleton)).FirstOrDefault(name => name is not null) is { } found ? WithTopic(_rooms[found].Room) : null);
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
            if (room.Skeletons.Any(_namesBySkeleton.ContainsKey) || !_rooms.TryAdd(room.Name, (room with { Skeletons = [] }, _time.GetUtcNow())))
                return new(RoomCreation.NameTaken);
            foreach (var skeleton in room.Skeletons)
                _namesBySkeleton.Add(skeleton, room.Name);
            _tokens.AddRoom(room.Name);
            _webhooks.AddRoom(room.Name);
            return new(RoomCreation.Created);
        }
    }

    public ValueTask<IReadOnlyList<string>> ListEmptyRoomsAsync(DateTimeOffset createdBefore, string after, int max, CancellationToken cancellationToken) =>
        List(entry => IsEmpty(entry, createdBefore), after, max);

    public ValueTask<bool> RemoveEmptyRoomAsync(string name, DateTimeOffset createdBefore, CancellationToken cancellationToken) =>
        RemoveIf(name, entry => IsEmpty(entry, createdBefore));

    public ValueTask<bool> RemoveRoomAsync(string name, CancellationToken cancellationToken) => RemoveIf(name, _ => true);

    public ValueTask<IReadOnlyList<string>> ListAbandonedRoomsAsync(DateTimeOffset unusedSince, string after, int max, CancellationToken cancellationToken) =>
        List(entry => IsAbandoned(entry, unusedSince), after, max);

    public ValueTask<bool> RemoveAbandonedRoomAsync(string name, DateTimeOffset unusedSince, CancellationToken cancellationToken) =>
        RemoveIf(name, entry => IsAbandoned(entry, unusedSince));

    public ValueTask<DateTimeOffset?> FindNewestTimeAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
            return new(_rooms.Keys.Max(_log.FindLastTime));
    }

    public ValueTask EraseRemovedAsync(CancellationToken cancellationToken) => default;

    public ValueTask<IReadOnlyList<string>> GetRoomsAsync(string user, CancellationToken cancellationToken)
    {
        lock (_gate)
            return new(_members.TryGetValue(user, out var rooms) ? [.. rooms] : []);
    }

    public ValueTask SetMemberAsync(string room, string user, bool isMember, long readSeq, CancellationToken cancellationToken)
    {
        SetMember(room, user, isMember, readSeq);
        return default;
    }

    public ValueTask<MemberState?> GetMemberAsync(string room, string user, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            var isMember = IsMember(room, user);
            var hasMark = _readMarks.TryGetValue(CreateKey(room, user), out var readSeq);
            if (!isMember && !hasMark && !_notifyLevels.ContainsKey(CreateKey(room, user)))
                return new((MemberState?)null);
            var (unread, mentions) = _log.CountUnread(room, user, readSeq);
            return new(new MemberState(isMember, readSeq, _notifyLevels.GetValueOrDefault(CreateKey(room, user), "all"), unread, mentions));
        }
    }

    public ValueTask SetNotifyAsync(string room, string user, string level, CancellationToken cancellationToken)
    {
        lock (_gate)
            _notifyLevels[CreateKey(room, user)] = level;
        return default;
    }

    public ValueTask<RoomModeration> GetModerationAsync(string room, CancellationToken cancellationToken)
    {
        lock (_gate)
            return new(GetModeration(room));
    }

    public ValueTask<IReadOnlyList<BannedRoom>> ListBannedRoomsAsync(string user, string? address, DateTimeOffset now, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            var rooms = _rooms.Keys.Select(room => (Room: room, Moderation: GetModeration(room))).Where(entry => entry.Moderation.Bans.Count > 0).ToArray();
            return new([
                .. rooms.Where(entry => entry.Moderation.FindBan(user, now) is not null).Select(entry => new BannedRoom(entry.Room, IsByAddress: false)),
                .. rooms.Where(entry => address is not null && entry.Moderation.FindBanOfAddress(address, now) is not null).Select(entry => new BannedRoom(entry.Room, IsByAddress: true)),
            ]);
        }
    }

    public ValueTask<long> AdvanceReadMarkAsync(string room, string user, long seq, CancellationToken cancellationToken)
    {
        lock (_gate)
            return new(_readMarks[CreateKey(room, user)] = Math.Max(seq, _readMarks.GetValueOrDefault(CreateKey(room, user))));
    }

    private IOrderedEnumerable<StoredRoom> GetVisible(string user)
    {
        return _rooms.Values
            .Select(entry => WithTopic(entry.Room) with { IsOwned = GetModeration(entry.Room.Name).GetRole(user) == RoomRole.Owner })
            .Where(room => !room.IsPrivate || room.IsOwned || IsMember(room.Name, user))
            .OrderBy(room => room.Name, StringComparer.OrdinalIgnoreCase);
    }

    private void SetMember(string room, string user, bool isMember, long readSeq)
    {
        lock (_gate)
        {
            if (!_rooms.TryGetValue(room, out var stored))
                return;
            if (!_members.TryGetValue(user, out var rooms))
                _members.Add(user, rooms = []);
            var index = rooms.FindIndex(known => known.Equals(room, StringComparison.OrdinalIgnoreCase));
            if (isMember && index < 0)
            {
                rooms.Add(stored.Room.Name);
                _readMarks.TryAdd(CreateKey(room, user), readSeq);
            }
            else if (!isMember && index >= 0)
                rooms.RemoveAt(index);
            if (rooms.Count == 0)
                _members.Remove(user);
        }
    }

    // The caller holds the lock.
    private void Remove(string name)
    {
        _rooms.Remove(name);
        foreach (var skeleton in _namesBySkeleton.Where(entry => entry.Value == name).Select(entry => entry.Key).ToArray())
            _namesBySkeleton.Remove(skeleton);
        _log.Remove(name);
        _tokens.RemoveRoom(name);
        _webhooks.RemoveRoom(name);
        foreach (var (user, rooms) in _members.ToArray())
        {
            if (rooms.RemoveAll(room => room.Equals(name, StringComparison.OrdinalIgnoreCase)) > 0 && rooms.Count == 0)
                _members.Remove(user);
        }

        foreach (var key in _readMarks.Keys.Concat(_notifyLevels.Keys).Where(key => key.Room.Equals(name, StringComparison.OrdinalIgnoreCase)).ToArray())
        {
            _readMarks.Remove(key);
            _notifyLevels.Remove(key);
        }
    }

    // MemoryRoomLog stores only the action, and this catalog stores the memberships. (With SQL, the log changes the memberships too.)
    private void OnModerated(string room, ModerationDetails done)
    {
        if (RoomModeration.RemovesUser(done))
            SetMember(room, done.User!, isMember: false, readSeq: 0);
    }

    private bool IsMember(string room, string user) => _members.TryGetValue(user, out var rooms) && rooms.Contains(room, StringComparer.OrdinalIgnoreCase);

    private RoomModeration GetModeration(string room)
    {
        var moderation = _log.GetModeration(room);
        return _rooms.TryGetValue(room, out var found) && found.Room.Owner is { } owner && !moderation.Roles.ContainsKey(owner)
            ? moderation with { Roles = moderation.Roles.Add(owner, RoomRole.Owner) }
            : moderation;
    }

    private StoredRoom WithTopic(StoredRoom room) => _log.FindTopic(room.Name) is { } topic ? room with { Topic = topic } : room;

    private ValueTask<IReadOnlyList<string>> List(Predicate<(StoredRoom Room, DateTimeOffset CreatedAt)> condition, string after, int max)
    {
        lock (_gate)
        {
            return new(_rooms.Values
                .Where(entry => StringComparer.OrdinalIgnoreCase.Compare(entry.Room.Name, after) > 0 && condition(entry))
                .Select(entry => entry.Room.Name).Order(StringComparer.OrdinalIgnoreCase).Take(max).ToArray());
        }
    }

    private ValueTask<bool> RemoveIf(string name, Predicate<(StoredRoom Room, DateTimeOffset CreatedAt)> condition)
    {
        lock (_gate)
        {
            if (!_rooms.TryGetValue(name, out var found) || !condition(found))
                return new(false);
            Remove(found.Room.Name);
            return new(true);
        }
    }

    private bool IsEmpty((StoredRoom Room, DateTimeOffset CreatedAt) entry, DateTimeOffset createdBefore) =>
        entry.CreatedAt < createdBefore && !_log.HasEvents(entry.Room.Name) && !_tokens.HasTokens(entry.Room.Name) && !_webhooks.HasWebhook(entry.Room.Name);

    private bool IsAbandoned((StoredRoom Room, DateTimeOffset CreatedAt) entry, DateTimeOffset unusedSince) =>
        entry.CreatedAt < unusedSince && entry.Room.DirectUsers is null && !(_log.FindLastTime(entry.Room.Name) >= unusedSince)
        && !GetModeration(entry.Room.Name).Roles.Any(role => role.Value == RoomRole.Owner && _identities.HasUser(role.Key));

    private static (string, string) CreateKey(string room, string user) => (user, room.ToUpperInvariant());
}
