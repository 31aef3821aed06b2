namespace RawSocketChat.Server.Storage;

/// <summary>
/// The logs of all rooms. A room's loop is the one writer of its log; readers come from any thread. What a task returns
/// is stored: it may be shown and acknowledged. A log that cannot store throws <see cref="StorageException"/>, and then
/// has stored nothing of the batch.
/// </summary>
public interface IRoomLog
{
    /// <summary>Opens the log of a room, making it where there is none.</summary>
    ValueTask<RoomLogState> OpenAsync(string room, CancellationToken cancellationToken);

    /// <summary>
    /// Appends a batch, all of it or nothing, and gives each event its seq and time. An event whose (author, client id)
    /// is in any room's log already is not stored again: its entry names the first one.
    /// </summary>
    /// <returns>One entry for each event, in order.</returns>
    ValueTask<IReadOnlyList<Appended>> AppendAsync(string room, IReadOnlyList<NewEvent> batch, CancellationToken cancellationToken);

    /// <summary>Events with a seq above <paramref name="after"/>, oldest first, as many as the two bounds let through, at least one.</summary>
    /// <param name="mostBytes">A bound on the sum of their texts' UTF-8 bytes.</param>
    ValueTask<IReadOnlyList<RoomEvent>> ReadAfterAsync(string room, long after, int most, int mostBytes, CancellationToken cancellationToken);

    /// <summary>The newest events with a seq below <paramref name="before"/>, oldest first, bounded likewise.</summary>
    ValueTask<IReadOnlyList<RoomEvent>> ReadBeforeAsync(string room, long before, int most, int mostBytes, CancellationToken cancellationToken);
}

/// <summary>Where a log stands.</summary>
/// <param name="Epoch">Names this log; another one means that the log was lost or reset.</param>
/// <param name="First">The oldest seq that can be read; above <paramref name="Last"/> where there is none.</param>
/// <param name="Last">The newest seq; 0 where there was never one.</param>
public sealed record RoomLogState(string Epoch, long First, long Last);

/// <summary>What became of one event of a batch.</summary>
/// <param name="Event">The stored event; where <paramref name="IsDuplicate"/>, null.</param>
/// <param name="Room">The room of the stored or the first event.</param>
public sealed record Appended(RoomEvent? Event, bool IsDuplicate, string Room, long Seq, DateTimeOffset At);
