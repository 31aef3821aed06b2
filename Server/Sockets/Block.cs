using System.Buffers;

namespace RawSocketChat.Server.Sockets;

/// <summary>
/// A segment of a <see cref="BlockChain"/>: an array from the shared pool, filled from its beginning. A connection has blocks only while
/// it must keep bytes, so an idle connection has no buffer (Tests/Benchmarks/README.md, "Memory per connection"). Not thread-safe.
/// </summary>
internal sealed class Block : ReadOnlySequenceSegment<byte>
{
    // The maximum number of Block objects that each thread keeps for reuse. One direction of a connection normally has at most 64 KB,
    // which is 16 small blocks. Each thread keeps twice as many.
    private const int MaxPooled = 32;

    [ThreadStatic]
    private static Stack<Block>? Pool;

    private byte[] _bytes = [];

    private Block()
    {
    }

    /// <summary>Bytes in the block.</summary>
    public int Length { get; private set; }

    public Block? NextBlock => (Block?)Next;

    /// <summary>The free memory after the bytes. The caller writes into this memory and then calls <see cref="Advance"/>.</summary>
    public Memory<byte> Free => _bytes.AsMemory(Length);

    public static Block Rent(int size, long runningIndex = 0)
    {
        var block = Pool is { Count: > 0 } pool ? pool.Pop() : new Block();
        block._bytes = ArrayPool<byte>.Shared.Rent(size);
        block.RunningIndex = runningIndex;
        return block;
    }

    /// <summary>
    /// Returns the array to the pool. After this call, no code may use the block, its memory or a sequence that contains the block.
    /// </summary>
    public void Return()
    {
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
        Length = 0;
        Memory = default;
        Next = null;
        Pool ??= new(MaxPooled);
        if (Pool.Count < MaxPooled)
            Pool.Push(this);
    }

    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)count, (uint)(_bytes.Length - Length), nameof(count));
        Length += count;
        Memory = _bytes.AsMemory(0, Length);
    }

    public void Append(Block next) => Next = next;

    /// <summary>
    /// Returns at most <paramref name="maxLength"/> bytes, beginning at an index. The result is an array segment, because socket calls
    /// take arrays.
    /// </summary>
    public ArraySegment<byte> Slice(int index, int maxLength = int.MaxValue) => new(_bytes, index, Math.Min(Length - index, maxLength));
}
