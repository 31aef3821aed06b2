using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace RawSocketChat.Server.Storage.Sqlite.Ids;

/// <summary>A client id, by its hash, and the event that it names. Ordered by the hash.</summary>
/// <param name="Hash">The first half of the SHA-256 of author and client id: nobody can make two ids one, and nobody can choose where theirs stand.</param>
/// <param name="Event">The event's id, <see cref="LoggedRoom.EventId"/>.</param>
internal readonly record struct IdEntry(UInt128 Hash, long Event) : IComparable<IdEntry>
{
    /// <summary>The bytes of one in the database: both numbers, the highest byte first.</summary>
    public const int Size = 24;

    private const int HashBytes = 16;
    private const int MostOnStack = 512;

    public static UInt128 HashOf(string author, string clientId)
    {
        var most = Encoding.UTF8.GetMaxByteCount(author.Length) + 1 + Encoding.UTF8.GetMaxByteCount(clientId.Length);
        var bytes = most <= MostOnStack ? stackalloc byte[MostOnStack] : new byte[most];
        var count = Encoding.UTF8.GetBytes(author, bytes);
        bytes[count++] = (byte)'\n';
        count += Encoding.UTF8.GetBytes(clientId, bytes[count..]);
        return HashOf(bytes[..count]);
    }

    /// <param name="author">UTF-8.</param>
    /// <param name="clientId">UTF-8.</param>
    public static UInt128 HashOf(ReadOnlySpan<byte> author, ReadOnlySpan<byte> clientId)
    {
        var length = author.Length + 1 + clientId.Length;
        var bytes = length <= MostOnStack ? stackalloc byte[MostOnStack] : new byte[length];
        author.CopyTo(bytes);
        bytes[author.Length] = (byte)'\n';
        clientId.CopyTo(bytes[(author.Length + 1)..]);
        return HashOf(bytes[..length]);
    }

    public static IdEntry Read(ReadOnlySpan<byte> bytes) =>
        new(BinaryPrimitives.ReadUInt128BigEndian(bytes), BinaryPrimitives.ReadInt64BigEndian(bytes[HashBytes..]));

    public void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt128BigEndian(bytes, Hash);
        BinaryPrimitives.WriteInt64BigEndian(bytes[HashBytes..], Event);
    }

    public int CompareTo(IdEntry other) => Hash.CompareTo(other.Hash);

    private static UInt128 HashOf(ReadOnlySpan<byte> bytes)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes, digest);
        return BinaryPrimitives.ReadUInt128BigEndian(digest);
    }
}
