namespace RawSocketChat.Server.Storage.Sqlite;

/// <summary>
/// A page of a room's events out of its blocks, upwards or downwards, as many as the two bounds let through, at least one. The rows are
/// <c>id, count, checksum, events</c>.
/// </summary>
/// <param name="next">The seq that comes first.</param>
/// <param name="mostBytes">A bound on the sum of their texts' UTF-8 bytes.</param>
internal sealed class BlockPage(long next, int most, int mostBytes)
{
    private int _bytes;

    public List<RoomEvent> Events { get; } = [];

    /// <summary>The seq that comes next.</summary>
    public long Next { get; private set; } = next;

    public bool IsFull { get; private set; } = most <= 0;

    /// <summary>Adds a block's events that come next, up to the seq <paramref name="last"/>.</summary>
    /// <exception cref="StorageException">Something is damaged or missing.</exception>
    public void AddUp(Statement block, long last)
    {
        var seq = LoggedRoom.SeqOf(block.Number(0));
        var rest = Open(block);
        // What lies before the first block may have been trimmed since it was asked for.
        if (Events.Count > 0 ? seq != Next : seq + block.Number(1) <= Next)
            throw Damage(block, seq);
        Next = Math.Max(Next, seq);
        for (; seq < Next; seq++)
        {
            if (!EncodedEvent.TrySkip(ref rest))
                throw Damage(block, seq);
        }

        for (; !IsFull && !rest.IsEmpty && seq <= last; seq++)
        {
            if (!EncodedEvent.TryRead(ref rest, out var found))
                throw Damage(block, seq);
            Add(found, seq, step: 1);
        }
    }

    /// <summary>Adds a block's events that come next, newest first, down to the seq <paramref name="first"/>.</summary>
    /// <exception cref="StorageException">Something is damaged or missing.</exception>
    public void AddDown(Statement block, long first)
    {
        var seq = LoggedRoom.SeqOf(block.Number(0));
        var all = Open(block);
        if (seq + block.Number(1) <= Next)
            throw Damage(block, Next);
        var starts = new List<int>((int)(Next - seq + 1));
        var rest = all;
        for (var at = seq; at <= Next; at++)
        {
            starts.Add(all.Length - rest.Length);
            if (!EncodedEvent.TrySkip(ref rest))
                throw Damage(block, at);
        }

        while (!IsFull && Next >= Math.Max(first, seq))
        {
            rest = all[starts[(int)(Next - seq)]..];
            if (!EncodedEvent.TryRead(ref rest, out var found))
                throw Damage(block, Next);
            Add(found, Next, step: -1);
        }
    }

    private void Add(EncodedEvent found, long seq, int step)
    {
        _bytes += found.Text.Length;
        if (_bytes > mostBytes && Events.Count > 0)
        {
            IsFull = true;
            return;
        }

        Events.Add(found.ToEvent(seq));
        Next = seq + step;
        IsFull = Events.Count == most;
    }

    private static ReadOnlySpan<byte> Open(Statement block) => Blocks.IsSound(block, 2) ? block.Bytes(3) : throw Damage(block, LoggedRoom.SeqOf(block.Number(0)));

    private static StorageException Damage(Statement block, long seq) => block.Damage($"at or after the event {seq}");
}
