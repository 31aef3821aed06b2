using System.Text.Unicode;

namespace RawSocketChat.Server.Storage.Sqlite.Maintenance;

/// <summary>
/// Goes once through all events in the order of rooms and seqs, wherever they stand: each seq from a room's first to its last
/// exactly once, each event readable, each found by its client id, and the newest topic the room's.
/// </summary>
internal sealed class EventCheck(Database database, CheckedRooms rooms, CheckResult result) : IDisposable
{
    // The last moment of the year 9999: the wire's times have four digits for the year.
    private const long LatestTime = 253_402_300_799_999;
    private const int ReportEvery = 4096;

    private readonly Statement _known = database.Prepare("SELECT 1 FROM client_ids WHERE hash = ? AND event = ?");

    public void Run(IProgress<Advance> progress, CancellationToken cancel)
    {
        // Each half comes in order by itself: events by their key, the journal (which is short) sorted.
        using var rows = database.Prepare(
            $"""
            SELECT id, {EventRow.Columns}, NULL AS hash, 0 AS in_journal FROM events
            UNION ALL
            SELECT room << 40 | seq, {EventRow.Columns}, hash, 1 FROM journal
            ORDER BY 1
            """);
        var total = Total();
        while (rows.Step())
        {
            Check(rows);
            if (++result.Events % ReportEvery != 0)
                continue;
            cancel.ThrowIfCancellationRequested();
            progress.Report(new Advance("checking events", result.Events, total));
        }

        foreach (var room in rooms.All)
        {
            if (room.GivenTopic is { } given && given.Text != room.Topic)
                result.Add($"{room}: its topic is not the one that event {given.Seq} gave it");
        }
    }

    public void Dispose() => _known.Dispose();

    private void Check(Statement row)
    {
        var (id, isInJournal) = (row.Number(0), row.Number(10) != 0);
        var seq = LoggedRoom.SeqOf(id);
        if (rooms.Find(LoggedRoom.RoomOf(id)) is not { } room)
        {
            result.Add($"event {seq} of a room that is not there (id {LoggedRoom.RoomOf(id)})");
            return;
        }

        if (FaultOf(row) is { } fault)
            result.Add($"{room}, event {seq}: {fault}");
        CheckClientId(row, room, id, isInJournal);
        if (seq < room.First)
            return;

        CheckPlace(room, seq, isInJournal);
        if (row.Number(2) == (long)RoomEventKind.Topic)
            room.GivenTopic = (seq, row.Text(5));
    }

    private void CheckPlace(CheckedRoom room, long seq, bool isInJournal)
    {
        if (seq == room.Last)
            result.Add($"{room}, event {seq}: it is there twice");
        else if (seq > room.Last + 1)
            result.Add(seq == room.Last + 2 ? $"{room}, event {seq - 1}: it is missing" : $"{room}, events {room.Last + 1} to {seq - 1}: they are missing");
        else if (room.IsInJournal && !isInJournal)
            result.Add($"{room}, event {seq}: it is in its place, and one before it still in the journal");
        (room.Last, room.IsInJournal) = (seq, isInJournal);
    }

    private void CheckClientId(Statement row, CheckedRoom room, long id, bool isInJournal)
    {
        if (row.TextOrNull(8) is not { } clientId)
            return;
        var hash = ClientIds.HashOf(row.Text(3), clientId);
        var isKnown = isInJournal ? row.NumberOrNull(9) == hash : _known.Bind(1, hash).Bind(2, id).Step();
        _known.Reset();
        if (!isKnown)
            result.Add($"{room}, event {LoggedRoom.SeqOf(id)}: it is not found by its client id");
    }

    private static string? FaultOf(Statement row) =>
        LoggedRoom.SeqOf(row.Number(0)) == 0 ? "there is no seq 0"
        : row.Number(1) is < 0 or > LatestTime ? $"its time cannot be ({row.Number(1)})"
        : !Enum.IsDefined((RoomEventKind)row.Number(2)) ? $"unknown kind {row.Number(2)}"
        : !(Utf8.IsValid(row.Utf8(3)) && Utf8.IsValid(row.Utf8(4)) && Utf8.IsValid(row.Utf8(5)) && Utf8.IsValid(row.Utf8(8))) ? "not UTF-8"
        : row.NumberOrNull(6) < 1 ? $"a reply to {row.Number(6)}"
        : row.Number(7) is not (0 or 1) ? $"neither an action nor none ({row.Number(7)})"
        : null;

    // About: counting all rows would cost as much as reading them.
    private long Total()
    {
        using var ends = database.Prepare(
            """
            SELECT TOTAL(COALESCE((SELECT e.id & (1 << 40) - 1 FROM events e WHERE e.id >= r.id << 40 AND e.id < (r.id + 1) << 40 ORDER BY e.id DESC LIMIT 1) - r.first + 1, 0))
                + (SELECT COUNT(*) FROM journal)
            FROM rooms r
            """);
        return ends.Step() ? ends.Number(0) : 0;
    }
}
