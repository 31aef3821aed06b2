namespace RawSocketChat.Server.Rooms;

/// <summary>
/// The rooms that one connection has joined, in the order of joining. Each entry also has the <see cref="CatchUp"/> that was
/// started for the room, if any. The entries are in an array: nearly every connection has only one room, and a dictionary would take
/// more memory.
/// </summary>
internal struct JoinedRooms()
{
    private (RoomLoop Room, CatchUp? CatchUp)[] _entries = [];

    public int Count { get; private set; }

    public readonly RoomLoop? First => Count > 0 ? _entries[0].Room : null;

    public readonly bool Contains(RoomLoop room) => IndexOf(room) >= 0;

    /// <summary>The catch-up that was started for a room; null if there is none.</summary>
    public readonly CatchUp? GetCatchUp(RoomLoop room) => IndexOf(room) is >= 0 and var index ? _entries[index].CatchUp : null;

    /// <summary>Adds a room, or changes its catch-up.</summary>
    public void Set(RoomLoop room, CatchUp? catchUp)
    {
        var index = IndexOf(room);
        if (index < 0)
        {
            index = Count++;
            if (index == _entries.Length)
                Array.Resize(ref _entries, index == 0 ? 1 : index * 2);
        }

        _entries[index] = (room, catchUp);
    }

    /// <summary>Removes a room. Returns false if the connection has not joined the room. The caller must stop the catch-up.</summary>
    public bool Remove(RoomLoop room, out CatchUp? catchUp)
    {
        var index = IndexOf(room);
        catchUp = index < 0 ? null : _entries[index].CatchUp;
        if (index < 0)
            return false;
        Count--;
        _entries.AsSpan(index + 1, Count - index).CopyTo(_entries.AsSpan(index));
        _entries[Count] = default;
        return true;
    }

    public void Clear()
    {
        _entries = [];
        Count = 0;
    }

    /// <summary>Copies the rooms, so that the rooms may change while the caller enumerates the copy.</summary>
    public readonly (RoomLoop Room, CatchUp? CatchUp)[] ToArray() => _entries[..Count];

    private readonly int IndexOf(RoomLoop room)
    {
        for (var i = 0; i < Count; i++)
        {
            if (ReferenceEquals(_entries[i].Room, room))
                return i;
        }

        return -1;
    }
}
