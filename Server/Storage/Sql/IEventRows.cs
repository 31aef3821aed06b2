namespace RawSocketChat.Server.Storage.Sql;

/// <summary>
/// The rows that <see cref="EventTable"/> reads and writes. An engine may execute a statement for each row, or collect the rows of a transaction
/// and write them together. A row can be read as soon as it was written. Used by the writer's thread only, inside a transaction.
/// </summary>
internal interface IEventRows : IDisposable
{
    /// <summary>Adds an event. If it is a message, also adds its mentions and files. The files must exist.</summary>
    void AddEvent(long room, RoomEvent added);

    /// <summary>Stores the new text and state of a message, and removes the reactions and files of a deleted message.</summary>
    void UpdateMessage(long room, RoomEvent changed);

    /// <summary>Adds a reaction to a message.</summary>
    /// <param name="seq">The seq of the message.</param>
    /// <param name="reactionSeq">The seq of the reaction.</param>
    void AddReaction(long room, long seq, string emoji, string user, string name, long reactionSeq);

    /// <summary>Removes a reaction from a message, if the message has it.</summary>
    void RemoveReaction(long room, long seq, string emoji, string user);

    /// <summary>Finds an event. If it is a message, the result contains its reactions.</summary>
    RoomEvent? Find(long room, long seq);

    /// <summary>Adds the client id of an event. Returns false if the author has already used this id.</summary>
    /// <param name="at">When the event is stored, in milliseconds since 1970 UTC.</param>
    bool TryAddClientId(string author, string id, long room, long seq, long at);

    /// <summary>Moves a stored client id to another event.</summary>
    void ReplaceClientId(string author, string id, long room, long seq, long at);

    /// <summary>Finds the event that has a client id. Returns null if there is no such event any more.</summary>
    ClientIdOwner? FindClientId(string author, string id);

    /// <summary>Whether a user has uploaded a file that exists.</summary>
    bool HasUpload(string file, string uploader);

    void SetTopic(long room, string topic);

    /// <summary>Whether the log of a room still exists. Another server may have removed the room.</summary>
    bool HasRoom(LoggedRoom room);
}

/// <summary>The event that has a client id.</summary>
/// <param name="RoomName">The name of the room.</param>
/// <param name="RoomKey">The key of the room's name.</param>
/// <param name="FirstSeq">The first seq of the room in the database.</param>
/// <param name="Seq">The seq of the event.</param>
/// <param name="At">When the event was stored, in milliseconds since 1970 UTC.</param>
internal readonly record struct ClientIdOwner(string RoomName, string RoomKey, long FirstSeq, long Seq, long At)
{
    // A new room may have the id of a removed room whose client ids are still stored. So the query requires that the event and the client id have the
    // same time.
    /// <summary>
    /// The columns and the tables of a query for this type. <c>c</c> is the table of client ids. The query finds no events of removed rooms.
    /// </summary>
    public const string Columns = "r.name, r.name_key, r.first_seq, c.seq, c.at";

    /// <inheritdoc cref="Columns"/>
    public const string Source = $"""
        client_ids c JOIN rooms r ON r.id = c.room AND NOT r.{SqlRoomCatalog.IsRemoved}
        JOIN events e ON e.room = c.room AND e.seq = c.seq AND e.author = c.author AND e.at = c.at
        """;
}
