using System.Buffers;

namespace RawSocketChat.Protocol;

/// <summary>
/// A growing byte buffer in an array of the shared pool. It rents an array when the first byte arrives. The size of the array
/// depends on the number of bytes that have arrived, not on the length that a peer announces. The size is at most twice this number,
/// rounded up to a size of the pool. This is a mutable struct: keep it in a field, and never copy it.
/// </summary>
internal struct PooledBytes
{
    private byte[]? _array;

    /// <summary>The number of bytes in the buffer.</summary>
    public int Count { get; private set; }

    /// <summary>Whether the buffer currently holds an array of the pool.</summary>
    public readonly bool IsRented => _array is not null;

    /// <summary>The content; valid until the next <see cref="Extend"/> or <see cref="Release"/>.</summary>
    public readonly ReadOnlyMemory<byte> Memory => _array.AsMemory(0, Count);

    /// <summary>Appends <paramref name="bytes"/> bytes and returns them, for the caller to fill.</summary>
    /// <param name="bytes">The number of bytes to append, 0 or more.</param>
    /// <param name="maxBytes">The maximum size of the whole content, in bytes. A growing buffer reserves memory for at most this size.</param>
    public Span<byte> Extend(int bytes, int maxBytes)
    {
        if (bytes == 0) return default;
        var needed = checked(Count + bytes);
        if (_array is null || _array.Length < needed) Grow(needed, maxBytes);
        var added = _array.AsSpan(Count, bytes);
        Count = needed;
        return added;
    }

    /// <summary>
    /// Returns the whole array as a span, with the content at its front. After writing to the span, call <see cref="SetCount"/> with the
    /// new number of bytes.
    /// </summary>
    /// <param name="bytes">The minimum length of the span.</param>
    /// <param name="maxBytes">The maximum length of the span.</param>
    public Span<byte> GetBuffer(int bytes, int maxBytes)
    {
        if (bytes == 0) return default;
        if (_array is null || _array.Length < bytes) Grow(bytes, maxBytes);
        return _array.AsSpan(0, Math.Min(_array!.Length, maxBytes));
    }

    /// <summary>Declares that the content is the first <paramref name="count"/> bytes.</summary>
    public void SetCount(int count) => Count = count;

    /// <summary>Returns the array to the pool. The buffer is empty afterwards.</summary>
    public void Release()
    {
        if (_array is null) return;
        ArrayPool<byte>.Shared.Return(_array);
        _array = null;
        Count = 0;
    }

    private void Grow(int needed, int maxBytes)
    {
        var ahead = (int)Math.Min(2L * Count, maxBytes);
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, ahead));
        if (_array is not null)
        {
            _array.AsSpan(0, Count).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_array);
        }
        _array = larger;
    }
}
