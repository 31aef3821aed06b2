using System.Data.Common;

namespace RawSocketChat.Server.Storage.Sql;

/// <summary>Inserts events and their client ids. Used by one thread at a time, inside a transaction.</summary>
/// <param name="connection">The connection, which no other code uses to add events.</param>
/// <param name="isIndexed">Whether new messages become part of the search index.</param>
/// <param name="columns">The values that depend on the engine. Null for SQLite, whose triggers update the search index.</param>
internal sealed class EventInserts(DbConnection connection, bool isIndexed, IEventColumns? columns = null) : IDisposable
{
    private readonly Statement _event = new(
        connection,
        $"""
        INSERT INTO events (room, seq, at, kind, author, name, text, body, target, edited_at, is_deleted, search_id{(columns is null ? "" : ", words")})
        VALUES (@p1, @p2, @p3, @p4, @p5, @p6, @p7, @p8, @p9, @p10, @p11, @p12{(columns is null ? "" : ", CAST(@p13 AS tsvector)")})
        """,
        columns is null ? 12 : 13);

    private readonly Statement _clientId = new(
        connection, "INSERT INTO client_ids (author, client_id, room, seq, at) VALUES (@p1, @p2, @p3, @p4, @p5) ON CONFLICT DO NOTHING", 5);

    private readonly Statement _mention = new(connection, "INSERT INTO mentions (\"user\", room, seq) VALUES (@p1, @p2, @p3) ON CONFLICT DO NOTHING", 3);

    private readonly Statement _file = new(connection, "INSERT INTO message_files (room, seq, position, file) VALUES (@p1, @p2, @p3, @p4)", 4);

    private readonly Statement _markPosted = new(connection, "UPDATE files SET is_posted = 1 WHERE id = @p1 AND is_posted = 0", 1);

    private readonly Statement _removeReaction = new(connection, "DELETE FROM reactions WHERE room = @p1 AND seq = @p2 AND emoji = @p3 AND \"user\" = @p4", 4);

    private readonly Statement _reaction = new(
        connection, "INSERT INTO reactions (room, seq, emoji, \"user\", name, event) VALUES (@p1, @p2, @p3, @p4, @p5, @p6) ON CONFLICT DO NOTHING", 6);

    private readonly SearchIds? _searchIds = isIndexed ? new SearchIds(connection) : null;

    /// <summary>
    /// Adds an event. The row of an edit has no text. The row of the edited message has the new text, and the query for an edit joins this row.
    /// </summary>
    public void AddEvent(long room, RoomEvent added)
    {
        var content = added.Content;
        var searchId = content.Kind == RoomEventKind.Message && !added.IsDeleted ? _searchIds?.Next(added.At) : null;
        object?[] values =
        [
            room,
            added.Seq,
            added.At.ToUnixTimeMilliseconds(),
            RoomEventKindName.Format(content.Kind),
            Clean(content.Author),
            Clean(content.AuthorName),
            content.Kind == RoomEventKind.Edited ? "" : Clean(content.Text),
            EventBody.Encode(content),
            content.Of,
            added.EditedAt?.ToUnixTimeMilliseconds(),
            added.IsDeleted ? 1 : 0,
            searchId,
        ];
        _event.Execute(columns is null ? values : [.. values, searchId is null ? null : columns.Clean(columns.CreateWords(room, content))]);
        if (content.Kind == RoomEventKind.Message)
        {
            AddMentions(room, added.Seq, content.Mentions);
            AddFiles(room, added.Seq, content.Files ?? []);
        }
    }

    public void AddMentions(long room, long seq, IReadOnlyList<string>? users)
    {
        foreach (var user in users ?? [])
            _mention.Execute(Clean(user), room, seq);
    }

    // Every file must exist.
    private void AddFiles(long room, long seq, IReadOnlyList<MessageFile> files)
    {
        for (var position = 0; position < files.Count; position++)
        {
            _file.Execute(room, seq, (long)position, Clean(files[position].Id));
            _markPosted.Execute(Clean(files[position].Id));
        }
    }

    /// <summary>Adds a reaction to a message.</summary>
    /// <param name="seq">The seq of the message.</param>
    /// <param name="reactionSeq">The seq of the reaction.</param>
    public void AddReaction(long room, long seq, string emoji, string user, string name, long reactionSeq) =>
        _reaction.Execute(room, seq, Clean(emoji), Clean(user), Clean(name), reactionSeq);

    /// <summary>Removes a reaction from a message, if the message has it.</summary>
    public void RemoveReaction(long room, long seq, string emoji, string user) => _removeReaction.Execute(room, seq, Clean(emoji), Clean(user));

    /// <summary>Adds the client id of an event. Returns false if the author has already used this id.</summary>
    /// <param name="at">When the event is stored, in milliseconds since 1970 UTC.</param>
    public bool TryAddClientId(string author, string id, long room, long seq, long at) => _clientId.Execute(Clean(author), Clean(id), room, seq, at) > 0;

    private string Clean(string text) => columns?.Clean(text) ?? text;

    public void Dispose()
    {
        foreach (var statement in (Statement[])[_event, _clientId, _mention, _file, _markPosted, _reaction, _removeReaction])
            statement.Dispose();
        _searchIds?.Dispose();
    }
}
