namespace RawSocketChat.Server.Storage;

/// <summary>
/// Stores the rooms, their members and the members' read marks. When a task completes, the change is stored. If the change cannot be
/// stored, the task throws <see cref="StorageException"/>. The topic of a room changes only by an event in
/// <see cref="IRoomLog"/>. Thread-safe.
/// </summary>
public interface IRoomCatalog
{
    /// <summary>Counts the rooms.</summary>
    ValueTask<int> CountRoomsAsync(CancellationToken cancellationToken);

    /// <summary>Gets a room by its name, in any letter case. Null if there is none.</summary>
    ValueTask<StoredRoom?> FindRoomAsync(string name, CancellationToken cancellationToken);

    /// <summary>
    /// Finds a room whose name has one of these skeletons. Names that share a skeleton look the same. Null if there is no such room.
    /// </summary>
    ValueTask<StoredRoom?> FindSimilarRoomAsync(IReadOnlyList<string> skeletons, CancellationToken cancellationToken);

    /// <summary>
    /// Lists rooms in alphabetical order, at most <paramref name="max"/>: the public rooms, and the private rooms that the user owns or is a
    /// member of.
    /// </summary>
    /// <param name="match">A part of the rooms' names, in any letter case. The empty text matches every name.</param>
    ValueTask<IReadOnlyList<StoredRoom>> ListRoomsAsync(string user, string match, int max, CancellationToken cancellationToken);

    /// <summary>
    /// Lists the neighbors of a name in the alphabetical list of <see cref="ListRoomsAsync"/>: at most <paramref name="max"/> rooms before
    /// <paramref name="name"/>, and at most <paramref name="max"/> rooms that have this name or follow it.
    /// </summary>
    ValueTask<IReadOnlyList<StoredRoom>> ListNeighborsAsync(string user, string name, int max, CancellationToken cancellationToken);

    /// <summary>Creates a room and its log. The checks and the creation are atomic.</summary>
    /// <param name="maxOfOwner">The maximum number of rooms that one owner may create. Ignored if the room has no owner.</param>
    ValueTask<RoomCreation> CreateRoomAsync(StoredRoom room, int maxOfOwner, CancellationToken cancellationToken);

    /// <summary>
    /// Lists the names of the empty rooms in alphabetical order. A room is empty if it was created before <paramref name="createdBefore"/>,
    /// never had an event, and has no token and no webhook.
    /// </summary>
    /// <param name="after">The list begins after this name. If it is "", the list begins with the first name.</param>
    ValueTask<IReadOnlyList<string>> ListEmptyRoomsAsync(DateTimeOffset createdBefore, string after, int max, CancellationToken cancellationToken);

    /// <summary>
    /// Removes a room, its members and their read marks, if the room is empty (<see cref="ListEmptyRoomsAsync"/>). The loop of the room
    /// must not run.
    /// </summary>
    /// <returns>False if there is no such room.</returns>
    ValueTask<bool> RemoveEmptyRoomAsync(string name, DateTimeOffset createdBefore, CancellationToken cancellationToken);

    /// <summary>
    /// Lists the names of the abandoned rooms in alphabetical order. A room is abandoned if it has no owner, was created before
    /// <paramref name="unusedSince"/>, and had no event since then. A direct room is never abandoned.
    /// </summary>
    /// <param name="after">The list begins after this name. If it is "", the list begins with the first name.</param>
    ValueTask<IReadOnlyList<string>> ListAbandonedRoomsAsync(DateTimeOffset unusedSince, string after, int max, CancellationToken cancellationToken);

    /// <summary>Removes a room like <see cref="RemoveRoomAsync"/>, but only if the room is abandoned.</summary>
    /// <returns>False if there is no such room.</returns>
    ValueTask<bool> RemoveAbandonedRoomAsync(string name, DateTimeOffset unusedSince, CancellationToken cancellationToken);

    /// <summary>Gets the time of the newest event of all rooms; null if there is no event.</summary>
    ValueTask<DateTimeOffset?> FindNewestTimeAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Removes a room, its log, its members, its tokens and its webhook in one step. <see cref="EraseRemovedAsync"/> then erases the log from the
    /// disk. The loop of the room must not run.
    /// </summary>
    /// <returns>False if there is no such room.</returns>
    ValueTask<bool> RemoveRoomAsync(string name, CancellationToken cancellationToken);

