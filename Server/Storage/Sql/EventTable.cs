using System.Data.Common;
using Dapper;

namespace RawSocketChat.Server.Storage.Sql;

/// <summary>Writes the logs of the rooms. Used by the writer's thread only, inside a transaction.</summary>
internal sealed class EventTable(DbConnection connection, SqlStorage storage) : IDisposable
{
    private readonly EventInserts _inserts = new(connection, storage.Options.Search);

    private readonly Statement _replaceClientId = new(
        connection, "UPDATE client_ids SET room = @p3, seq = @p4, at = @p5 WHERE author = @p1 AND client_id = @p2", 5);

    // A new room may have the id of a removed room, whose client ids are still stored. So a client id belongs to an event only if both have
    // the same time.
    private readonly Statement _findClientId = new(
        connection,
        $"""
        SELECT r.name, r.name_key, r.first_seq, c.seq, c.at FROM client_ids c JOIN rooms r ON r.id = c.room
        JOIN events e ON e.room = c.room AND e.seq = c.seq AND e.author = c.author AND e.at = c.at
        WHERE c.author = @p1 AND c.client_id = @p2 AND NOT r.{SqlRoomCatalog.IsRemoved}
        """,
        2);

    private readonly Statement _setTopic = new(connection, "UPDATE rooms SET topic = @p2 WHERE id = @p1", 2);

    private readonly Statement _find = new(connection, $"SELECT {EventRow.Columns} FROM {EventRow.Source} WHERE e.room = @p1 AND e.seq = @p2", 2);

    private readonly Statement _reactions = ReactionRows.CreateQuery(connection);

    private readonly Statement _update = new(
        connection, "UPDATE events SET text = @p3, body = @p4, edited_at = @p5, is_deleted = @p6 WHERE room = @p1 AND seq = @p2", 6);

    private readonly Statement _removeMentions = new(connection, "DELETE FROM mentions WHERE room = @p1 AND seq = @p2", 2);

    private readonly Statement _removeReactions = new(connection, "DELETE FROM reactions WHERE room = @p1 AND seq = @p2", 2);

    private readonly Statement _removeFiles = new(connection, "DELETE FROM message_files WHERE room = @p1 AND seq = @p2", 2);

    private readonly Statement _findUpload = new(connection, "SELECT 1 FROM files WHERE id = @p1 AND uploader = @p2", 2);

    private readonly HashSet<LoggedRoom> _changed = [];

    /// <summary>The time of the current transaction, in whole milliseconds.</summary>
    public DateTimeOffset Now { get; set; }

    /// <summary>
    /// Appends events, and assigns their seqs. If an earlier event has the same author and client id, the new event is not stored.
    /// </summary>
    public AppendResult[] Append(LoggedRoom room, IReadOnlyList<NewEvent> batch)
    {
        _changed.Add(room);
        var at = Now.ToUnixTimeMilliseconds();
        var results = new AppendResult[batch.Count];
        for (var i = 0; i < results.Length; i++)
        {
            var content = batch[i];
            results[i] = content.OnlyIfDuplicate ? FindDuplicate(room, content)
                : content.Files is { } files && CheckFiles(room, content, files) is { } rejected ? rejected
                : content.ClientId is { } id && ClaimClientId(room, content.Author, id, at) is { } duplicate ? duplicate
                : MessageChanges.ChangesMessage(content.Kind) ? Change(room, content)
                : Add(room, content);
        }

        return results;
    }

    /// <summary>Rolls back the seqs of a failed transaction. Returns the rooms of the transaction.</summary>
    public IReadOnlyList<LoggedRoom> RollBack()
    {
        LoggedRoom[] rooms = [.. _changed];
        foreach (var room in rooms)
            room.RollBack();
        _changed.Clear();
        return rooms;
    }

    /// <summary>
    /// Removes the events of a failed transaction that reached the disk. The senders got an error, so the events must not appear later. A
    /// message that such an event has edited or deleted stays changed, because its earlier text is gone. A removed reaction stays removed.
    /// </summary>
    public void RemoveUnacknowledged(LoggedRoom room)
    {
        var values = new { room.Id, room.LastSeq };
        if (connection.Execute("DELETE FROM events WHERE room = @Id AND seq > @LastSeq", values) > 0)
        {
            connection.Execute("DELETE FROM client_ids WHERE room = @Id AND seq > @LastSeq", values);
            connection.Execute("DELETE FROM reactions WHERE room = @Id AND event > @LastSeq", values);
        }
    }

    public void OnCommitted() => _changed.Clear();

    public void Dispose()
    {
        foreach (var part in (IDisposable[])[_inserts, _replaceClientId, _findClientId, _setTopic, _find, _reactions, _update, _removeMentions, _removeReactions, _removeFiles, _findUpload])
            part.Dispose();
    }

