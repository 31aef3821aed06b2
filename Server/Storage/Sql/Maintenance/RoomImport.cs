using Dapper;

namespace RawSocketChat.Server.Storage.Sql.Maintenance;

/// <summary>What an import did with an event.</summary>
/// <param name="IsDuplicate">Whether the event is not stored, because the author has used its client id in this room.</param>
/// <param name="LacksId">Whether the event is stored without its client id, because the author has used the id in another room.</param>
/// <param name="LacksFiles">Whether the database does not have all files of the event. The import adds the names of the missing files to the text.</param>
public readonly record struct ImportedEvent(bool IsDuplicate = false, bool LacksId = false, bool LacksFiles = false);

/// <summary>Writes a room with its whole log into a database that no server uses. <see cref="Commit"/> stores everything or nothing.</summary>
public sealed class RoomImport : IDisposable
{
    private readonly OfflineTransaction _transaction;
    private readonly long _room;
    private readonly EventInserts _inserts;
    private readonly Statement _isInRoom;
    private readonly Statement _isMessage;
    private readonly Statement _hasFile;

    private RoomImport(OfflineTransaction transaction, long room, string epoch)
    {
        var connection = transaction.Connection;
        _transaction = transaction;
        _room = room;
        Epoch = epoch;
        _inserts = transaction.CreateInserts();
        _isInRoom = new Statement(connection, "SELECT 1 FROM client_ids WHERE author = @p1 AND client_id = @p2 AND room = @p3", 3);
        _isMessage = new Statement(connection, "SELECT 1 FROM events WHERE room = @p1 AND seq = @p2 AND kind = 'message' AND is_deleted = 0", 2);
        _hasFile = new Statement(connection, "SELECT 1 FROM files WHERE id = @p1 AND uploader = @p2", 2);
    }

    /// <summary>Identifies the room's log. A log that was lost or reset gets another epoch.</summary>
    public string Epoch { get; }

    /// <summary>Begins an import. Returns null if a room of that name exists.</summary>
    /// <param name="epoch">
    /// The epoch of the log. The log gets a new epoch if this value is null or empty, or if another log has this epoch.
    /// </param>
    /// <param name="first">The seq of the first event.</param>
    /// <param name="now">The time of the import, which becomes the room's time of creation.</param>
    /// <exception cref="StorageException">The database cannot be written.</exception>
    public static RoomImport? Begin(ChatDatabase database, StoredRoom room, string? epoch, long first, DateTimeOffset now, Durability durability, CancellationToken cancel)
    {
        var transaction = database.Begin(cancel, durability == Durability.Full);
        try
        {
            var import = transaction.Execute(connection =>
            {
                if (string.IsNullOrEmpty(epoch) || connection.ExecuteScalar<bool>("SELECT EXISTS (SELECT 1 FROM rooms WHERE epoch = @epoch)", new { epoch }))
                    epoch = SqlRoomCatalog.CreateEpoch();
                return SqlRoomCatalog.AddRoom(connection, room, epoch, first, now) is { } id ? new RoomImport(transaction, id, epoch) : null;
            });
            if (import is null)
                transaction.Dispose();
            return import;
        }
        catch
        {
            transaction.Dispose();
            throw;
        }
    }

    /// <summary>Adds the next event.</summary>
    /// <exception cref="StorageException">The database cannot be written.</exception>
    public ImportedEvent Add(RoomEvent next) => _transaction.Execute(_ =>
    {
        var content = next.Content;
        var (lacksId, at) = (false, next.At.ToUnixTimeMilliseconds());
        if (content.ClientId is { } id && !_inserts.TryAddClientId(content.Author, id, _room, next.Seq, at))
        {
            using var inRoom = _isInRoom.Query(content.Author, id, _room);
            if (inRoom.Read())
                return new ImportedEvent(IsDuplicate: true);
            lacksId = true;
        }

        var stored = ReplaceMissingFiles(next);
        _inserts.AddEvent(_room, stored);
        if (content is { Kind: RoomEventKind.Reacted, Of: { } of })
            React(of, next);
        return new ImportedEvent(LacksId: lacksId, LacksFiles: stored != next);
    });

    /// <exception cref="StorageException">The database cannot be written.</exception>
    public void Commit() => _transaction.Commit();

    /// <summary>Closes the database. Without a commit nothing is imported.</summary>
    public void Dispose()
    {
        foreach (var part in (IDisposable[])[_inserts, _isInRoom, _isMessage, _hasFile, _transaction])
            part.Dispose();
    }

    // An export has each reaction as an event, but no list of the reactions of a message. So apply the events.
    private void React(long of, RoomEvent reaction)
    {
        var content = reaction.Content;
        if (content.Off)
            _inserts.RemoveReaction(_room, of, content.Emoji!, content.Author);
        else if (IsMessage(of))
            _inserts.AddReaction(_room, of, content.Emoji!, content.Author, content.AuthorName, reaction.Seq);
    }

    // An export has the names of the files, but not their contents. If the room was removed after the export, the contents were removed too.
    private RoomEvent ReplaceMissingFiles(RoomEvent next)
    {
        if (next.Content.Files is not { } files)
            return next;
        var missing = files.Where(file => !HasFile(file.Id, next.Content.Author)).ToList();
        if (missing.Count == 0)
            return next;
        var lines = missing.Select(file => $"[file: {file.Name}]").Prepend(next.Content.Text).Where(line => line.Length > 0);
        return next with
        {
            Content = next.Content with { Text = string.Join('\n', lines), Files = missing.Count == files.Count ? null : [.. files.Except(missing)] },
        };
    }

    private bool HasFile(string id, string uploader)
    {
        using var row = _hasFile.Query(id, uploader);
        return row.Read();
    }

    private bool IsMessage(long seq)
    {
        using var row = _isMessage.Query(_room, seq);
        return row.Read();
    }
}
