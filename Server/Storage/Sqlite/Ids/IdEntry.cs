using System.Buffers.Binary;

namespace RawSocketChat.Server.Storage.Sqlite.Ids;

/// <summary>A client id, by its hash, and the event that it names. Ordered by the hash.</summary>
/// <param name="Hash">Of author and client id, by <see cref="IdHash"/>.</param>
/// <param name="Event">The event's id, <see cref="LoggedRoom.EventId"/>.</param>
internal readonly record struct IdEntry(UInt128 Hash, long Event) : IComparable<IdEntry>
{
    /// <summary>The bytes of one in the database: both numbers, the highest byte first.</summary>
    public const int Size = 24;

    private const int HashBytes = 16;

    public static IdEntry Read(ReadOnlySpan<byte> bytes) =>
        new(BinaryPrimitives.ReadUInt128BigEndian(bytes), BinaryPrimitives.ReadInt64BigEndian(bytes[HashBytes..]));

    public void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt128BigEndian(bytes, Hash);
        BinaryPrimitives.WriteInt64BigEndian(bytes[HashBytes..], Event);
    }

    public int CompareTo(IdEntry other) => Hash.CompareTo(other.Hash);
}
