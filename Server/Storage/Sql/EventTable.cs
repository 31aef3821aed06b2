using System.Data.Common;
using Dapper;

namespace RawSocketChat.Server.Storage.Sql;

/// <summary>Writes the logs of the rooms. Used by the writer's thread only, inside a transaction.</summary>
/// <param name="connection">The connection that writes.</param>
/// <param name="rows">Reads and writes the rows of events on this connection.</param>
/// <param name="storage">The storage.</param>
internal sealed class EventTable(DbConnection connection, IEventRows rows, SqlStorage storage) : IDisposable
{
    private readonly HashSet<LoggedRoom> _changed = [];

    /// <summary>The time of the current transaction, in whole milliseconds.</summary>
    public DateTimeOffset Now { get; set; }

    /// <summary>
    /// Appends events, and assigns their seqs. If an earlier event has the same author and client id, the new event is not stored.
    /// </summary>
    public AppendResult[] Append(LoggedRoom room, IReadOnlyList<NewEvent> batch)
    {
        if (!rows.HasRoom(room))
            return [.. batch.Select(_ => new AppendResult(null, IsDuplicate: false, room.Name, room.LastSeq, Now) { Rejection = AppendRejection.RoomRemoved })];
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
    /// Removes events that reached the disk although their transaction failed. The senders got an error, so the events must not appear later. A
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

    public void Dispose() => rows.Dispose();

    private AppendResult Add(LoggedRoom room, NewEvent content)
    {
        var added = new RoomEvent(room.NextSeq++, Now, content);
        rows.AddEvent(room.Id, added);
        if (content.Kind == RoomEventKind.Topic)
            rows.SetTopic(room.Id, content.Text);
        if (content.Moderation is { } done)
            ModerationTables.Apply(connection, room.Id, done, Now);
        return new AppendResult(added, IsDuplicate: false, room.Name, added.Seq, Now);
    }

    private AppendResult Change(LoggedRoom room, NewEvent content)
    {
        var of = content.Of!.Value;
        var message = of < room.FirstSeq ? null : rows.Find(room.Id, of);
        var (changed, rejection) = MessageChanges.Apply(message, content, Now);
        if (changed is null || changed == message)
            return new AppendResult(null, IsDuplicate: changed is not null, room.Name, of, Now) { Rejection = rejection };

        var result = Add(room, content);
        if (content.Kind != RoomEventKind.Reacted)
            rows.UpdateMessage(room.Id, changed);
        else if (content.Off)
            rows.RemoveReaction(room.Id, of, content.Emoji!, content.Author);
        else
            rows.AddReaction(room.Id, of, content.Emoji!, content.Author, content.AuthorName, result.Seq);
        return result with { Changed = changed, WasEdited = message!.EditedAt is not null, RemovesFiles = MessageChanges.RemovesFiles(message, changed) };
    }

    // Returns a result if the message is a duplicate, or if one of its files does not exist. Otherwise returns null. Looks for a duplicate first: a
    // message that is sent again may have been deleted meanwhile, together with its files.
    private AppendResult? CheckFiles(LoggedRoom room, NewEvent content, IReadOnlyList<MessageFile> files)
    {
        if (content.ClientId is { } id && FindDuplicate(content.Author, id) is { } duplicate)
            return duplicate;
        foreach (var file in files)
        {
            if (!rows.HasUpload(file.Id, content.Author))
                return new AppendResult(null, IsDuplicate: false, room.Name, room.LastSeq, Now) { Rejection = AppendRejection.FileNotFound };
        }

        return null;
    }

    // Assigns a client id to the room's next event. If an earlier event of the author has the id, changes nothing and returns the earlier event.
    // But if the earlier event is trimmed or too old, the next event gets the id.
    private AppendResult? ClaimClientId(LoggedRoom room, string author, string id, long at)
    {
        if (rows.TryAddClientId(author, id, room.Id, room.NextSeq, at))
            return null;
        if (FindDuplicate(author, id) is { } duplicate)
            return duplicate;
        rows.ReplaceClientId(author, id, room.Id, room.NextSeq, at);
        return null;
    }

    private AppendResult FindDuplicate(LoggedRoom room, NewEvent content) =>
        (content.ClientId is { } id ? FindDuplicate(content.Author, id) : null)
        ?? new AppendResult(null, IsDuplicate: false, room.Name, room.LastSeq, Now) { Rejection = AppendRejection.NotDuplicate };

    // Returns null if the id is free: no event has it, or the event that has it is trimmed or too old.
    private AppendResult? FindDuplicate(string author, string id)
    {
        if (rows.FindClientId(author, id) is not { } owner)
            return null;
        var at = DateTimeOffset.FromUnixTimeMilliseconds(owner.At);
        // LoggedRoom hides trimmed events before they are deleted from the table.
        var firstSeq = Math.Max(owner.FirstSeq, storage.Rooms.FindOpen(owner.RoomKey)?.FirstSeq ?? 0);
        return owner.Seq >= firstSeq && Now - at < TimeSpan.FromDays(storage.Options.ClientIdDays)
            ? new AppendResult(null, IsDuplicate: true, owner.RoomName, owner.Seq, at)
            : null;
    }
}
