namespace RawSocketChat.Server.Rooms;

/// <summary>
/// The rooms that one connection is in, each with what still brings it to the present. Nearly always it is one room, and a
/// dictionary for one entry would cost an idle connection more than its place in that room. In the order of coming.
/// </summary>
internal struct RoomPlaces()
{
    private (RoomLoop Room, CatchUp? CatchUp)[] _places = [];

    public int Count { get; private set; }

    public readonly RoomLoop? First => Count > 0 ? _places[0].Room : null;

    public readonly bool Contains(RoomLoop room) => IndexOf(room) >= 0;

    /// <summary>What brings the connection to the present of a room; null where nothing does.</summary>
    public readonly CatchUp? CatchUpIn(RoomLoop room) => IndexOf(room) is >= 0 and var index ? _places[index].CatchUp : null;

    /// <summary>Enters a room, or changes what is known of it.</summary>
    public void Set(RoomLoop room, CatchUp? catchUp)
    {
        var index = IndexOf(room);
        if (index < 0)
        {
            index = Count++;
            if (index == _places.Length)
                Array.Resize(ref _places, index == 0 ? 1 : index * 2);
        }

        _places[index] = (room, catchUp);
    }

    public bool Remove(RoomLoop room, out CatchUp? catchUp)
    {
        var index = IndexOf(room);
        catchUp = index < 0 ? null : _places[index].CatchUp;
        if (index < 0)
            return false;
        Count--;
        _places.AsSpan(index + 1, Count - index).CopyTo(_places.AsSpan(index));
        _places[Count] = default;
        return true;
    }

    public void Clear()
    {
        _places = [];
        Count = 0;
    }

    /// <summary>As they are now; they may change while one goes through them.</summary>
    public readonly (RoomLoop Room, CatchUp? CatchUp)[] All() => _places[..Count];

    private readonly int IndexOf(RoomLoop room)
    {
        for (var i = 0; i < Count; i++)
        {
            if (ReferenceEquals(_places[i].Room, room))
                return i;
        }

        return -1;
    }
}
