using System.Buffers.Binary;

namespace RawSocketChat.Server.Files.Images;

/// <summary>Reads the bytes of an image in order, and copies parts of them. Has a buffer of constant size. Not thread-safe.</summary>
/// <param name="source">The image. The reader starts at the present position of the stream.</param>
internal sealed class ImageReader(Stream source)
{
    private readonly byte[] _buffer = new byte[64 * 1024];
    private int _start;
    private int _end;

    /// <summary>Whether no byte is left.</summary>
    public bool IsAtEnd => _start == _end && !Fill();

    /// <summary>The bytes that are in the buffer now. Empty only at the end of the image.</summary>
    public ReadOnlySpan<byte> Buffered => IsAtEnd ? [] : _buffer.AsSpan(_start, _end - _start);

    /// <exception cref="ImageFormatException">The image has ended.</exception>
    public byte ReadByte()
    {
        RequireMore();
        return _buffer[_start++];
    }

    /// <summary>Fills <paramref name="bytes"/>.</summary>
    /// <exception cref="ImageFormatException">The image has ended.</exception>
    public void Read(Span<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            RequireMore();
            var count = Math.Min(bytes.Length, _end - _start);
            _buffer.AsSpan(_start, count).CopyTo(bytes);
            _start += count;
            bytes = bytes[count..];
        }
    }

    /// <exception cref="ImageFormatException">The image has ended.</exception>
    public int ReadUInt16BigEndian()
    {
        Span<byte> bytes = stackalloc byte[2];
        Read(bytes);
        return BinaryPrimitives.ReadUInt16BigEndian(bytes);
    }

    /// <summary>Copies the next bytes.</summary>
    /// <exception cref="ImageFormatException">The image has ended.</exception>
    public void CopyTo(ImageWriter target, long count)
    {
        while (count > 0)
        {
            RequireMore();
            var part = (int)Math.Min(count, _end - _start);
            target.Write(_buffer.AsSpan(_start, part));
            _start += part;
            count -= part;
        }
    }

    /// <summary>Skips the next bytes.</summary>
    /// <exception cref="ImageFormatException">The image has ended.</exception>
    public void Skip(long count)
    {
        while (count > 0)
        {
            RequireMore();
            var part = (int)Math.Min(count, _end - _start);
            _start += part;
            count -= part;
        }
    }

    private void RequireMore()
    {
        if (IsAtEnd)
            throw new ImageFormatException("the image is incomplete");
    }

    private bool Fill()
    {
        (_start, _end) = (0, source.Read(_buffer));
        return _end > 0;
    }
}
