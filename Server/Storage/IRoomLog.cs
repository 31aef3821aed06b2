namespace RawSocketChat.Server.Storage;

/// <summary>
/// Stores the logs of all rooms. On one server, only the loop of a room appends to the room's log; any thread may read. When an append completes, its
/// events are stored and may be acknowledged and broadcast. If the events cannot be stored, the append throws
/// <see cref="StorageException"/>, and no event of the batch is stored.
/// </summary>
public interface IRoomLog
{
    /// <summary>Opens the log of a room. Creates the log if it does not exist.</summary>
    ValueTask<RoomLogState> OpenAsync(string room, CancellationToken cancellationToken);

    /// <summary>
    /// Appends a batch, all or nothing, and assigns each event its sequence number and time. If the log of any room already has an event
    /// with the same author and client id, the new event is not stored, and its result refers to the earlier event. An edit, a deletion or a
    /// reaction also changes the message to which it refers.
    /// </summary>
    /// <returns>One result for each event, in order.</returns>
    ValueTask<IReadOnlyList<AppendResult>> AppendAsync(string room, IReadOnlyList<NewEvent> batch, CancellationToken cancellationToken);

    /// <summary>
    /// Reads events with a sequence number above <paramref name="after"/>, oldest first: at most <paramref name="max"/> events, whose texts
    /// have at most <paramref name="maxBytes"/> bytes together. Returns at least one event if there is any, even if this event exceeds
    /// <paramref name="maxBytes"/>.
    /// </summary>
    /// <param name="maxBytes">Limit for the sum of the texts' lengths in UTF-8 bytes.</param>
    ValueTask<IReadOnlyList<RoomEvent>> ReadAfterAsync(string room, long after, int max, int maxBytes, CancellationToken cancellationToken);

    /// <summary>Reads the newest events with a sequence number below <paramref name="before"/>, oldest first, within the same limits.</summary>
    ValueTask<IReadOnlyList<RoomEvent>> ReadBeforeAsync(string room, long before, int max, int maxBytes, CancellationToken cancellationToken);
}

/// <summary>The state of a log.</summary>
/// <param name="Epoch">Identifies the log. The epoch changes when the log is lost or reset.</param>
/// <param name="First">Sequence number of the oldest event that can be read. If there is no such event, this number is greater
/// than <paramref name="Last"/>.</param>
/// <param name="Last">Sequence number of the newest event. 0 if the log never had an event.</param>
public sealed record RoomLogState(string Epoch, long First, long Last);

/// <summary>The result of appending one event.</summary>
/// <param name="Event">The stored event. Null if <paramref name="IsDuplicate"/> is true, or if the event was rejected.</param>
/// <param name="IsDuplicate">True if an earlier event has the same author and client id, or if the event is a reaction that changes
/// nothing.</param>
/// <param name="Room">The room of the stored event, or of the earlier event with the same client id.</param>
public sealed record AppendResult(RoomEvent? Event, bool IsDuplicate, string Room, long Seq, DateTimeOffset At)
{
    /// <summary>Why the event was not stored.</summary>
    public AppendRejection Rejection { get; init; }

    /// <summary>The message that the event has changed, as it is now; null if the event changes no message.</summary>
    public RoomEvent? Changed { get; init; }

    /// <summary>
    /// Whether the message had already been edited. If so, the text of the earlier edit events changes too, because each of them has the current text
    /// of the message.
    /// </summary>
    public bool WasEdited { get; init; }

    /// <summary>Whether the event has removed files of the changed message.</summary>
    public bool RemovesFiles { get; init; }
}

/// <summary>Why an event was not stored.</summary>
public enum AppendRejection
{
    None,

    /// <summary>The event refers to no message, or to a message that is deleted or trimmed.</summary>
    NotFound,

    /// <summary>The message belongs to another user.</summary>
    NotAuthor,

    /// <summary>The message has its maximum number of reactions (<see cref="MessageChanges.MaxReactions"/>).</summary>
    TooMany,

    /// <summary>The author has not uploaded one of the files of the message, or the file was removed.</summary>
    FileNotFound,

    /// <summary>The event is no duplicate (<see cref="NewEvent.OnlyIfDuplicate"/>).</summary>
    NotDuplicate,

    /// <summary>Another server has removed the room.</summary>
    RoomRemoved,
}
