namespace RawSocketChat.Server.Storage;

/// <summary>What kinds of events a room's log holds.</summary>
public enum RoomEventKind
{
    Message,
    Topic,
}

/// <summary>An event that waits to be appended: all but its place in the log.</summary>
/// <param name="Author">The stable id of the user.</param>
/// <param name="AuthorName">The name at the time of speaking.</param>
/// <param name="ClientId">The id that makes a repeat harmless, unique for the author; null where none was given.</param>
public sealed record NewEvent(
    RoomEventKind Kind,
    string Author,
    string AuthorName,
    string Text,
    long? Reply = null,
    bool Me = false,
    string? ClientId = null);

/// <summary>An event in a room's log.</summary>
/// <param name="Seq">Its place: 1, 2, 3 … without a hole.</param>
/// <param name="At">When it was accepted, UTC, to the millisecond.</param>
public sealed record RoomEvent(long Seq, DateTimeOffset At, NewEvent Content);
