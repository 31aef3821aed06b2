using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;

namespace RawSocketChat.Server.Storage.Sqlite;

/// <summary>
/// An event as its bytes stand in the journal and in blocks, one after the other and each without its seq:
/// <code>
/// bytes that follow (4, little-endian) | flags (1) | time (varint, ms since 1970, UTC; zigzag) | author | name | text | [id] | [reply (varint, zigzag)]
/// </code>
/// where a text is the number of its bytes (varint) and its UTF-8, and the flags are 1 (me), 2 (has an id), 4 (is a reply), and its kind from 16 on.
/// </summary>
internal readonly ref struct EncodedEvent
{
    private const int LengthBytes = 4;
    private const int MeFlag = 1;
    private const int IdFlag = 2;
    private const int ReplyFlag = 4;
    private const int KindShift = 4;

    public long At { get; private init; }

    public int Kind { get; private init; }

    public bool Me { get; private init; }

    public ReadOnlySpan<byte> Author { get; private init; }

    public ReadOnlySpan<byte> AuthorName { get; private init; }

    public ReadOnlySpan<byte> Text { get; private init; }

    public bool HasClientId { get; private init; }

    public ReadOnlySpan<byte> ClientId { get; private init; }

    public long? Reply { get; private init; }

    public static void Write(ByteBuffer buffer, DateTimeOffset at, NewEvent content)
    {
        var start = buffer.Length;
        buffer.Take(LengthBytes);
        buffer.Add((byte)((content.Me ? MeFlag : 0) | (content.ClientId is null ? 0 : IdFlag) | (content.Reply is null ? 0 : ReplyFlag) | ((int)content.Kind << KindShift)));
        buffer.AddNumber(Zigzag(at.ToUnixTimeMilliseconds()));
        buffer.AddText(content.Author);
        buffer.AddText(content.AuthorName);
        buffer.AddText(content.Text);
        if (content.ClientId is { } id)
            buffer.AddText(id);
        if (content.Reply is { } reply)
            buffer.AddNumber(Zigzag(reply));
        buffer.Put(start, buffer.Length - start - LengthBytes);
    }

    /// <summary>Goes over the next event. False: there is none, or its length cannot be.</summary>
    public static bool TrySkip(scoped ref ReadOnlySpan<byte> rest) => TryCut(ref rest, out _);

    /// <summary>Reads the next event. False: there is none, or its bytes make none.</summary>
    public static bool TryRead(scoped ref ReadOnlySpan<byte> rest, out EncodedEvent found)
    {
        found = default;
        if (!TryCut(ref rest, out var bytes) || bytes.IsEmpty)
            return false;
        var flags = bytes[0];
        bytes = bytes[1..];
        ReadOnlySpan<byte> id = default;
        var reply = 0UL;
        if (!TryNumber(ref bytes, out var at) || !TryText(ref bytes, out var author) || !TryText(ref bytes, out var name) || !TryText(ref bytes, out var text)
            || ((flags & IdFlag) != 0 && !TryText(ref bytes, out id))
            || ((flags & ReplyFlag) != 0 && !TryNumber(ref bytes, out reply))
            || !bytes.IsEmpty)
            return false;
        found = new EncodedEvent
        {
            At = Unzigzag(at),
            Kind = flags >> KindShift,
            Me = (flags & MeFlag) != 0,
            Author = author,
            AuthorName = name,
            Text = text,
            HasClientId = (flags & IdFlag) != 0,
            ClientId = id,
            Reply = (flags & ReplyFlag) != 0 ? Unzigzag(reply) : null,
        };
        return true;
    }

    public RoomEvent ToEvent(long seq) => new(
        seq,
        TimeOf(At),
        new NewEvent(
            (RoomEventKind)Kind,
            Encoding.UTF8.GetString(Author),
            Encoding.UTF8.GetString(AuthorName),
            Encoding.UTF8.GetString(Text),
            Reply,
            Me,
            HasClientId ? Encoding.UTF8.GetString(ClientId) : null));

    /// <summary>A stored time. One that cannot be, by damage, becomes the nearest that can: the writer has more to do than this event.</summary>
    public static DateTimeOffset TimeOf(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(
        Math.Clamp(milliseconds, DateTimeOffset.MinValue.ToUnixTimeMilliseconds(), DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()));

    /// <summary>CRC-32C, by the processor's own instruction: what a page that something else wrote into gives itself away by.</summary>
    public static uint ChecksumOf(ReadOnlySpan<byte> bytes)
    {
        var crc = ~0u;
        var words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (var word in words)
            crc = BitOperations.Crc32C(crc, BitConverter.IsLittleEndian ? word : BinaryPrimitives.ReverseEndianness(word));
        foreach (var last in bytes[(words.Length * sizeof(ulong))..])
            crc = BitOperations.Crc32C(crc, last);
        return ~crc;
    }

    /// <summary>Seven bits a byte, as <see cref="ByteBuffer.AddNumber"/> writes them.</summary>
    public static bool TryNumber(scoped ref ReadOnlySpan<byte> rest, out ulong value)
    {
        value = 0;
        for (var (i, shift) = (0, 0); i < rest.Length && shift < 64; i++, shift += 7)
        {
            value |= (ulong)(rest[i] & 0x7f) << shift;
            if (rest[i] >= 0x80)
                continue;
            rest = rest[(i + 1)..];
            return true;
        }

        return false;
    }

    private static bool TryText(scoped ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> text)
    {
        text = default;
        if (!TryNumber(ref rest, out var length) || length > (ulong)rest.Length)
            return false;
        text = rest[..(int)length];
        rest = rest[(int)length..];
        return true;
    }

    private static bool TryCut(scoped ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        if (rest.Length < LengthBytes || BinaryPrimitives.ReadInt32LittleEndian(rest) is var length && (length < 0 || length > rest.Length - LengthBytes))
            return false;
        bytes = rest.Slice(LengthBytes, length);
        rest = rest[(LengthBytes + length)..];
        return true;
    }

    private static ulong Zigzag(long value) => (ulong)((value << 1) ^ (value >> 63));

    private static long Unzigzag(ulong value) => (long)(value >> 1) ^ -(long)(value & 1);
}