    /// <summary>
    /// Erases the logs of removed rooms in small steps. Also erases the copies of erased texts that remain on the disk. Call this once a minute.
    /// </summary>
    ValueTask EraseRemovedAsync(CancellationToken cancellationToken);

    /// <summary>Gets the rooms that a user is a member of, in the order of joining.</summary>
    ValueTask<IReadOnlyList<string>> GetRoomsAsync(string user, CancellationToken cancellationToken);

    /// <summary>Adds a user to the members of a room, or removes the user.</summary>
    /// <param name="readSeq">The read mark of a user who is new in the room.</param>
    ValueTask SetMemberAsync(string room, string user, bool isMember, long readSeq, CancellationToken cancellationToken);

    /// <summary>
    /// Gets what the catalog stores about a user in a room, and counts the unread messages. Null if the catalog stores nothing about the user.
    /// A user who is not a member may still have a read mark.
    /// </summary>
    ValueTask<MemberState?> GetMemberAsync(string room, string user, CancellationToken cancellationToken);

    /// <summary>Sets which messages of a room notify a user: <c>all</c>, <c>mentions</c> or <c>none</c>.</summary>
    ValueTask SetNotifyAsync(string room, string user, string level, CancellationToken cancellationToken);

    /// <summary>Gets the roles, mutes, bans and the slow mode of a room. They change only by an event in <see cref="IRoomLog"/>.</summary>
    ValueTask<RoomModeration> GetModerationAsync(string room, CancellationToken cancellationToken);

    /// <summary>
    /// Lists the rooms in which a user or an address is banned now. If a room bans both the user and the address, the list has two entries for the
    /// room.
    /// </summary>
    /// <param name="address">The address of the user. If null, the list has only the bans of the user.</param>
    ValueTask<IReadOnlyList<BannedRoom>> ListBannedRoomsAsync(string user, string? address, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>Moves a user's read mark forward to <paramref name="seq"/>. A mark never moves back.</summary>
    /// <returns>The read mark after the call.</returns>
    ValueTask<long> AdvanceReadMarkAsync(string room, string user, long seq, CancellationToken cancellationToken);
}

/// <summary>A room with a ban that has not ended.</summary>
/// <param name="IsByAddress">True if the room bans the address; false if it bans the user.</param>
public sealed record BannedRoom(string Room, bool IsByAddress);

/// <summary>What the catalog stores about a user in a room.</summary>
/// <param name="IsMember">Whether the user has joined the room and has not left it.</param>
/// <param name="ReadSeq">The read mark; 0 if the user has read nothing.</param>
/// <param name="Notify">Which messages notify the user: <c>all</c>, <c>mentions</c> or <c>none</c>.</param>
/// <param name="Unread">
/// The number of other users' messages after the read mark, at most <see cref="MaxCount"/>. A database counts only messages among the
/// newest 10,000 events of the room.
/// </param>
/// <param name="Mentions">The number of other users' messages after the read mark that mention the user or all members, at most <see cref="MaxCount"/>.</param>
public sealed record MemberState(bool IsMember, long ReadSeq, string Notify, int Unread, int Mentions)
{
    /// <summary>The maximum of each count. It limits the work of counting.</summary>
    public const int MaxCount = 1000;
}

/// <summary>The result of creating a room.</summary>
public enum RoomCreation
{
    Created,

    /// <summary>Another room has this name, in any letter case, or a name that looks the same.</summary>
    NameTaken,

    /// <summary>The server has its maximum number of rooms.</summary>
    TooManyRooms,

    /// <summary>The owner has created the maximum number of rooms.</summary>
    TooManyRoomsOfOwner,
}

/// <summary>A room.</summary>
/// <param name="Owner">The stable id of the user who created the room. This user may no longer own the room. Null for the default room.</param>
public sealed record StoredRoom(string Name, string Topic, string? Owner, bool IsPrivate)
{
    /// <summary>
    /// The skeletons of the name. Two rooms never share a skeleton. Only the creation of a room needs this list; it is empty in a room
    /// that the catalog returns.
    /// </summary>
    public IReadOnlyList<string> Skeletons { get; init; } = [];

    /// <summary>The ids of the two users of a direct room; null for other rooms.</summary>
    public IReadOnlyList<string>? DirectUsers { get; init; }

    /// <summary>Whether the user for whom the room was listed owns the room now. False if the room was not listed for a user.</summary>
    public bool IsOwned { get; init; }
}
