using System.Buffers;

namespace RawSocketChat.Protocol;

/// <summary>
/// Bytes that are still growing, in an array of the shared pool. Nothing is rented until the first byte comes, and
/// what is rented follows what has arrived (at most twice as much, or the pool's next size), never what a peer has
/// merely announced. A mutable struct: keep it in a field, never copy it.
/// </summary>
internal struct PooledBytes
{
    private byte[]? _array;

    /// <summary>How many bytes are held.</summary>
    public int Count { get; private set; }

    /// <summary>Whether an array of the pool is held at the moment.</summary>
    public readonly bool IsRented => _array is not null;

    /// <summary>What is held; valid until the next <see cref="Extend"/> or <see cref="Release"/>.</summary>
    public readonly ReadOnlyMemory<byte> Memory => _array.AsMemory(0, Count);

    /// <summary>Appends <paramref name="bytes"/> bytes and gives them to be filled.</summary>
    /// <param name="bytes">How many, 0 or more.</param>
    /// <param name="most">What the whole will never exceed, in bytes: growing ahead stops there.</param>
    public Span<byte> Extend(int bytes, int most)
    {
        if (bytes == 0) return default;
        var needed = checked(Count + bytes);
        if (_array is null || _array.Length < needed) Grow(needed, most);
        var added = _array.AsSpan(Count, bytes);
        Count = needed;
        return added;
    }

    /// <summary>Gives place for as many bytes as it has, those that are held at its front; <see cref="Fill"/> tells how many of them count.</summary>
    /// <param name="bytes">How many there have to be at least.</param>
    /// <param name="most">How many at most.</param>
    public Span<byte> Room(int bytes, int most)
    {
        if (bytes == 0) return default;
        if (_array is null || _array.Length < bytes) Grow(bytes, most);
        return _array.AsSpan(0, Math.Min(_array!.Length, most));
    }

    /// <summary>The first <paramref name="count"/> bytes are held.</summary>
    public void Fill(int count) => Count = count;

    /// <summary>Gives the array back to the pool, and is empty.</summary>
    public void Release()
    {
        if (_array is null) return;
        ArrayPool<byte>.Shared.Return(_array);
        _array = null;
        Count = 0;
    }

    private void Grow(int needed, int most)
    {
        var ahead = (int)Math.Min(2L * Count, most);
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, ahead));
        if (_array is not null)
        {
            _array.AsSpan(0, Count).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_array);
        }
        _array = larger;
    }
}
