using System.Runtime.InteropServices;
using Npgsql;
using RawSocketChat.Server.Storage.Sql;
using static RawSocketChat.Server.Storage.Postgres.PostgresText;

namespace RawSocketChat.Server.Storage.Postgres;

/// <summary>
/// Collects the rows of a transaction, so that all its events together need only two round trips. The first round trip reads everything to which
/// the events refer (<see cref="AddReads"/>). The second one writes the rows, with one statement for each table (<see cref="AddWrites"/>).
/// Between the round trips, this class answers reads from memory.
/// </summary>
/// <param name="connection">The connection that writes.</param>
/// <param name="isIndexed">Whether new messages become part of the search index.</param>
/// <param name="share">With several servers, the number of this server's share of the search ids; otherwise null.</param>
internal sealed class EventBatch(NpgsqlConnection connection, bool isIndexed, int? share = null) : IEventRows
{
    /// <summary>The SQL expression for the newest seq of a room, in a query of the table <c>rooms</c>.</summary>
    public const string LastSeq = "COALESCE((SELECT MAX(seq) FROM events WHERE room = rooms.id), first_seq - 1)";

    private readonly SearchIds? _searchIds = isIndexed ? new SearchIds(connection, share ?? 0, share is null ? 1 : PostgresDatabase.MaxNodes) : null;
    private readonly Dictionary<long, LoggedRoom> _rooms = [];

    // The rooms that exist. Used only with several servers, because another server may have removed a room.
    private readonly HashSet<LoggedRoom> _existing = [];

    // Caches the stored data that the new events refer to. Includes the changes of this transaction.
    private readonly Dictionary<(long Room, long Seq), RoomEvent> _events = [];
    private readonly Dictionary<(string Author, string Id), ClientIdRow> _clientIds = [];
    private readonly HashSet<(string File, string Uploader)> _uploads = [];

    // Whether the current transaction has the optional statements of AddReads.
    private bool _readsIds;
    private bool _readsChanges;
    private bool _readsUploads;

    // The rows that must be written.
    private readonly List<(long Room, RoomEvent Event)> _added = [];
    private readonly Dictionary<(long Room, long Seq), RoomEvent> _updated = [];
    private readonly List<(string Author, string Id)> _addedIds = [];
    private readonly List<(string Author, string Id)> _replacedIds = [];
    private readonly Dictionary<ReactionKey, (string Name, long Event)?> _reactions = [];
    private readonly Dictionary<long, string> _topics = [];

    /// <summary>Whether rows must be written.</summary>
    public bool HasWrites => _added.Count > 0 || _updated.Count > 0 || _addedIds.Count > 0 || _replacedIds.Count > 0 || _reactions.Count > 0 || _topics.Count > 0;

