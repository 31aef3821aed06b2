namespace RawSocketChat.Server.Sockets;

/// <summary>
/// A queue of bytes in blocks. Bytes are added at the end and consumed from the front. The queue owns its blocks. Not thread-safe.
/// </summary>
internal struct BlockChain
{
    private int _start;

    public Block? First { get; private set; }

    public Block? Last { get; private set; }

    /// <summary>Index of the first unconsumed byte in <see cref="First"/>.</summary>
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

    /// <summary>
    /// Moves all bytes of another chain to the end of this chain. If this chain is not empty, no bytes of the other chain may have been
    /// consumed.
    /// </summary>
    public void MoveFrom(ref BlockChain other)
    {
        // If the other chain has only one block, and its bytes fit into the free memory of this chain, copy the bytes. Without this copy,
        // each of a thousand small writes would occupy its own block.
        if (Last is { } last && other.First is { } only && ReferenceEquals(only, other.Last) && only.Length - other._start <= last.Free.Length)
        {
            var bytes = only.Slice(other._start);
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
            // Only the first block of a chain can be partly consumed.
            Add(other.First);
            Last = other.Last;
        }

        other = default;
    }

    /// <summary>Removes bytes from the front. Gives each block that becomes empty back to the pool.</summary>
    public void Consume(int count)
    {
        _start += count;
        while (First is { } first && _start >= first.Length)
        {
            _start -= first.Length;
            First = first.NextBlock;
            first.Return();
        }

        if (First is null)
            Last = null;
    }

    /// <summary>Removes all bytes before an index of one of the blocks.</summary>
    public void ConsumeUntil(Block block, int index)
    {
        while (First is { } first && !ReferenceEquals(first, block))
        {
            First = first.NextBlock;
            first.Return();
        }

        _start = index;
        Consume(0);
    }

    public void Clear()
    {
        while (First is { } first)
        {
            First = first.NextBlock;
            first.Return();
        }

        this = default;
    }
}
