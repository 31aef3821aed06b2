using System.Buffers.Binary;

namespace RawSocketChat.Server.Storage.Sqlite;

/// <summary>The groups of a row of the journal, as <see cref="Journal"/> writes them.</summary>
internal ref struct JournalReading(ReadOnlySpan<byte> row)
{
    private ReadOnlySpan<byte> _rest = row;

    /// <summary>Whether all of it was read.</summary>
    public readonly bool IsOver => _rest.IsEmpty;

    /// <summary>The next group's head. False: its bytes make none.</summary>
    public bool TryGroup(out long room, out long first, out int count)
    {
        (room, first, count) = (0, 0, 0);
        if (!EncodedEvent.TryNumber(ref _rest, out var id) || !EncodedEvent.TryNumber(ref _rest, out var seq) || _rest.Length < sizeof(int))
            return false;
        (room, first, count) = ((long)id, (long)seq, BinaryPrimitives.ReadInt32LittleEndian(_rest));
        _rest = _rest[sizeof(int)..];
        return true;
    }

    /// <summary>The group's next event. False: its bytes make none.</summary>
    public bool TryEvent(out EncodedEvent found) => EncodedEvent.TryRead(ref _rest, out found);
}