    /// <summary>
    /// Adds the statements that lock the rooms of the jobs, in the order of the room ids. Also adds the statements that read what the new events refer to.
    /// </summary>
    public void AddReads(NpgsqlBatch batch, IReadOnlyList<WriteJob> jobs)
    {
        var (ids, changes, uploads) = (new HashSet<(string, string)>(), new HashSet<(long, long)>(), new HashSet<(string, string)>());
        foreach (var job in jobs)
        {
            if (job.Room is not { } room)
                continue;
            _rooms[room.Id] = room;
            foreach (var added in job.Appended!)
            {
                if (added.ClientId is { } id)
                    ids.Add((Clean(added.Author), Clean(id)));
                if (added.Of is { } seq && MessageChanges.ChangesMessage(added.Kind))
                    changes.Add((room.Id, seq));
                foreach (var file in added.Files ?? [])
                    uploads.Add((Clean(file.Id), Clean(added.Author)));
            }
        }

        if (_rooms.Count == 0)
            return;
        // These locks keep other writers from adding events to the rooms until the commit. So with several servers, the events of a room are
        // committed in the order of their seqs.
        Add(batch, "SELECT id FROM rooms WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE", [_rooms.Keys.ToArray()]);
        // The statement above may wait for another commit. The next statement has a later snapshot, which contains this commit. A single statement would
        // not see the commit.
        if (share is not null)
        {
            Add(
                batch,
                $"SELECT id, epoch, first_seq, {LastSeq} FROM rooms WHERE id = ANY($1) AND NOT {SqlRoomCatalog.IsRemoved}",
                [_rooms.Keys.ToArray()]);
        }

        if (ids.Count > 0)
        {
            // LIMIT makes PostgreSQL look each id up in the index. Otherwise a plan from a time when the table had few rows could read the whole table.
            Add(
                batch,
                $"""
                SELECT k.author, k.client_id, o.name, o.name_key, o.first_seq, o.seq, o.at
                FROM unnest($1::text[], $2::text[]) k (author, client_id)
                CROSS JOIN LATERAL (SELECT author, client_id FROM client_ids c WHERE c.author = k.author AND c.client_id = k.client_id LIMIT 1) i
                LEFT JOIN LATERAL (SELECT {ClientIdOwner.Columns} FROM {ClientIdOwner.Source} WHERE c.author = i.author AND c.client_id = i.client_id) o ON TRUE
                """,
                [ids.Select(id => id.Item1).ToArray(), ids.Select(id => id.Item2).ToArray()]);
        }

        if (changes.Count > 0)
        {
            object[] keys = [changes.Select(change => change.Item1).ToArray(), changes.Select(change => change.Item2).ToArray()];
            Add(
                batch,
                $"SELECT {EventRow.Columns}, e.room FROM unnest($1::bigint[], $2::bigint[]) k (room, seq) JOIN {EventRow.Source} ON e.room = k.room AND e.seq = k.seq",
                keys);
            Add(
                batch,
                """
                SELECT r.room, r.seq, r.emoji, r.user, r.name FROM unnest($1::bigint[], $2::bigint[]) k (room, seq) JOIN reactions r ON r.room = k.room AND r.seq = k.seq
                ORDER BY r.room, r.seq, r.event
                """,
                keys);
        }

        if (uploads.Count > 0)
        {
            Add(
                batch,
                "SELECT f.id, f.uploader FROM unnest($1::text[], $2::text[]) k (id, uploader) JOIN files f ON f.id = k.id AND f.uploader = k.uploader",
                [uploads.Select(file => file.Item1).ToArray(), uploads.Select(file => file.Item2).ToArray()]);
        }

        (_readsIds, _readsChanges, _readsUploads) = (ids.Count > 0, changes.Count > 0, uploads.Count > 0);
    }

    /// <summary>
    /// Reads the results of the statements of <see cref="AddReads"/>. The reader must be at the result that precedes them.
    /// </summary>
    public void Read(NpgsqlDataReader reader)
    {
        if (_rooms.Count == 0)
            return;
        reader.NextResult();
        if (share is not null)
        {
            for (reader.NextResult(); reader.Read();)
            {
                // A new room may have the id of a removed room, but it has another epoch.
                var room = _rooms[reader.GetInt64(0)];
                if (reader.GetString(1) != room.Epoch)
                    continue;
                _existing.Add(room);
                room.TrimTo(reader.GetInt64(2));
                room.NextSeq = reader.GetInt64(3) + 1;
            }
        }

        if (_readsIds)
        {
            for (reader.NextResult(); reader.Read();)
            {
                _clientIds[(reader.GetString(0), reader.GetString(1))] = reader.IsDBNull(2)
                    ? default
                    : new ClientIdRow(new ClientIdOwner(reader.GetString(2), reader.GetString(3), reader.GetInt64(4), reader.GetInt64(5), reader.GetInt64(6)), Room: 0);
            }
        }

        if (_readsChanges)
        {
            for (reader.NextResult(); reader.Read();)
            {
                var found = EventRow.Read(reader);
                _events[(reader.GetInt64(EventRow.ColumnCount), found.Seq)] = found;
            }

            for (reader.NextResult(); reader.Read();)
            {
                var key = (reader.GetInt64(0), reader.GetInt64(1));
                if (_events.TryGetValue(key, out var message))
                    _events[key] = message with { Reactions = [.. message.Reactions, new StoredReaction(reader.GetString(2), reader.GetString(3), reader.GetString(4))] };
            }
        }

        if (_readsUploads)
        {
            for (reader.NextResult(); reader.Read();)
                _uploads.Add((reader.GetString(0), reader.GetString(1)));
        }
    }

    public void AddEvent(long room, RoomEvent added)
    {
        _added.Add((room, added));
        _events[(room, added.Seq)] = added;
    }

