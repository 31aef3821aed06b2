namespace RawSocketChat.Server.Storage.Sqlite;

/// <summary>Takes away what is kept no longer: always the oldest events of a room. Used by the writer's thread alone.</summary>
internal sealed class Trimming(StorageState state, Database database, Blocks blocks) : IDisposable
{
    /// <summary>Rows that are deleted in one transaction; others wait meanwhile.</summary>
    public const int Step = 1024;

    // A megabyte.
    private const int BlockStep = 64;

    // Until so many ids are of no use nothing is done about them.
    private const int FewIds = 4096;

    private readonly Statement _setFirst = database.Prepare("UPDATE rooms SET first = ? WHERE id = ?");

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

    /// <summary>Deletes events below the room's first one, as many as one transaction should.</summary>
    /// <returns>Whether some are left, and what is to be done once it is committed.</returns>
    public (bool IsLeft, Action? Stored) Trim(LoggedRoom room)
    {
        if (room.First <= room.StoredFirst)
            return (false, null);
        var (first, isLeft) = blocks.Trim(room.Id, room.First, BlockStep);
        _setFirst.Bind(1, first).Bind(2, room.Id).Run();
        var last = blocks.End(room.Id);
        return (isLeft, () => (room.StoredFirst, room.LastBlock) = (first, (last.First, last.Bytes)));
    }

    /// <summary>Has the client ids of trimmed events dropped, where they are more than those of the others.</summary>
    public void TrimIds()
    {
        var kept = state.Rooms.Select(room => room.State).Sum(log => Math.Max(0, log.Last - log.First + 1));
        if (state.Ids.Count > (2 * kept) + FewIds)
            state.Ids.WantsOneRun = true;
    }

    public void Dispose() => _setFirst.Dispose();

    private DateTimeOffset At(LoggedRoom room, long seq) => EncodedEvent.TimeOf(blocks.TimeOf(room.EventId(seq)) ?? 0);
}
