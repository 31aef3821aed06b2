namespace RawSocketChat.Server.Storage;

/// <summary>Applies edits, deletions and reactions to messages. All storages share these rules.</summary>
internal static class MessageChanges
{
    /// <summary>The maximum number of reactions of one message, because each page of history contains all of them.</summary>
    public const int MaxReactions = 200;

    public static bool ChangesMessage(RoomEventKind kind) => kind is RoomEventKind.Edited or RoomEventKind.Deleted or RoomEventKind.Reacted;

    /// <summary>Applies an event to the message to which it refers.</summary>
    /// <param name="message">The message before the change; null if the log has no event with the seq to which the event refers.</param>
    /// <returns>
    /// The message after the change, or the reason why the event is rejected. If a reaction changes nothing, the result is the same object
    /// as <paramref name="message"/>.
    /// </returns>
    public static (RoomEvent? Changed, AppendRejection Rejection) Apply(RoomEvent? message, NewEvent change, DateTimeOffset at)
    {
        if (message is not { Content.Kind: RoomEventKind.Message, IsDeleted: false })
            return (null, AppendRejection.NotFound);
        switch (change.Kind)
        {
            case RoomEventKind.Edited when message.Content.Author != change.Author:
                return (null, AppendRejection.NotAuthor);
            case RoomEventKind.Edited:
                return (message with { Content = message.Content with { Text = change.Text, Mentions = change.Mentions }, EditedAt = at }, AppendRejection.None);
            case RoomEventKind.Deleted:
                return (message with { Content = message.Content with { Text = "", Me = false, Mentions = null, Files = null }, IsDeleted = true, Reactions = [] }, AppendRejection.None);
            default:
                return React(message, change);
        }
    }

    /// <summary>Whether a change of a message removes its files.</summary>
    public static bool RemovesFiles(RoomEvent before, RoomEvent after) => before.Content.Files is { Count: > 0 } && after.Content.Files is null;

    private static (RoomEvent? Changed, AppendRejection Rejection) React(RoomEvent message, NewEvent change)
    {
        var given = message.Reactions.FirstOrDefault(reaction => reaction.Emoji == change.Emoji && reaction.User == change.Author);
        if (given is null == change.Off)
            return (message, AppendRejection.None);
        if (given is not null)
            return (message with { Reactions = [.. message.Reactions.Where(reaction => reaction != given)] }, AppendRejection.None);
        return message.Reactions.Count >= MaxReactions
            ? (null, AppendRejection.TooMany)
            : (message with { Reactions = [.. message.Reactions, new StoredReaction(change.Emoji!, change.Author, change.AuthorName)] }, AppendRejection.None);
    }
}
