using RawSocketChat.Server.Storage.Sqlite.Ids;

namespace RawSocketChat.Server.Storage.Sqlite;

/// <summary>
/// Where events are for good: rows of many of one room's, in the order of their seqs. A tree that has a row for each event has a page written for
/// each room of a commit; this one has a page written for 4 KiB of a room's events. Used by one thread at a time.
/// </summary>
internal sealed class Blocks(Database database) : IDisposable
{
    /// <summary>What a page of history needs, about: to read one event, all of a block is read.</summary>
    private const int BlockBytes = 16 * 1024;

    // A room's last block is written anew with what comes while it is smaller: the page that it is on is written in any case.
    private const int GrowBelow = 4 * 1024;

    private readonly Statement _last = database.Prepare(
        "SELECT id, count, at, checksum, events, LENGTH(events) FROM blocks WHERE id >= ? AND id <= ? ORDER BY id DESC LIMIT 1");
    private readonly Statement _write = database.Prepare("INSERT OR REPLACE INTO blocks (id, count, at, checksum, events) VALUES (?, ?, ?, ?, ?)");
    private readonly Statement _delete = database.Prepare("DELETE FROM blocks WHERE id >= ? AND id <= ?");
    private readonly Statement _oldest = database.Prepare("SELECT id, count, at, checksum, events FROM blocks WHERE id >= ? AND id < ? ORDER BY id LIMIT ?");
    private readonly ByteBuffer _buffer = new(BlockBytes);

    /// <summary>Writes events that follow what is there of the room.</summary>
    /// <param name="last">The room's last block.</param>
    /// <returns>Which is its last one then.</returns>
    public (long First, int Bytes) Append(long room, (long First, int Bytes) last, IReadOnlyList<RoomEvent> events)
    {
        _buffer.CutTo(0);
        var first = events[0].Seq;
        if (last.Bytes is > 0 and < GrowBelow && TryTake(room, last.First, first))
            first = last.First;
        for (var i = 0; i < events.Count; i++)
        {
            var before = _buffer.Length;
            EncodedEvent.Write(_buffer, events[i].At, events[i].Content);
            if (_buffer.Length <= BlockBytes || before == 0)
                continue;
            var own = _buffer.Written[before..].ToArray();
            _buffer.CutTo(before);
            Write(room, first, events[i].Seq - first, events[i - 1].At.ToUnixTimeMilliseconds());
            first = events[i].Seq;
            _buffer.CutTo(0);
            _buffer.Add(own);
        }

        Write(room, first, events[^1].Seq - first + 1, events[^1].At.ToUnixTimeMilliseconds());
        return (first, _buffer.Length);
    }

    /// <summary>Where a room ends: its last block, and the seq of its last event. 0 where there is none.</summary>
    public (long First, int Bytes, long Last) End(long room)
    {
        var end = _last.Bind(1, room << LoggedRoom.SeqBits).Bind(2, ((room + 1) << LoggedRoom.SeqBits) - 1).Step() && LoggedRoom.SeqOf(_last.Number(0)) is var first
            ? (first, (int)_last.Number(5), first + _last.Number(1) - 1)
            : (0, 0, 0);
        _last.Reset();
        return end;
    }

    /// <summary>When an event was accepted, or where its block cannot be read the newest event of that. Null: there is none.</summary>
    public long? TimeOf(long eventId)
    {
        long? at = null;
        if (TryFind(eventId, out var isThere, out var found))
            at = found.At;
        else if (isThere)
            at = _last.Number(2);
        _last.Reset();
        return at;
    }

    /// <summary>What an event is found by. Null: it has no client id, is not there or cannot be read.</summary>
    public UInt128? HashOf(long eventId, IdHash hashing)
    {
        UInt128? hash = TryFind(eventId, out _, out var found) && found.HasClientId ? hashing.Of(found.Author, found.ClientId) : null;
        _last.Reset();
        return hash;
    }

    /// <summary>Deletes what lies below a room's first event, up to some blocks; of the one in which that lies, its beginning.</summary>
    /// <param name="most">Blocks.</param>
    /// <returns>The oldest seq that may be left, and whether there is more to delete.</returns>
    public (long First, bool IsLeft) Trim(long room, long first, int most)
    {
        var (from, cut) = (LoggedRoom.EventIdOf(room, 0), LoggedRoom.EventIdOf(room, first));
        var (blocks, gone) = (0, from - 1);
        _oldest.Bind(1, from).Bind(2, cut).Bind(3, most);
        while (_oldest.Step())
        {
            blocks++;
            var (id, count) = (_oldest.Number(0), _oldest.Number(1));
            if (id + count <= cut)
                gone = id + count - 1;
            else if (IsSound(_oldest, 3) && TryCopyTail(_oldest.Bytes(4), cut - id))
            {
                // In place of the whole one; what is damaged stays until all of it is to go.
                Write(room, first, id + count - cut, _oldest.Number(2));
                gone = id;
            }
        }

        if (gone >= from)
            _delete.Bind(1, from).Bind(2, gone).Run();
        return blocks == most ? (Math.Max(1, LoggedRoom.SeqOf(gone) + 1), true) : (first, false);
    }

    public void Dispose()
    {
        foreach (var statement in (Statement[])[_last, _write, _delete, _oldest])
            statement.Dispose();
    }

    /// <summary>Whether a block is as it was written.</summary>
    /// <param name="column">Of its checksum; its events follow.</param>
    public static bool IsSound(Statement row, int column) => row.Number(column) == EncodedEvent.ChecksumOf(row.Bytes(column + 1));

    private void Write(long room, long first, long count, long at) => _write
        .Bind(1, LoggedRoom.EventIdOf(room, first)).Bind(2, count).Bind(3, at).Bind(4, EncodedEvent.ChecksumOf(_buffer.Written)).Bind(5, _buffer.Written)
        .Run();

    // The statement stands on the event's block then.
    private bool TryFind(long eventId, out bool isThere, out EncodedEvent found)
    {
        found = default;
        isThere = _last.Bind(1, eventId & ~LoggedRoom.SeqMask).Bind(2, eventId).Step() && eventId - _last.Number(0) < _last.Number(1);
        if (!isThere || !IsSound(_last, 3))
            return false;
        var rest = _last.Bytes(4);
        for (var skip = eventId - _last.Number(0); skip > 0; skip--)
        {
            if (!EncodedEvent.TrySkip(ref rest))
                return false;
        }

        return EncodedEvent.TryRead(ref rest, out found);
    }

    private bool TryTake(long room, long first, long next)
    {
        var id = LoggedRoom.EventIdOf(room, first);
        var isWhole = _last.Bind(1, id).Bind(2, id).Step() && _last.Number(1) == next - first && IsSound(_last, 3);
        if (isWhole)
            _buffer.Add(_last.Bytes(4));
        _last.Reset();
        return isWhole;
    }

    private bool TryCopyTail(ReadOnlySpan<byte> events, long skip)
    {
        for (; skip > 0; skip--)
        {
            if (!EncodedEvent.TrySkip(ref events))
                return false;
        }

        _buffer.CutTo(0);
        _buffer.Add(events);
        return events.Length > 0;
    }
}
