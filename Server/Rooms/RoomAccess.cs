using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Rooms;

/// <summary>
/// Resolves the room that a request refers to. A private room is visible only to the users who may enter it: its owners, its members, and an
/// operator who names it. No answer to another user may show that the room exists.
/// </summary>
internal sealed class RoomAccess(ChatServices services)
{
    // To find a hint for a mistyped name, the server compares the name with its neighbors in the alphabetical order of the stored rooms: at most this
    // many before the name, and as many after it.
    private const int MaxNeighbors = 1000;

    /// <summary>Finds a visible room by its name.</summary>
    public async ValueTask<RoomLoop?> FindAsync(ChatContext context, string name) =>
        await services.Rooms.FindAsync(name) is { } room && (CanEnter(context, room) || context.Rooms.Contains(room) || await IsNewMemberAsync(context, room)) ? room : null;

    /// <summary>Finds a visible room whose name looks the same as a valid name, and returns the name of the room; null if there is none.</summary>
    public async ValueTask<string?> FindSimilarAsync(ChatContext context, string name) =>
        await services.Catalog.FindSimilarRoomAsync(RoomName.CreateSkeletons(name), CancellationToken.None) is { } similar
        && await FindAsync(context, similar.Name) is { } room ? room.Name : null;

    /// <summary>Whether a user may be in a room.</summary>
    public bool CanEnter(ChatContext context, RoomLoop room) => context.IsOperator || IsOwnerOrMember(context, room);

    // Another server may have made the user a member a moment ago, and its announcement may not have arrived yet.
    private async ValueTask<bool> IsNewMemberAsync(ChatContext context, RoomLoop room)
    {
        if (!services.Nodes.IsEnabled || await services.Catalog.GetMemberAsync(room.Name, context.User.Id, CancellationToken.None) is not { IsMember: true })
            return false;
        await services.Memberships.ReloadAsync(context.User);
        return true;
    }

    /// <summary>Describes the user of a connection for the check of bans.</summary>
    /// <param name="isMember">Whether the user was in the room before and has not left it.</param>
    public static RoomVisitor CreateVisitor(ChatContext context, bool isMember) =>
        new(context.Person, ClientAddress.GetKey(context.Connection.Remote), IsKnown: !context.User.IsGuest || isMember, context.IsOperator);

    /// <summary>The other user of a direct room; null if the room is not a direct room of the context's user.</summary>
    public async ValueTask<Person?> FindOtherAsync(ChatContext context, RoomLoop room) =>
        room.DirectUsers is { } users && users.Contains(context.User.Id) && users.FirstOrDefault(user => user != context.User.Id) is { } other ? new Person(other, await services.Sessions.FindNameAsync(other) ?? "") : null;

    /// <summary>
    /// Lists visible rooms whose names contain <paramref name="match"/>, in any letter case. Rooms with more members come first. Rooms with
    /// equally many members are in alphabetical order.
    /// </summary>
    public async ValueTask<IReadOnlyList<RoomInfo>> ListAsync(ChatContext context, string match, int max)
    {
        // No room has such a long name.
        if (match.Length > RoomName.MaxLength)
            return [];

        // Every room with members is in Open. So the catalog is needed only for rooms without members. These rooms come last, in
        // alphabetical order, so the first rooms of the catalog are enough.
        var stored = (await services.Catalog.ListRoomsAsync(context.User.Id, match, max, CancellationToken.None))
            .Where(room => IsOwnerOrMember(context, room))
            .Select(room => (room.Name, Summary: new RoomSummary(room.Topic, MemberCount: 0)));
        var open = services.Rooms.Open
            .Where(room => room.Name.Contains(match, StringComparison.OrdinalIgnoreCase) && IsListed(context, room))
            .Select(room => (room.Name, room.Summary));
        return
        [
            .. open.Concat(stored)
                .DistinctBy(room => room.Name, StringComparer.OrdinalIgnoreCase)
                .OrderByDescending(room => room.Summary.MemberCount)
                .ThenBy(room => room.Name, StringComparer.OrdinalIgnoreCase)
                .Take(max)
                .Select(room => new RoomInfo(room.Name, room.Summary.Topic, room.Summary.MemberCount)),
        ];
    }

    /// <summary>The room that a request names, or the current room if the request names none.</summary>
    public async ValueTask<ResolvedRoom> ResolveRoomAsync(ChatContext context, ClientFrame frame)
    {
        if (frame.Room is not { } name)
            return new ResolvedRoom(context.CurrentRoom, context.CurrentRoom is null ? CreateNoCurrentRoomError(frame) : null);
        var room = await FindAsync(context, name);
        return new ResolvedRoom(room, room is null ? await CreateNoRoomErrorAsync(context, frame) : null);
    }

