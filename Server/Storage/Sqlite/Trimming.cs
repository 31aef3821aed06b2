namespace RawSocketChat.Server.Storage.Sqlite;

/// <summary>Takes away what is kept no longer: always the oldest events of a room. Used by the writer's thread alone.</summary>
internal sealed class Trimming(StorageState state, Database database) : IDisposable
{
    /// <summary>Events that are deleted in one transaction; others wait meanwhile.</summary>
    public const int Step = 1024;

    private readonly ClientIds _clientIds = new(state, database);
    private readonly Statement _oldest = database.Prepare("SELECT id, author, client_id FROM events WHERE id >= ? AND id < ? ORDER BY id LIMIT ?");
    private readonly Statement _delete = database.Prepare("DELETE FROM events WHERE id >= ? AND id <= ?");
    private readonly Statement _setFirst = database.Prepare("UPDATE rooms SET first = ? WHERE id = ?");
    private readonly Statement _at = database.Prepare("SELECT at FROM events WHERE id = ?");

    /// <summary>The oldest seq of a room that is not older than <paramref name="cutoff"/>, as far as the room's times go up.</summary>
    public long FirstSince(LoggedRoom room, DateTimeOffset cutoff)
    {
        var (unsettled, settled, first) = room.Look(0, int.MaxValue);
        var (low, high) = (first, settled + 1);
        if (low < high && At(room, low) >= cutoff)
            return first;
        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            if (At(room, middle) >= cutoff)
                high = middle;
            else
                low = middle + 1;
        }

        return low <= settled ? low : Math.Max(first, settled + 1 + unsettled.Count(old => old.Seq > settled && old.At < cutoff));
    }

    /// <summary>Deletes events below the room's first one, up to <see cref="Step"/>.</summary>
    /// <returns>Whether some are left.</returns>
    public bool Trim(LoggedRoom room)
    {
        var (gone, last) = (0, 0L);
        _oldest.Bind(1, room.EventId(0)).Bind(2, room.EventId(room.First)).Bind(3, Step);
        while (_oldest.Step())
        {
            gone++;
            last = _oldest.Number(0);
            if (_oldest.TextOrNull(2) is { } clientId)
                _clientIds.Remove(_oldest.Text(1), clientId, last);
        }

        if (gone == 0)
            return false;
        _delete.Bind(1, room.EventId(0)).Bind(2, last).Run();
        _setFirst.Bind(1, LoggedRoom.SeqOf(last) + 1).Bind(2, room.Id).Run();
        return gone == Step;
    }

    public void Dispose()
    {
        _clientIds.Dispose();
        foreach (var statement in (Statement[])[_oldest, _delete, _setFirst, _at])
            statement.Dispose();
    }

    private DateTimeOffset At(LoggedRoom room, long seq)
    {
        var at = _at.Bind(1, room.EventId(seq)).Step() ? _at.Number(0) : 0;
        _at.Reset();
        return EventRow.TimeOf(at);
    }
}
