namespace RawSocketChat.Server.Storage;

/// <summary>
/// Stores the rooms, their members and the members' read marks. When a task completes, the change is stored. If the change cannot be
/// stored, the task throws <see cref="StorageException"/>. The topic of a room changes only by an event in
/// <see cref="IRoomLog"/>. Safe from any thread.
/// </summary>
public interface IRoomCatalog
{
    /// <summary>Counts the rooms.</summary>
    ValueTask<int> CountRoomsAsync(CancellationToken cancellationToken);

    /// <summary>Gets a room by its name, in any letter case. Null if there is none.</summary>
    ValueTask<StoredRoom?> FindRoomAsync(string name, CancellationToken cancellationToken);

    /// <summary>
    /// Lists rooms in alphabetical order, at most <paramref name="max"/>: the public rooms, and the private rooms that the user has created
    /// or is a member of.
    /// </summary>
    /// <param name="match">A part of the rooms' names, in any letter case. The empty text matches every name.</param>
    ValueTask<IReadOnlyList<StoredRoom>> ListRoomsAsync(string user, string match, int max, CancellationToken cancellationToken);

    /// <summary>
    /// Lists the rooms whose names are next to <paramref name="name"/> in alphabetical order, among the same rooms as
    /// <see cref="ListRoomsAsync"/>: at most <paramref name="max"/> names before this name, and at most <paramref name="max"/> names from
    /// this name on.
    /// </summary>
    ValueTask<IReadOnlyList<StoredRoom>> ListNeighborsAsync(string user, string name, int max, CancellationToken cancellationToken);

    /// <summary>Creates a room and its log. The checks and the creation are one step, also for concurrent calls.</summary>
    /// <param name="maxOfOwner">The maximum number of rooms that the owner may have created. It has no effect if the room has no owner.</param>
    ValueTask<RoomCreation> CreateRoomAsync(StoredRoom room, int maxOfOwner, CancellationToken cancellationToken);

    /// <summary>Lists the names of the rooms that were created before a time and never had an event, in alphabetical order.</summary>
    /// <param name="after">The list begins after this name; "" begins with the first.</param>
    ValueTask<IReadOnlyList<string>> ListEmptyRoomsAsync(DateTimeOffset createdBefore, string after, int max, CancellationToken cancellationToken);

    /// <summary>
    /// Removes a room, its members and their read marks, if it was created before a time and never had an event. No loop of the room may run.
    /// </summary>
    /// <returns>False if there is no such room.</returns>
    ValueTask<bool> RemoveEmptyRoomAsync(string name, DateTimeOffset createdBefore, CancellationToken cancellationToken);

    /// <summary>Gets the rooms that a user is a member of, in the order of joining.</summary>
    ValueTask<IReadOnlyList<string>> GetRoomsAsync(string user, CancellationToken cancellationToken);

    /// <summary>Adds a user to the members of a room, or removes the user.</summary>
    ValueTask SetMemberAsync(string room, string user, bool isMember, CancellationToken cancellationToken);

    /// <summary>Moves a user's read mark forward to <paramref name="seq"/>. A mark never moves back.</summary>
    /// <returns>The read mark after the call.</returns>
    ValueTask<long> AdvanceReadMarkAsync(string room, string user, long seq, CancellationToken cancellationToken);

    /// <summary>Gets a user's read mark. Returns 0 if the user has no read mark.</summary>
    ValueTask<long> GetReadMarkAsync(string room, string user, CancellationToken cancellationToken);
}

/// <summary>The result of creating a room.</summary>
public enum RoomCreation
{
    Created,

    /// <summary>A room with that name exists, in any letter case, or a room with a common skeleton.</summary>
    NameTaken,

    /// <summary>The server has its maximum number of rooms.</summary>
    TooManyRooms,

    /// <summary>The owner has created the maximum number of rooms.</summary>
    TooManyRoomsOfOwner,
}

/// <summary>A room.</summary>
/// <param name="Owner">The stable id of the user who created the room. Null for the default room.</param>
public sealed record StoredRoom(string Name, string Topic, string? Owner, bool IsPrivate)
{
    /// <summary>
    /// The skeletons of the name, for the creation of the room: no two rooms have a common skeleton. Empty in a room that was read.
    /// </summary>
    public IReadOnlyList<string> Skeletons { get; init; } = [];
}