    public void UpdateMessage(long room, RoomEvent changed)
    {
        _updated[(room, changed.Seq)] = changed;
        _events[(room, changed.Seq)] = changed;
    }

    public void AddReaction(long room, long seq, string emoji, string user, string name, long reactionSeq)
    {
        _reactions[new ReactionKey(room, seq, emoji, user)] = (name, reactionSeq);
        if (_events.TryGetValue((room, seq), out var message))
            _events[(room, seq)] = message with { Reactions = [.. message.Reactions, new StoredReaction(emoji, user, name)] };
    }

    public void RemoveReaction(long room, long seq, string emoji, string user)
    {
        _reactions[new ReactionKey(room, seq, emoji, user)] = null;
        if (_events.TryGetValue((room, seq), out var message))
            _events[(room, seq)] = message with { Reactions = [.. message.Reactions.Where(reaction => reaction.Emoji != emoji || reaction.User != user)] };
    }

    public RoomEvent? Find(long room, long seq) => _events.GetValueOrDefault((room, seq));

    public bool TryAddClientId(string author, string id, long room, long seq, long at)
    {
        var key = (Clean(author), Clean(id));
        if (!_clientIds.TryAdd(key, CreateRow(room, seq, at)))
            return false;
        _addedIds.Add(key);
        return true;
    }

    public void ReplaceClientId(string author, string id, long room, long seq, long at)
    {
        var key = (Clean(author), Clean(id));
        _clientIds[key] = CreateRow(room, seq, at);
        // An id that is in one of the two lists needs no second entry: AddWrites takes its values from _clientIds.
        if (!_addedIds.Contains(key) && !_replacedIds.Contains(key))
            _replacedIds.Add(key);
    }

    public ClientIdOwner? FindClientId(string author, string id)
    {
        if (!_clientIds.TryGetValue((Clean(author), Clean(id)), out var row) || row.Owner is not { } owner)
            return null;
        // If this transaction has added the client id, the event may have been rejected afterwards. In that case, the event does not exist.
        return row.Room == 0 || (_events.TryGetValue((row.Room, owner.Seq), out var added) && added.Content.Author == author) ? owner : null;
    }

    public bool HasUpload(string file, string uploader) => _uploads.Contains((Clean(file), Clean(uploader)));

    public void SetTopic(long room, string topic) => _topics[room] = topic;

    public bool HasRoom(LoggedRoom room) => share is null || _existing.Contains(room);

    /// <summary>Adds the statements that write the collected rows, and then forgets these rows. The statements return no rows.</summary>
    public void AddWrites(NpgsqlBatch batch)
    {
        // Another server may add the same id at the same time, in another room. Then the primary key makes the transaction fail, and the next attempt finds
        // the id. All servers insert the ids in the same order, so two transactions cannot deadlock.
        _addedIds.Sort(static (a, b) => string.CompareOrdinal(a.Author, b.Author) is not 0 and var order ? order : string.CompareOrdinal(a.Id, b.Id));
        AddClientIds(batch, _addedIds, "");
        AddClientIds(batch, _replacedIds, "ON CONFLICT (author, client_id) DO UPDATE SET room = excluded.room, seq = excluded.seq, at = excluded.at");
        AddEvents(batch);
        AddUpdates(batch);
        AddReactions(batch);
        if (_topics.Count > 0)
            Add(batch, "UPDATE rooms r SET topic = t.topic FROM unnest($1::bigint[], $2::text[]) t (id, topic) WHERE r.id = t.id", [_topics.Keys.ToArray(), _topics.Values.Select(Clean).ToArray()]);
        ClearWrites();
    }

    /// <summary>Forgets all collected rows and all data that was read. Call this method at the end of each transaction.</summary>
    public void Clear()
    {
        _rooms.Clear();
        _existing.Clear();
        _events.Clear();
        _clientIds.Clear();
        _uploads.Clear();
        (_readsIds, _readsChanges, _readsUploads) = (false, false, false);
        ClearWrites();
    }

    public void Dispose() => _searchIds?.Dispose();

    private void ClearWrites()
    {
        _added.Clear();
        _updated.Clear();
        _addedIds.Clear();
        _replacedIds.Clear();
        _reactions.Clear();
        _topics.Clear();
    }

