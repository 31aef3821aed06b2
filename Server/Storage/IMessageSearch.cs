using RawSocketChat.Server.Search;

namespace RawSocketChat.Server.Storage;

/// <summary>
/// Finds messages by their words. The log updates the index, so a search finds the current texts of all stored messages. There is one
/// exception: during a flood of messages, a search may miss the newest messages for some seconds. Thread-safe.
/// </summary>
public interface IMessageSearch
{
    /// <summary>Finds messages with their changes and reactions, newest first. Deleted messages are never found.</summary>
    /// <exception cref="StorageException">The index cannot be read.</exception>
    ValueTask<SearchPage> SearchAsync(MessageQuery query, CancellationToken cancellationToken);
}

/// <summary>What a search must find.</summary>
/// <param name="Phrases">Words and phrases. A message must have all of them. A query must have at least one of these: a phrase, an author,
/// <see cref="HasFile"/>, or a scope with rooms.</param>
/// <param name="Scope">The rooms to search.</param>
public sealed record MessageQuery(IReadOnlyList<SearchPhrase> Phrases, SearchScope Scope)
{
    /// <summary>The author of the messages; null for any author.</summary>
    public SearchedAuthor? Author { get; init; }

    /// <summary>Whether to find only messages with a file.</summary>
    public bool HasFile { get; init; }

    /// <summary>Finds only messages at this cursor or above it.</summary>
    public long After { get; init; }

    /// <summary>Finds only messages below this cursor.</summary>
    public long Before { get; init; } = long.MaxValue;

    /// <summary>The maximum number of messages, 1 or more.</summary>
    public int Limit { get; init; } = 20;
}

/// <summary>The rooms of a search.</summary>
/// <param name="Rooms">Rooms to search. If <paramref name="WithPublicRooms"/> is true, the public rooms in this list have no effect.</param>
/// <param name="WithPublicRooms">Whether to search all public rooms too.</param>
/// <param name="ExceptRooms">Public rooms that are not searched.</param>
public sealed record SearchScope(IReadOnlyList<string> Rooms, bool WithPublicRooms = false, IReadOnlyList<string>? ExceptRooms = null);

/// <summary>An author. A message matches if its author has the id, or had the name when the message was posted.</summary>
/// <param name="Id">The stable id of the user; null if it is not known.</param>
/// <param name="Name">The name. Its letter case does not matter.</param>
public sealed record SearchedAuthor(string? Id, string Name);

/// <summary>A message that a search has found.</summary>
/// <param name="Cursor">The place of the message among all messages of the server.</param>
public sealed record FoundMessage(string Room, RoomEvent Event, long Cursor);

/// <summary>The result of a search.</summary>
/// <param name="Messages">The messages, newest first.</param>
/// <param name="HasMore">Whether there may be more messages, below the last cursor.</param>
/// <param name="IsTimedOut">Whether the search has stopped because it took too long. Such a search may have missed messages.</param>
public sealed record SearchPage(IReadOnlyList<FoundMessage> Messages, bool HasMore, bool IsTimedOut = false)
{
    public static readonly SearchPage Empty = new([], HasMore: false);
}

/// <summary>
/// Computes the cursors of messages. A cursor is the time of the message in milliseconds, times 256, plus a number. So cursors of all rooms
/// are in the order of time, are unique, and fit into a JavaScript number until the year 3000.
/// </summary>
public static class SearchCursor
{
    /// <summary>The number of cursors of one millisecond.</summary>
    public const long PerMillisecond = 256;

    /// <summary>The first cursor of a time. The messages of earlier times have smaller cursors.</summary>
    public static long Get(DateTimeOffset time) => time.ToUnixTimeMilliseconds() * PerMillisecond;
}
