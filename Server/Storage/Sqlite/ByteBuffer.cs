using System.Buffers.Binary;
using System.Text;

namespace RawSocketChat.Server.Storage.Sqlite;

/// <summary>Bytes that are written one after the other into room that grows and is used again.</summary>
internal sealed class ByteBuffer(int capacity)
{
    private byte[] _bytes = new byte[capacity];

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, Length);

    /// <summary>Takes back what was written after the first <paramref name="length"/> bytes.</summary>
    public void CutTo(int length) => Length = length;

    public void Add(byte value) => Take(1)[0] = value;

    public void Add(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Take(bytes.Length));

    /// <summary>Seven bits a byte, the lowest first; the eighth says that more follow.</summary>
    public void AddNumber(ulong value)
    {
        var place = Room(10);
        var count = 0;
        for (; value >= 0x80; value >>= 7)
            place[count++] = (byte)(value | 0x80);
        place[count++] = (byte)value;
        Length += count;
    }

    /// <summary>Its length, then its UTF-8.</summary>
    public void AddText(string text)
    {
        var bytes = Encoding.UTF8.GetByteCount(text);
        AddNumber((ulong)bytes);
        Encoding.UTF8.GetBytes(text, Take(bytes));
    }

    /// <summary>Writes a number over four bytes that were written before.</summary>
    public void Put(int at, int value) => BinaryPrimitives.WriteInt32LittleEndian(_bytes.AsSpan(at), value);

    /// <summary>Room for bytes that the caller writes.</summary>
    public Span<byte> Take(int count)
    {
        var taken = Room(count);
        Length += count;
        return taken;
    }

    private Span<byte> Room(int count)
    {
        if (_bytes.Length - Length < count)
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, Length + count));
        return _bytes.AsSpan(Length, count);
    }
}
