namespace RawSocketChat.Server.Storage.Sqlite;

/// <summary>
/// Where one room's log stands. Its events up to <see cref="Settled"/> are in blocks in the database; those after it
/// are in the journal, and here. Changed by the writer's thread alone, read from any.
/// </summary>
internal sealed class LoggedRoom(long id, string name, string epoch, long first, long settled)
{
    // 2^40 events a room, 2^23 rooms.
    public const int SeqBits = 40;

    public const long SeqMask = (1L << SeqBits) - 1;

    private readonly Lock _gate = new();
    private readonly List<RoomEvent> _unsettled = [];
    private long _first = first;
    private long _settled = settled;

    public long Id { get; } = id;

    public string Name { get; } = name;

    public string Epoch { get; } = epoch;

    /// <summary>The seq that the writer gives next; ahead of the log while a transaction is open.</summary>
    public long Next { get; set; } = settled + 1;

    /// <summary>The oldest seq that the database has; behind <see cref="First"/> until it is trimmed. The writer's alone.</summary>
    public long StoredFirst { get; set; } = first;

    /// <summary>The block that settled last: the seq of its first event, and its bytes; 0 where there is none. The writer's alone.</summary>
    public (long First, int Bytes) LastBlock { get; set; }

    public long Settled
    {
        get
        {
            lock (_gate)
                return _settled;
        }
    }

    public long First
    {
        get
        {
            lock (_gate)
                return _first;
        }
    }

    public RoomLogState State
    {
        get
        {
            lock (_gate)
                return new RoomLogState(Epoch, _first, _settled + _unsettled.Count);
        }
    }

    /// <summary>The id of an event among those of all rooms.</summary>
    public long EventId(long seq) => EventIdOf(Id, seq);

    public static long EventIdOf(long room, long seq) => (room << SeqBits) | seq;

    public static long RoomOf(long eventId) => eventId >> SeqBits;

    public static long SeqOf(long eventId) => eventId & SeqMask;

    /// <summary>Makes stored events visible, and those beyond <paramref name="keep"/> gone.</summary>
    /// <param name="keep">How many of the newest are kept; 0 keeps all.</param>
    public void Publish(ReadOnlySpan<Appended> stored, int keep)
    {
        lock (_gate)
        {
            foreach (var entry in stored)
            {
                if (entry.Event is { } added)
                    _unsettled.Add(added);
            }

            if (keep > 0)
                _first = Math.Max(_first, _settled + _unsettled.Count - keep + 1);
        }
    }

    /// <summary>What was given a seq in a transaction that failed was given none.</summary>
    public void Retract()
    {
        lock (_gate)
            Next = _settled + _unsettled.Count + 1;
    }

    /// <summary>An event that is in the journal alone; null for one that is not.</summary>
    public RoomEvent? Unsettled(long seq)
    {
        lock (_gate)
            return seq > _settled && seq <= _settled + _unsettled.Count ? _unsettled[(int)(seq - _settled - 1)] : null;
    }

    /// <summary>The events in the journal up to <paramref name="seq"/>, also those that are trimmed.</summary>
    public List<RoomEvent> UnsettledTo(long seq)
    {
        lock (_gate)
            return _unsettled.GetRange(0, (int)(seq - _settled));
    }

    /// <summary>The events up to <paramref name="seq"/> are in blocks now.</summary>
    public void Settle(long seq)
    {
        lock (_gate)
        {
            _unsettled.RemoveRange(0, (int)(seq - _settled));
            _settled = seq;
        }
    }

    public void TrimTo(long first)
    {
        lock (_gate)
            _first = Math.Max(_first, first);
    }

    /// <summary>The events that are in the journal alone, from <paramref name="from"/> on, and the last seq that is.</summary>
    public (IReadOnlyList<RoomEvent> Unsettled, long Settled, long First) Look(long from, int most)
    {
        lock (_gate)
        {
            var skip = (int)Math.Clamp(Math.Max(from, _first) - _settled - 1, 0, _unsettled.Count);
            return (_unsettled.GetRange(skip, Math.Min(most, _unsettled.Count - skip)), _settled, _first);
        }
    }

    /// <summary>The newest of them below <paramref name="before"/>.</summary>
    public (IReadOnlyList<RoomEvent> Unsettled, long Settled, long First) LookBack(long before, int most)
    {
        lock (_gate)
        {
            var end = (int)Math.Clamp(before - _settled - 1, 0, _unsettled.Count);
            var trimmed = (int)Math.Clamp(_first - _settled - 1, 0, end);
            var start = Math.Max(trimmed, end - most);
            return (_unsettled.GetRange(start, end - start), _settled, _first);
        }
    }
}
