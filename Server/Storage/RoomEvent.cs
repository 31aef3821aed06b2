namespace RawSocketChat.Server.Storage;

/// <summary>The kinds of events in a room's log.</summary>
public enum RoomEventKind
{
    Message,
    Topic,

    /// <summary>The author has changed the text of a message.</summary>
    Edited,

    /// <summary>A message was deleted.</summary>
    Deleted,

    /// <summary>A user has added an emoji to a message, or removed it.</summary>
    Reacted,

    /// <summary>An owner or a moderator has acted on a user or on the room.</summary>
    Moderated,
}

/// <summary>An event before it is appended: everything but its sequence number and time.</summary>
/// <param name="Author">The stable id of the user or the bot.</param>
/// <param name="AuthorName">The author's name when the event was posted.</param>
/// <param name="Text">
/// The text of a message or a topic, or the reason of a moderation. An edit that is read from the log has the current text of its message,
/// even if a later edit has set this text.
/// </param>
/// <param name="ClientId">
/// The id that the client gave to the event, unique for the author; null for none. With this id, the server recognizes an event that is sent again.
/// </param>
public sealed record NewEvent(
    RoomEventKind Kind,
    string Author,
    string AuthorName,
    string Text,
    long? Reply = null,
    bool Me = false,
    string? ClientId = null)
{
    /// <summary>The entry of <see cref="Mentions"/> that stands for all members.</summary>
    public const string Everybody = "here";

    /// <summary>Whether the author is a bot: a program that posts with a token of the room.</summary>
    public bool IsBot { get; init; }

    /// <summary>The seq of the message that an edit, a deletion or a reaction refers to; null for other events.</summary>
    public long? Of { get; init; }

    /// <summary>The emoji of a reaction; null for other events.</summary>
    public string? Emoji { get; init; }

    /// <summary>Whether a reaction removes the emoji.</summary>
    public bool Off { get; init; }

    /// <summary>The ids of the users that the text mentions, or <see cref="Everybody"/>; null for none.</summary>
    public IReadOnlyList<string>? Mentions { get; init; }

    /// <summary>The files of a message; null for none. The author has uploaded them.</summary>
    public IReadOnlyList<MessageFile>? Files { get; init; }

    /// <summary>What a moderator did; null for other events.</summary>
    public ModerationDetails? Moderation { get; init; }

    /// <summary>
    /// True if the author may not post the event now, but may already have posted it earlier. In this case the log stores nothing. It returns the
    /// earlier event that has the same <see cref="ClientId"/>; if there is none, it rejects the event with
    /// <see cref="AppendRejection.NotDuplicate"/>.
    /// </summary>
    public bool OnlyIfDuplicate { get; init; }
}

/// <summary>What an owner or a moderator did.</summary>
/// <param name="Action">The name of the action, such as <c>ban</c>.</param>
/// <param name="User">The stable id of the user that the action is about; null if it is about the room.</param>
/// <param name="UserName">That user's name at the time of the action.</param>
/// <param name="Role">The user's new role; null if the action does not change the role.</param>
/// <param name="Seconds">The duration or interval in seconds; null if the action has none.</param>
public sealed record ModerationDetails(string Action, string? User = null, string? UserName = null, string? Role = null, long? Seconds = null)
{
    /// <summary>
    /// The addresses of a banned guest. New guests from these addresses are banned too. The stored event does not contain the addresses.
    /// </summary>
    public IReadOnlyList<string> Addresses { get; init; } = [];
}

/// <summary>A file of a message.</summary>
/// <param name="Id">The id of the file, see <see cref="StoredFile"/>.</param>
/// <param name="Name">The name of the file.</param>
/// <param name="Type">The media type of the content.</param>
/// <param name="Bytes">The size of the content.</param>
/// <param name="Width">The width of an image in pixels; null if there is no preview.</param>
/// <param name="Height">The height of an image in pixels; null if there is no preview.</param>
public sealed record MessageFile(string Id, string Name, string Type, long Bytes, int? Width = null, int? Height = null);

/// <summary>An event in a room's log.</summary>
/// <param name="Seq">The sequence number: 1, 2, 3 … without a gap.</param>
/// <param name="At">The time at which the event was stored, in UTC, rounded down to the millisecond.</param>
public sealed record RoomEvent(long Seq, DateTimeOffset At, NewEvent Content)
{
    /// <summary>When the text of the message was changed last; null if it was never changed.</summary>
    public DateTimeOffset? EditedAt { get; init; }

    /// <summary>Whether the message is deleted. A deleted message has no text.</summary>
    public bool IsDeleted { get; init; }

    /// <summary>The emojis that users have added to the message, in the order of adding.</summary>
    public IReadOnlyList<StoredReaction> Reactions { get; init; } = [];
}

/// <summary>An emoji that a user has added to a message.</summary>
/// <param name="User">The stable id of the user.</param>
/// <param name="Name">The user's name at the time of the reaction.</param>
public sealed record StoredReaction(string Emoji, string User, string Name);
