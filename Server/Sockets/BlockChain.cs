namespace RawSocketChat.Server.Sockets;

/// <summary>Bytes in order, taken from the front and added at the back. Not safe from several threads.</summary>
internal struct BlockChain
{
    private int _start;

    public Block? First { get; private set; }

    public Block? Last { get; private set; }

    /// <summary>Where the first block's bytes begin that were not taken yet.</summary>
    public readonly int Start => _start;

    public readonly bool IsEmpty => First is null;

    public void Add(Block block)
    {
        if (Last is null)
            First = block;
        else
            Last.Append(block);
        Last = block;
    }

    /// <summary>Takes all of another chain, none of whose bytes was taken. What fits into the last block here is copied: else a thousand small writes would each keep a block of their own.</summary>
    public void Add(ref BlockChain other)
    {
        if (Last is { } last && other.First is { } only && ReferenceEquals(only, other.Last) && only.Length - other._start <= last.Free.Length)
        {
            var bytes = only.From(other._start);
            bytes.AsSpan().CopyTo(last.Free.Span);
            last.Advance(bytes.Count);
            only.Return();
        }
        else if (other.First is not null && First is null)
        {
            this = other;
        }
        else if (other.First is not null)
        {
            // A block is sent from its beginning, save the first one.
            Add(other.First);
            Last = other.Last;
        }

        other = default;
    }

    /// <summary>Takes from the front, and gives back the blocks that are used up.</summary>
    public void Take(int count)
    {
        _start += count;
        while (First is { } first && _start >= first.Length)
        {
            _start -= first.Length;
            First = first.Following;
            first.Return();
        }

        if (First is null)
            Last = null;
    }

    /// <summary>Takes all up to a position in one of its blocks.</summary>
    public void TakeUntil(Block block, int index)
    {
        while (First is { } first && !ReferenceEquals(first, block))
        {
            First = first.Following;
            first.Return();
        }

        _start = index;
        Take(0);
    }

    public void Clear()
    {
        while (First is { } first)
        {
            First = first.Following;
            first.Return();
        }

        this = default;
    }
}
