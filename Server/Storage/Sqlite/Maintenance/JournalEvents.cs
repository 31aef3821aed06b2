using RawSocketChat.Server.Storage.Sqlite.Ids;

namespace RawSocketChat.Server.Storage.Sqlite.Maintenance;

/// <summary>Reads the journal: where a server runs or was killed, it has what the next start, or the server itself, puts into blocks.</summary>
internal static class JournalEvents
{
    /// <summary>Called for an event of a row.</summary>
    public delegate void EventFound(long room, long seq, EncodedEvent found);

    /// <summary>Calls for all events, in the order of their coming.</summary>
    /// <returns>Which rows are damaged.</returns>
    public static List<long> Read(Database database, EventFound onEvent)
    {
        var faults = new List<long>();
        using var rows = database.Prepare("SELECT id, checksum, events FROM journal ORDER BY id");
        while (rows.Step())
        {
            var reading = new JournalReading(rows.Bytes(2));
            if (!Blocks.IsSound(rows, 1) || !TryRead(ref reading, onEvent))
                faults.Add(rows.Number(0));
        }

        return faults;
    }

    /// <summary>The client ids of what can be read of it.</summary>
    public static List<IdEntry> ClientIds(Database database, IdHash hash)
    {
        var ids = new List<IdEntry>();
        Read(database, (room, seq, found) =>
        {
            if (found.HasClientId)
                ids.Add(new IdEntry(hash.Of(found.Author, found.ClientId), LoggedRoom.EventIdOf(room, seq)));
        });
        return ids;
    }

    private static bool TryRead(ref JournalReading reading, EventFound onEvent)
    {
        while (!reading.IsOver)
        {
            if (!reading.TryGroup(out var room, out var seq, out var count))
                return false;
            for (; count > 0; count--, seq++)
            {
                if (!reading.TryEvent(out var found))
                    return false;
                onEvent(room, seq, found);
            }
        }

        return true;
    }
}
