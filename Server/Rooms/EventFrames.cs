using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Rooms;

/// <summary>
/// An event of a room's log, as a frame that all receivers share. The frame holds only the JSON. An <see cref="EncodedBatch"/> creates the bytes of
/// the other encodings each time it sends the event.
/// </summary>
public sealed record EventFrame(long Seq, EncodedFrame Frame)
{
    /// <summary>The fields of an edit; null for other events. If the message is changed again, the text in this edit is replaced too.</summary>
    public EditedFrame? Edit { get; init; }

    // The objects of an event and its entries in lists need about 130 bytes on a 64-bit system.
    private const int ObjectBytes = 128;

    /// <summary>The memory that the event takes, in bytes.</summary>
    public int MemoryBytes => Frame.Payload.Length + ObjectBytes + (Edit is null ? 0 : Edit.Text.Length * sizeof(char));
}

/// <summary>Encodes stored events, and combines the frames of events into pages and batches.</summary>
internal static class EventFrames
{
    /// <summary>
    /// The maximum size of the events in a <c>joined</c> or <c>history</c> frame, in bytes. Two such frames fit into an outbox.
    /// </summary>
    public const int MaxPageBytes = 256 * 1024;

    /// <summary>The maximum number of events in a <c>joined</c> or <c>history</c> frame.</summary>
    public const int MaxPageEvents = 200;

    /// <summary>Encodes a stored event. No other code turns stored events into frames.</summary>
    /// <param name="snippet">In the answer to a search: the part of the text that was found.</param>
    public static EventFrame Create(string room, RoomEvent stored, Snippet? snippet = null)
    {
        var content = stored.Content;
        var from = new Person(content.Author, content.AuthorName, content.IsBot);
        ServerFrame frame = content.Kind switch
        {
            RoomEventKind.Topic => new TopicFrame(room, stored.Seq, stored.At, from, content.Text),
            RoomEventKind.Edited => new EditedFrame(room, stored.Seq, stored.At, from, content.Of!.Value, content.Text, content.Mentions),
            RoomEventKind.Deleted => new DeletedFrame(room, stored.Seq, stored.At, from, content.Of!.Value),
            RoomEventKind.Reacted => new ReactedFrame(room, stored.Seq, stored.At, from, content.Of!.Value, content.Emoji!, content.Off),
            RoomEventKind.Moderated => CreateModerated(room, stored, from),
            _ => new MessageFrame(
                room, stored.Seq, stored.At, from, content.Text, content.Reply, content.Me, content.Mentions, stored.EditedAt, stored.IsDeleted, CreateReactions(stored), snippet, CreateFiles(content)),
        };
        return new EventFrame(stored.Seq, frame.Encode()) { Edit = frame as EditedFrame };
    }

    private static ModeratedFrame CreateModerated(string room, RoomEvent stored, Person from)
    {
        var done = stored.Content.Moderation!;
        var user = done.User is null ? null : new Person(done.User, done.UserName ?? "");
        return new ModeratedFrame(room, stored.Seq, stored.At, from, done.Action, user, done.Role, done.Seconds, stored.Content.Text is { Length: > 0 } reason ? reason : null);
    }

    private static Reaction[]? CreateReactions(RoomEvent stored) => stored.Reactions.Count == 0
        ? null
        : [.. stored.Reactions.GroupBy(reaction => reaction.Emoji).Select(given => new Reaction(given.Key, [.. given.Select(reaction => new Person(reaction.User, reaction.Name))]))];

    private static AttachedFile[]? CreateFiles(NewEvent content) => content.Files is not { Count: > 0 } files
        ? null
        : [.. files.Select(file => new AttachedFile(file.Id, file.Name, file.Type, file.Bytes, file.Width, file.Height))];

    /// <summary>Takes the first events that fit into both limits. If even the first event is too large, takes only this event.</summary>
    public static List<EventFrame> TakePage(this IEnumerable<EventFrame> events, int maxEvents, int maxBytes = MaxPageBytes)
    {
        var (page, bytes) = (new List<EventFrame>(), 0);
        foreach (var next in events.Take(maxEvents))
        {
            bytes += next.Frame.Payload.Length;
            if (bytes > maxBytes && page.Count > 0)
                break;
            page.Add(next);
        }

        return page;
    }

    public static EncodedBatch EncodeBatch(this IEnumerable<EventFrame> events) => new([.. events.Select(found => found.Frame)]);

    public static IReadOnlyList<ReadOnlyMemory<byte>> GetPayloads(this IEnumerable<EventFrame> events) => [.. events.Select(found => found.Frame.Payload)];
}
