using System.Buffers.Binary;

namespace RawSocketChat.Server.Files.Images;

/// <summary>Buffers small writes, and writes them to the target in larger parts. Call <see cref="Flush"/> at the end. Not thread-safe.</summary>
/// <param name="write">Writes a part to the target.</param>
internal sealed class ImageWriter(Action<ReadOnlySpan<byte>> write)
{
    private readonly byte[] _buffer = new byte[64 * 1024];
    private int _length;

    public void Write(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > _buffer.Length - _length)
            Flush();
        if (bytes.Length > _buffer.Length)
        {
            write(bytes);
            return;
        }

        bytes.CopyTo(_buffer.AsSpan(_length));
        _length += bytes.Length;
    }

    public void Write(byte value) => Write([value]);

    public void WriteUInt16BigEndian(int value)
    {
        Span<byte> bytes = stackalloc byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)value);
        Write(bytes);
    }

    public void WriteUInt32BigEndian(uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        Write(bytes);
    }

    public void WriteUInt32LittleEndian(uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        Write(bytes);
    }

    public void Flush()
    {
        if (_length > 0)
            write(_buffer.AsSpan(0, _length));
        _length = 0;
    }
}
