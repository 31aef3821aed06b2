using System.Data.Common;

namespace RawSocketChat.Server.Storage.Sql;

/// <summary>Reads and writes each row with its own prepared statement. This suits an engine that runs in this process, without network round trips.</summary>
internal sealed class EventStatements(DbConnection connection, bool isIndexed) : IEventRows
{
    private readonly EventInserts _inserts = new(connection, isIndexed);

    private readonly Statement _replaceClientId = new(
        connection, "UPDATE client_ids SET room = @p3, seq = @p4, at = @p5 WHERE author = @p1 AND client_id = @p2", 5);

    private readonly Statement _findClientId = new(
        connection, $"SELECT {ClientIdOwner.Columns} FROM {ClientIdOwner.Source} WHERE c.author = @p1 AND c.client_id = @p2", 2);

    private readonly Statement _setTopic = new(connection, "UPDATE rooms SET topic = @p2 WHERE id = @p1", 2);

    private readonly Statement _find = new(connection, $"SELECT {EventRow.Columns} FROM {EventRow.Source} WHERE e.room = @p1 AND e.seq = @p2", 2);

    private readonly Statement _reactions = ReactionRows.CreateQuery(connection);

    private readonly Statement _update = new(
        connection, "UPDATE events SET text = @p3, body = @p4, edited_at = @p5, is_deleted = @p6 WHERE room = @p1 AND seq = @p2", 6);

    private readonly Statement _removeMentions = new(connection, "DELETE FROM mentions WHERE room = @p1 AND seq = @p2", 2);

    private readonly Statement _removeReactions = new(connection, "DELETE FROM reactions WHERE room = @p1 AND seq = @p2", 2);

    private readonly Statement _removeFiles = new(connection, "DELETE FROM message_files WHERE room = @p1 AND seq = @p2", 2);

    private readonly Statement _findUpload = new(connection, "SELECT 1 FROM files WHERE id = @p1 AND uploader = @p2", 2);

    public void AddEvent(long room, RoomEvent added) => _inserts.AddEvent(room, added);

    public void UpdateMessage(long room, RoomEvent changed)
    {
        var content = changed.Content;
        _update.Execute(room, changed.Seq, content.Text, EventBody.Encode(content), changed.EditedAt?.ToUnixTimeMilliseconds(), changed.IsDeleted ? 1 : 0);
        _removeMentions.Execute(room, changed.Seq);
        _inserts.AddMentions(room, changed.Seq, content.Mentions);
        if (changed.IsDeleted)
        {
            _removeReactions.Execute(room, changed.Seq);
            _removeFiles.Execute(room, changed.Seq);
        }
    }

    public void AddReaction(long room, long seq, string emoji, string user, string name, long reactionSeq) =>
        _inserts.AddReaction(room, seq, emoji, user, name, reactionSeq);

    public void RemoveReaction(long room, long seq, string emoji, string user) => _inserts.RemoveReaction(room, seq, emoji, user);

    public RoomEvent? Find(long room, long seq)
    {
        List<RoomEvent> found = [];
        using (var row = _find.Query(room, seq))
        {
            if (row.Read())
                found.Add(EventRow.Read(row));
        }

        ReactionRows.AddTo(found, _reactions, room);
        return found.FirstOrDefault();
    }

    public bool TryAddClientId(string author, string id, long room, long seq, long at) => _inserts.TryAddClientId(author, id, room, seq, at);

    public void ReplaceClientId(string author, string id, long room, long seq, long at) => _replaceClientId.Execute(author, id, room, seq, at);

    public ClientIdOwner? FindClientId(string author, string id)
    {
        using var row = _findClientId.Query(author, id);
        return row.Read() ? new ClientIdOwner(row.GetString(0), row.GetString(1), row.GetInt64(2), row.GetInt64(3), row.GetInt64(4)) : null;
    }

    public bool HasUpload(string file, string uploader)
    {
        using var row = _findUpload.Query(file, uploader);
        return row.Read();
    }

    public void SetTopic(long room, string topic) => _setTopic.Execute(room, topic);

    // Only this server removes rooms, and it appends nothing to a removed room.
    public bool HasRoom(LoggedRoom room) => true;

    public void Dispose()
    {
        foreach (var part in (IDisposable[])[_inserts, _replaceClientId, _findClientId, _setTopic, _find, _reactions, _update, _removeMentions, _removeReactions, _removeFiles, _findUpload])
            part.Dispose();
    }
}