    private AppendResult Add(LoggedRoom room, NewEvent content)
    {
        var added = new RoomEvent(room.NextSeq++, Now, content);
        _inserts.AddEvent(room.Id, added);
        if (content.Kind == RoomEventKind.Topic)
            _setTopic.Execute(room.Id, content.Text);
        if (content.Moderation is { } done)
            ModerationTables.Apply(connection, room.Id, done, Now);
        return new AppendResult(added, IsDuplicate: false, room.Name, added.Seq, Now);
    }

    private AppendResult Change(LoggedRoom room, NewEvent content)
    {
        var of = content.Of!.Value;
        var message = of < room.FirstSeq ? null : Find(room, of);
        var (changed, rejection) = MessageChanges.Apply(message, content, Now);
        if (changed is null || changed == message)
            return new AppendResult(null, IsDuplicate: changed is not null, room.Name, of, Now) { Rejection = rejection };

        var result = Add(room, content);
        if (content.Kind != RoomEventKind.Reacted)
            Update(room, changed);
        else if (content.Off)
            _inserts.RemoveReaction(room.Id, of, content.Emoji!, content.Author);
        else
            _inserts.AddReaction(room.Id, of, content.Emoji!, content.Author, content.AuthorName, result.Seq);
        return result with { Changed = changed, WasEdited = message!.EditedAt is not null, RemovesFiles = MessageChanges.RemovesFiles(message, changed) };
    }

    private void Update(LoggedRoom room, RoomEvent changed)
    {
        var content = changed.Content;
        _update.Execute(room.Id, changed.Seq, content.Text, EventBody.Encode(content), changed.EditedAt?.ToUnixTimeMilliseconds(), changed.IsDeleted ? 1 : 0);
        _removeMentions.Execute(room.Id, changed.Seq);
        _inserts.AddMentions(room.Id, changed.Seq, content.Mentions);
        if (changed.IsDeleted)
        {
            _removeReactions.Execute(room.Id, changed.Seq);
            _removeFiles.Execute(room.Id, changed.Seq);
        }
    }

    private RoomEvent? Find(LoggedRoom room, long seq)
    {
        List<RoomEvent> found = [];
        using (var row = _find.Query(room.Id, seq))
        {
            if (row.Read())
                found.Add(EventRow.Read(row));
        }

        ReactionRows.AddTo(found, _reactions, room.Id);
        return found.FirstOrDefault();
    }

    // Returns the result of a message with files that is a duplicate, or with a file that does not exist. Otherwise returns null. A message that is
    // sent again may have been deleted meanwhile, together with its files.
    private AppendResult? CheckFiles(LoggedRoom room, NewEvent content, IReadOnlyList<MessageFile> files)
    {
        if (content.ClientId is { } id && FindDuplicate(content.Author, id) is { } duplicate)
            return duplicate;
        foreach (var file in files)
        {
            using var row = _findUpload.Query(file.Id, content.Author);
            if (!row.Read())
                return new AppendResult(null, IsDuplicate: false, room.Name, room.LastSeq, Now) { Rejection = AppendRejection.FileNotFound };
        }

        return null;
    }

    // Stores that the room's next event has this client id. If an earlier event has the id, changes nothing and returns the earlier event.
    private AppendResult? ClaimClientId(LoggedRoom room, string author, string id, long at)
    {
        if (_inserts.TryAddClientId(author, id, room.Id, room.NextSeq, at))
            return null;
        if (FindDuplicate(author, id) is { } duplicate)
            return duplicate;
        _replaceClientId.Execute(author, id, room.Id, room.NextSeq, at);
        return null;
    }

    private AppendResult FindDuplicate(LoggedRoom room, NewEvent content) =>
        (content.ClientId is { } id ? FindDuplicate(content.Author, id) : null)
        ?? new AppendResult(null, IsDuplicate: false, room.Name, room.LastSeq, Now) { Rejection = AppendRejection.NotDuplicate };

    // Returns null if the id may be used again, because the earlier event is trimmed or too old.
    private AppendResult? FindDuplicate(string author, string id)
    {
        using var row = _findClientId.Query(author, id);
        if (!row.Read())
            return null;
        var (name, firstSeq, seq) = (row.GetString(0), row.GetInt64(2), row.GetInt64(3));
        var at = DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(4));
        // LoggedRoom hides trimmed events before they are deleted from the table.
        firstSeq = Math.Max(firstSeq, storage.Rooms.FindOpen(row.GetString(1))?.FirstSeq ?? 0);
        return seq >= firstSeq && Now - at < TimeSpan.FromDays(storage.Options.ClientIdDays) ? new AppendResult(null, IsDuplicate: true, name, seq, at) : null;
    }
}
