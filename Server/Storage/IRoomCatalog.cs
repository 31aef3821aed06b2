namespace RawSocketChat.Server.Storage;

/// <summary>
/// Which rooms there are, who belongs to them and how far each has read. A completed task means that it is stored; what
/// cannot be done throws <see cref="StorageException"/>. Topics change by the events of <see cref="IRoomLog"/> alone.
/// </summary>
public interface IRoomCatalog
{
    /// <summary>All rooms.</summary>
    ValueTask<IReadOnlyList<StoredRoom>> LoadRoomsAsync(CancellationToken cancellationToken);

    /// <summary>Makes a room and its log. False: there is one of that name, in whatever case.</summary>
    ValueTask<bool> TryCreateRoomAsync(StoredRoom room, CancellationToken cancellationToken);

    /// <summary>The rooms that a user has joined and not left, in the order of joining.</summary>
    ValueTask<IReadOnlyList<string>> RoomsOfAsync(string user, CancellationToken cancellationToken);

    /// <summary>Notes that a user belongs to a room, or does no longer.</summary>
    ValueTask SetMemberAsync(string room, string user, bool isMember, CancellationToken cancellationToken);

    /// <summary>Notes how far a user has read; a mark never goes back.</summary>
    /// <returns>The mark as it is now.</returns>
    ValueTask<long> MarkReadAsync(string room, string user, long seq, CancellationToken cancellationToken);

    /// <summary>How far a user has read; 0 where nothing was noted.</summary>
    ValueTask<long> ReadMarkAsync(string room, string user, CancellationToken cancellationToken);
}

/// <summary>A room.</summary>
/// <param name="Owner">The stable id of the user who made it; null for the default room.</param>
public sealed record StoredRoom(string Name, string Topic, string? Owner, bool IsPrivate);
