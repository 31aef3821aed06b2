namespace RawSocketChat.Server.Storage;

/// <summary>The kinds of events in a room's log.</summary>
public enum RoomEventKind
{
    Message,
    Topic,
}

/// <summary>An event before it is appended: everything but its sequence number and time.</summary>
/// <param name="Author">The stable id of the user.</param>
/// <param name="AuthorName">The author's name when the event was posted.</param>
/// <param name="ClientId">
/// The client's id of the event, unique for the author; null for none. With this id, the server recognizes an event that is sent again.
/// </param>
public sealed record NewEvent(
    RoomEventKind Kind,
    string Author,
    string AuthorName,
    string Text,
    long? Reply = null,
    bool Me = false,
    string? ClientId = null);

/// <summary>An event in a room's log.</summary>
/// <param name="Seq">The sequence number: 1, 2, 3 … without a hole.</param>
/// <param name="At">The time at which the event was stored, in UTC, rounded down to the millisecond.</param>
public sealed record RoomEvent(long Seq, DateTimeOffset At, NewEvent Content);
