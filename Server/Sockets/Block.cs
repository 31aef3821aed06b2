using System.Buffers;

namespace RawSocketChat.Server.Sockets;

/// <summary>A rented piece of memory in a chain of them. Both directions of a connection keep their bytes so, and only while there are any.</summary>
internal sealed class Block : ReadOnlySequenceSegment<byte>
{
    // A chain of 64 KB in small blocks, and as many again.
    private const int MostKept = 32;

    [ThreadStatic]
    private static Stack<Block>? Kept;

    private byte[] _bytes = [];

    private Block()
    {
    }

    public int Length { get; private set; }

    public Block? Following => (Block?)Next;

    public Memory<byte> Free => _bytes.AsMemory(Length);

    public static Block Rent(int size, long at = 0)
    {
        var block = Kept is { Count: > 0 } kept ? kept.Pop() : new Block();
        block._bytes = ArrayPool<byte>.Shared.Rent(size);
        block.RunningIndex = at;
        return block;
    }

    /// <summary>Gives the memory back. Nobody may look at it any more, nor at a sequence through it.</summary>
    public void Return()
    {
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
        Length = 0;
        Memory = default;
        Next = null;
        Kept ??= new(MostKept);
        if (Kept.Count < MostKept)
            Kept.Push(this);
    }

    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)count, (uint)(_bytes.Length - Length), nameof(count));
        Length += count;
        Memory = _bytes.AsMemory(0, Length);
    }

    public void Append(Block next) => Next = next;

    /// <summary>The bytes from an index on, at the most so many, as an array that socket calls take.</summary>
    public ArraySegment<byte> From(int index, int most = int.MaxValue) => new(_bytes, index, Math.Min(Length - index, most));
}