    private ClientIdRow CreateRow(long room, long seq, long at)
    {
        var log = _rooms[room];
        return new ClientIdRow(new ClientIdOwner(log.Name, RoomCache.GetKey(log.Name), FirstSeq: 0, seq, at), room);
    }

    private void AddClientIds(NpgsqlBatch batch, List<(string Author, string Id)> keys, string onConflict)
    {
        if (keys.Count == 0)
            return;
        var rows = keys.Select(key => _clientIds[key]).ToList();
        Add(
            batch,
            $"INSERT INTO client_ids (author, client_id, room, seq, at) SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[]) {onConflict}",
            [
                keys.Select(key => key.Author).ToArray(), keys.Select(key => key.Id).ToArray(),
                rows.Select(row => row.Room).ToArray(), rows.Select(row => row.Owner!.Value.Seq).ToArray(), rows.Select(row => row.Owner!.Value.At).ToArray(),
            ]);
    }

    private void AddEvents(NpgsqlBatch batch)
    {
        if (_added.Count == 0)
            return;
        var searchIds = _added.Select(row => IsSearched(row.Event) ? _searchIds?.Next(row.Event.At) : null).ToArray();
        Add(
            batch,
            """
            INSERT INTO events (room, seq, at, kind, author, name, text, body, target, search_id, words)
            SELECT room, seq, at, kind, author, name, text, body, target, search_id, words::tsvector
            FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bigint[], $10::bigint[], $11::text[])
                n (room, seq, at, kind, author, name, text, body, target, search_id, words)
            """,
            [
                _added.Select(row => row.Room).ToArray(),
                _added.Select(row => row.Event.Seq).ToArray(),
                _added.Select(row => row.Event.At.ToUnixTimeMilliseconds()).ToArray(),
                _added.Select(row => RoomEventKindName.Format(row.Event.Content.Kind)).ToArray(),
                _added.Select(row => Clean(row.Event.Content.Author)).ToArray(),
                _added.Select(row => Clean(row.Event.Content.AuthorName)).ToArray(),
                // The row of an edit has no text. The row of the edited message has the new text, and the query for an edit joins this row.
                _added.Select(row => row.Event.Content.Kind == RoomEventKind.Edited ? "" : Clean(row.Event.Content.Text)).ToArray(),
                _added.Select(row => EventBody.Encode(row.Event.Content)).ToArray(),
                _added.Select(row => row.Event.Content.Of).ToArray(),
                searchIds,
                _added.Select((row, index) => searchIds[index] is null ? null : Clean(SearchVector.Create(row.Room, row.Event.Content))).ToArray(),
            ]);
        var messages = _added.Where(row => row.Event.Content.Kind == RoomEventKind.Message).ToList();
        AddMentions(batch, messages);
        AddFiles(batch, [.. messages.Where(row => row.Event.Content.Files is { Count: > 0 })]);
    }

    private static bool IsSearched(RoomEvent added) => added is { Content.Kind: RoomEventKind.Message, IsDeleted: false };

    private static void AddMentions(NpgsqlBatch batch, List<(long Room, RoomEvent Event)> messages)
    {
        var mentions = messages.SelectMany(row => (row.Event.Content.Mentions ?? []).Select(user => (User: Clean(user), row.Room, row.Event.Seq))).ToList();
        if (mentions.Count == 0)
            return;
        Add(
            batch,
            """INSERT INTO mentions ("user", room, seq) SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[]) ON CONFLICT DO NOTHING""",
            [mentions.Select(row => row.User).ToArray(), mentions.Select(row => row.Room).ToArray(), mentions.Select(row => row.Seq).ToArray()]);
    }

    private static void AddFiles(NpgsqlBatch batch, List<(long Room, RoomEvent Event)> messages)
    {
        var files = messages.SelectMany(row => row.Event.Content.Files!.Select((file, position) => (row.Room, row.Event.Seq, Position: (long)position, Id: Clean(file.Id)))).ToList();
        if (files.Count == 0)
            return;
        var ids = files.Select(file => file.Id).ToArray();
        Add(
            batch,
            "INSERT INTO message_files (room, seq, position, file) SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[])",
            [files.Select(file => file.Room).ToArray(), files.Select(file => file.Seq).ToArray(), files.Select(file => file.Position).ToArray(), ids]);
        Add(batch, "UPDATE files SET is_posted = 1 WHERE id = ANY($1) AND is_posted = 0", [ids]);
    }

