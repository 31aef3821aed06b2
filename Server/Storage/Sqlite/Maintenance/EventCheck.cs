using System.Text.Unicode;

namespace RawSocketChat.Server.Storage.Sqlite.Maintenance;

/// <summary>
/// Goes once through all events, those in blocks and then those in the journal: each seq from a room's first to its last
/// exactly once, each event readable, each found by its client id, and the newest topic the room's.
/// </summary>
internal sealed class EventCheck(Database database, CheckedRooms rooms, ClientIdCheck clientIds, CheckResult result)
{
    // The last moment of the year 9999: the wire's times have four digits for the year.
    private const long LatestTime = 253_402_300_799_999;

    private long _total;

    public void Run(IProgress<Advance> progress, CancellationToken cancel)
    {
        _total = Total();
        using var blocks = database.Prepare("SELECT id, count, at, checksum, events FROM blocks ORDER BY id");
        while (blocks.Step())
        {
            CheckBlock(blocks);
            cancel.ThrowIfCancellationRequested();
            progress.Report(new Advance("checking events", result.Events, _total));
        }

        foreach (var row in JournalEvents.Read(database, (room, seq, found) => Check(room, seq, found, isInJournal: true)))
            result.Add($"the journal, row {row}: it is not as it was written");
        foreach (var room in rooms.All)
        {
            if (room.GivenTopic is { } given && given.Text != room.Topic)
                result.Add($"{room}: its topic is not the one that event {given.Seq} gave it");
        }
    }

    private void CheckBlock(Statement block)
    {
        var (roomId, seq, count) = (LoggedRoom.RoomOf(block.Number(0)), LoggedRoom.SeqOf(block.Number(0)), block.Number(1));
        var rest = block.Bytes(4);
        var end = seq + count;
        var at = 0L;
        if (Blocks.IsSound(block, 3))
        {
            for (; !rest.IsEmpty && EncodedEvent.TryRead(ref rest, out var found); seq++)
            {
                Check(roomId, seq, found, isInJournal: false);
                at = found.At;
            }
        }

        if (seq == end && rest.IsEmpty)
        {
            if (at != block.Number(2))
                result.Add($"{rooms.Describe(block.Number(0) + count - 1)}: its time is not that of its block");
            return;
        }

        // What is unreadable is told of once; where it ends it says itself.
        var what = seq == end - 1 ? $"event {seq}" : $"events {seq} to {end - 1}";
        result.Add($"{rooms.Find(roomId)?.ToString() ?? $"no room (id {roomId})"}, {what}: the block is not as it was written");
        clientIds.Damaged(block.Number(0), count);
        if (rooms.Find(roomId) is { } room)
            room.Last = Math.Max(room.Last, end - 1);
    }

    private void Check(long roomId, long seq, EncodedEvent found, bool isInJournal)
    {
        result.Events++;
        if (rooms.Find(roomId) is not { } room)
        {
            result.Add($"event {seq} of a room that is not there (id {roomId})");
            return;
        }

        if (FaultOf(seq, found) is { } fault)
            result.Add($"{room}, event {seq}: {fault}");
        var eventId = LoggedRoom.EventIdOf(roomId, seq);
        if (seq < room.First)
            return;

        if (found.HasClientId && !clientIds.IsFound(eventId, found, isInJournal))
            result.Add($"{room}, event {seq}: it is not found by its client id");
        CheckPlace(room, seq);
        if (found.Kind == (int)RoomEventKind.Topic)
            room.GivenTopic = (seq, found.ToEvent(seq).Content.Text);
    }

    private void CheckPlace(CheckedRoom room, long seq)
    {
        if (seq <= room.Last)
            result.Add($"{room}, event {seq}: it is there twice");
        else if (seq > room.Last + 1)
            result.Add(seq == room.Last + 2 ? $"{room}, event {seq - 1}: it is missing" : $"{room}, events {room.Last + 1} to {seq - 1}: they are missing");
        room.Last = Math.Max(room.Last, seq);
    }

    private static string? FaultOf(long seq, EncodedEvent found) =>
        seq == 0 ? "there is no seq 0"
        : found.At is < 0 or > LatestTime ? $"its time cannot be ({found.At})"
        : !Enum.IsDefined((RoomEventKind)found.Kind) ? $"unknown kind {found.Kind}"
        : !(Utf8.IsValid(found.Author) && Utf8.IsValid(found.AuthorName) && Utf8.IsValid(found.Text) && Utf8.IsValid(found.ClientId)) ? "not UTF-8"
        : found.Reply < 1 ? $"a reply to {found.Reply}"
        : null;

    // About: counting all would cost as much as reading them.
    private long Total()
    {
        using var blocks = new Blocks(database);
        return rooms.All.Sum(room => Math.Max(0, blocks.End(room.Id).Last - room.First + 1));
    }
}
