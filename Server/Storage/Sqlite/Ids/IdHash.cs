using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace RawSocketChat.Server.Storage.Sqlite.Ids;

/// <summary>
/// What a client id is found by: SipHash-2-4 of its author and it, 128 bits, under a key that is the database's own. Who does not know the key can make no two ids one, and
/// choose for none where it stands. SHA-256 would do without a key; it was 4% of what the server did.
/// </summary>
internal readonly struct IdHash
{
    private const int KeyBytes = 16;
    private const int MostOnStack = 512;

    private readonly ulong _key0;
    private readonly ulong _key1;

    /// <param name="key">16 bytes.</param>
    public IdHash(ReadOnlySpan<byte> key) =>
        (_key0, _key1) = (BinaryPrimitives.ReadUInt64LittleEndian(key), BinaryPrimitives.ReadUInt64LittleEndian(key[sizeof(ulong)..]));

    /// <summary>The one of a database.</summary>
    public static IdHash Of(Database database)
    {
        using var key = database.Prepare("SELECT key FROM id_key");
        return key.Step() && key.Bytes(0) is { Length: KeyBytes } bytes
            ? new IdHash(bytes)
            : throw key.Damage("the key of client ids is not there");
    }

    public UInt128 Of(string author, string clientId)
    {
        var most = Encoding.UTF8.GetMaxByteCount(author.Length) + 1 + Encoding.UTF8.GetMaxByteCount(clientId.Length);
        var bytes = most <= MostOnStack ? stackalloc byte[MostOnStack] : new byte[most];
        var count = Encoding.UTF8.GetBytes(author, bytes);
        bytes[count++] = (byte)'\n';
        count += Encoding.UTF8.GetBytes(clientId, bytes[count..]);
        return Of(bytes[..count]);
    }

    /// <param name="author">UTF-8.</param>
    /// <param name="clientId">UTF-8.</param>
    public UInt128 Of(ReadOnlySpan<byte> author, ReadOnlySpan<byte> clientId)
    {
        var length = author.Length + 1 + clientId.Length;
        var bytes = length <= MostOnStack ? stackalloc byte[MostOnStack] : new byte[length];
        author.CopyTo(bytes);
        bytes[author.Length] = (byte)'\n';
        clientId.CopyTo(bytes[(author.Length + 1)..]);
        return Of(bytes[..length]);
    }

    /// <summary>As https://github.com/veorq/SipHash does it; of its sixteen bytes the first are the number's highest.</summary>
    public UInt128 Of(ReadOnlySpan<byte> bytes)
    {
        var (v0, v1, v2, v3) = (_key0 ^ 0x736f6d6570736575, _key1 ^ 0x646f72616e646f6d ^ 0xee, _key0 ^ 0x6c7967656e657261, _key1 ^ 0x7465646279746573);
        var last = (ulong)bytes.Length << 56;
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
            Compress(BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        for (var i = 0; i < bytes.Length; i++)
            last |= (ulong)bytes[i] << (8 * i);
        Compress(last);
        v2 ^= 0xee;
        var high = Finish();
        v1 ^= 0xdd;
        return new UInt128(BinaryPrimitives.ReverseEndianness(high), BinaryPrimitives.ReverseEndianness(Finish()));

        void Compress(ulong word)
        {
            v3 ^= word;
            Round();
            Round();
            v0 ^= word;
        }

        ulong Finish()
        {
            for (var i = 0; i < 4; i++)
                Round();
            return v0 ^ v1 ^ v2 ^ v3;
        }

        void Round()
        {
            v0 += v1;
            v1 = BitOperations.RotateLeft(v1, 13) ^ v0;
            v0 = BitOperations.RotateLeft(v0, 32);
            v2 += v3;
            v3 = BitOperations.RotateLeft(v3, 16) ^ v2;
            v0 += v3;
            v3 = BitOperations.RotateLeft(v3, 21) ^ v0;
            v2 += v1;
            v1 = BitOperations.RotateLeft(v1, 17) ^ v2;
            v2 = BitOperations.RotateLeft(v2, 32);
        }
    }
}