    private void AddUpdates(NpgsqlBatch batch)
    {
        if (_updated.Count == 0)
            return;
        var rows = _updated.Select(row => (row.Key.Room, Event: row.Value)).ToList();
        object[] keys = [rows.Select(row => row.Room).ToArray(), rows.Select(row => row.Event.Seq).ToArray()];
        Add(
            batch,
            """
            UPDATE events e SET text = n.text, body = n.body, edited_at = n.edited_at, is_deleted = n.is_deleted,
                words = CASE WHEN e.search_id IS NOT NULL THEN n.words::tsvector END
            FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::text[]) n (room, seq, text, body, edited_at, is_deleted, words)
            WHERE e.room = n.room AND e.seq = n.seq
            """,
            [
                .. keys,
                rows.Select(row => Clean(row.Event.Content.Text)).ToArray(),
                rows.Select(row => EventBody.Encode(row.Event.Content)).ToArray(),
                rows.Select(row => row.Event.EditedAt?.ToUnixTimeMilliseconds()).ToArray(),
                rows.Select(row => row.Event.IsDeleted ? 1L : 0L).ToArray(),
                rows.Select(row => IsSearched(row.Event) ? Clean(SearchVector.Create(row.Room, row.Event.Content)) : null).ToArray(),
            ]);
        Add(batch, "DELETE FROM mentions m USING unnest($1::bigint[], $2::bigint[]) n (room, seq) WHERE m.room = n.room AND m.seq = n.seq", keys);
        AddMentions(batch, rows);
        var deleted = rows.Where(row => row.Event.IsDeleted).ToList();
        if (deleted.Count == 0)
            return;
        keys = [deleted.Select(row => row.Room).ToArray(), deleted.Select(row => row.Event.Seq).ToArray()];
        Add(batch, "DELETE FROM reactions r USING unnest($1::bigint[], $2::bigint[]) n (room, seq) WHERE r.room = n.room AND r.seq = n.seq", keys);
        Add(batch, "DELETE FROM message_files f USING unnest($1::bigint[], $2::bigint[]) n (room, seq) WHERE f.room = n.room AND f.seq = n.seq", keys);
    }

    // Removes each changed reaction, and then adds the changed reactions that exist at the end of the transaction.
    private void AddReactions(NpgsqlBatch batch)
    {
        var changed = _reactions.Where(row => !_updated.TryGetValue((row.Key.Room, row.Key.Seq), out var message) || !message.IsDeleted).ToList();
        if (changed.Count == 0)
            return;
        Add(
            batch,
            """
            DELETE FROM reactions r USING unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[]) n (room, seq, emoji, author)
            WHERE r.room = n.room AND r.seq = n.seq AND r.emoji = n.emoji AND r.user = n.author
            """,
            GetKeys(changed));
        changed.RemoveAll(row => row.Value is null);
        if (changed.Count == 0)
            return;
        Add(
            batch,
            """
            INSERT INTO reactions (room, seq, emoji, "user", name, event) SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::bigint[])
            """,
            [.. GetKeys(changed), changed.Select(row => Clean(row.Value!.Value.Name)).ToArray(), changed.Select(row => row.Value!.Value.Event).ToArray()]);

        static object[] GetKeys(List<KeyValuePair<ReactionKey, (string, long)?>> rows) =>
        [
            rows.Select(row => row.Key.Room).ToArray(), rows.Select(row => row.Key.Seq).ToArray(),
            rows.Select(row => Clean(row.Key.Emoji)).ToArray(), rows.Select(row => Clean(row.Key.User)).ToArray(),
        ];
    }

    private static void Add(NpgsqlBatch batch, string sql, ReadOnlySpan<object> values)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var value in values)
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        batch.BatchCommands.Add(command);
    }

    private readonly record struct ReactionKey(long Room, long Seq, string Emoji, string User);

    /// <param name="Owner">The event that has the client id; null if it is not stored any more.</param>
    /// <param name="Room">The room, if this transaction has added or replaced the client id; otherwise 0.</param>
    [StructLayout(LayoutKind.Auto)]
    private readonly record struct ClientIdRow(ClientIdOwner? Owner, long Room);
}