    /// <summary>Does the same as <see cref="ResolveRoomAsync"/>, but rejects a room from which the user is banned.</summary>
    public async ValueTask<ResolvedRoom> ResolveReadableRoomAsync(ChatContext context, ClientFrame frame)
    {
        var resolved = await ResolveRoomAsync(context, frame);
        if (resolved.Room is not { } room || context.Rooms.Contains(room))
            return resolved;
        var visitor = CreateVisitor(context, services.Memberships.IsMember(context.User, room.Name));
        return room.FindBan(visitor) is { } ban ? new ResolvedRoom(Room: null, RequestErrors.CreateBanned(room.Name, ban, services.Time.GetUtcNow())) : resolved;
    }

    /// <summary>Does the same as <see cref="ResolveJoinedRoomAsync"/>, but rejects a user who is neither an owner nor a moderator of the room.</summary>
    /// <param name="actions">What only owners and moderators can do, for the error.</param>
    public async ValueTask<ResolvedRoom> ResolveModeratedRoomAsync(ChatContext context, ClientFrame frame, string actions)
    {
        var resolved = await ResolveJoinedRoomAsync(context, frame);
        return resolved.Room is { } room && context.GetRole(room.Moderation) == RoomRole.Member
            ? new ResolvedRoom(Room: null, new ChatError(ErrorCode.NotAllowed, $"only owners and moderators of \"{room.Name}\" can {actions}"))
            : resolved;
    }

    /// <summary>Does the same as <see cref="ResolveRoomAsync"/>, but rejects a room that the connection has not joined.</summary>
    public ValueTask<ResolvedRoom> ResolveJoinedRoomAsync(ChatContext context, ClientFrame frame)
    {
        // A room that the connection has joined is open and visible. So a request for such a room needs no search in the catalog.
        var open = frame.Room is { } name ? services.Rooms.FindOpen(name) : context.CurrentRoom;
        return open is not null && context.Rooms.Contains(open) ? new(new ResolvedRoom(open, Error: null)) : RejectAsync();

        async ValueTask<ResolvedRoom> RejectAsync()
        {
            var (room, error) = await ResolveRoomAsync(context, frame);
            return new ResolvedRoom(
                Room: null, error ?? new ChatError(ErrorCode.NotInRoom, $"you are not in \"{room!.Name}\"", frame.CreateHint(ClientFrameType.Join, room.Name)));
        }
    }

    /// <summary>
    /// The error for a room name that matches no visible room. Its hint is a request that would work. If a visible room has a similar name,
    /// the request joins that room. Otherwise the request creates a room with this name or, if the name is not valid, lists the rooms.
    /// </summary>
    public async ValueTask<ChatError> CreateNoRoomErrorAsync(ChatContext context, ClientFrame frame)
    {
        var name = frame.Room!;
        context.Connection.Account.Charge(Cost.UnknownName);

        // No room has a longer name, so the server does not look for similar names.
        var neighbors = name.Length > RoomName.MaxLength ? [] : await services.Catalog.ListNeighborsAsync(context.User.Id, name, MaxNeighbors, CancellationToken.None);

        // Compare the names before the rights, because only few names are similar. The neighbors come before the open rooms, because the
        // open rooms are in no order.
        var visibleNames = neighbors.Where(room => NearestWord.MayBeSimilar(name, room.Name) && IsOwnerOrMember(context, room)).Select(room => room.Name)
            .Concat(services.Rooms.Open.Where(room => NearestWord.MayBeSimilar(name, room.Name) && IsListed(context, room)).Select(room => room.Name));
        var hint = NearestWord.FindInMany(name, visibleNames, out _) is { } near ? frame.CreateHint(ClientFrameType.Join, near)
            : RoomName.IsValid(name) ? frame.CreateHint(ClientFrameType.Create, name)
            : frame.CreateHint(ClientFrameType.Rooms);
        return new ChatError(ErrorCode.NoRoom, $"no such room \"{name}\"", hint);
    }

    private static ChatError CreateNoCurrentRoomError(ClientFrame frame) =>
        new(ErrorCode.NotInRoom, "you are in no room", frame.CreateHint(ClientFrameType.Join, RoomName.Default));

    // An operator finds every private room by its name. But lists and hints show an operator only the rooms that they would show to another user.
    private bool IsListed(ChatContext context, RoomLoop room) => IsOwnerOrMember(context, room) || context.Rooms.Contains(room);

    private bool IsOwnerOrMember(ChatContext context, RoomLoop room) =>
        IsOwnerOrMember(context, room.Name, room.IsPrivate, room.Moderation.GetRole(context.User.Id) == RoomRole.Owner);

    // Memberships are stored in the background. So the catalog may list a private room that the user has just left. This check excludes
    // such a room.
    private bool IsOwnerOrMember(ChatContext context, StoredRoom room) => IsOwnerOrMember(context, room.Name, room.IsPrivate, room.IsOwned);

    private bool IsOwnerOrMember(ChatContext context, string name, bool isPrivate, bool isOwner) =>
        !isPrivate || isOwner || services.Memberships.IsMember(context.User, name);
}

/// <summary>The room of a request, or the reason why there is none.</summary>
/// <param name="Room">Null if there is an error.</param>
internal readonly record struct ResolvedRoom(RoomLoop? Room, ChatError? Error);
