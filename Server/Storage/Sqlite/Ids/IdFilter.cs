using System.Runtime.InteropServices;

namespace RawSocketChat.Server.Storage.Sqlite.Ids;

/// <summary>
/// Says of most ids that are not in a run that they are not (a Bloom filter, of blocks of a cache line each): at 12 bits an id all but one of some 150.
/// </summary>
internal sealed class IdFilter
{
    private const int BitsPerId = 12;
    private const int BlockBits = 512;
    private const int BlockWords = BlockBits / 64;
    private const int Probes = 6;
    private const int ProbeBits = 9;

    private readonly ulong[] _words;

    private IdFilter(ulong[] words) => _words = words;

    /// <summary>Its bytes, as they are stored.</summary>
    public ReadOnlySpan<byte> Bytes => MemoryMarshal.AsBytes(_words.AsSpan());

    /// <param name="most">As many ids are added at the most.</param>
    public static IdFilter For(long most) => new(new ulong[BlocksFor(most) * BlockWords]);

    /// <summary>One whose bytes are filled in by whoever reads them.</summary>
    /// <param name="bytes">Their number.</param>
    public static IdFilter Read(int bytes, out Span<byte> into)
    {
        var filter = new IdFilter(new ulong[bytes / sizeof(ulong)]);
        into = MemoryMarshal.AsBytes(filter._words.AsSpan());
        return filter;
    }

    /// <summary>Whether so many bytes are whole blocks.</summary>
    public static bool CanBe(long bytes) => bytes > 0 && bytes % (BlockBits / 8) == 0 && bytes <= Array.MaxLength;

    public void Add(UInt128 hash)
    {
        var block = BlockOf(hash);
        var probes = (ulong)hash;
        for (var i = 0; i < Probes; i++, probes >>= ProbeBits)
            block[(int)(probes & (BlockBits - 1)) / 64] |= 1UL << (int)(probes % 64);
    }

    public bool MayHave(UInt128 hash)
    {
        var block = BlockOf(hash);
        var probes = (ulong)hash;
        for (var i = 0; i < Probes; i++, probes >>= ProbeBits)
        {
            if ((block[(int)(probes & (BlockBits - 1)) / 64] & (1UL << (int)(probes % 64))) == 0)
                return false;
        }

        return true;
    }

    // By the hash's upper half, in its order: what is merged fills one block after the other.
    private Span<ulong> BlockOf(UInt128 hash) =>
        _words.AsSpan((int)Math.BigMul((ulong)(hash >> 64), (ulong)(_words.Length / BlockWords), out _) * BlockWords, BlockWords);

    private static int BlocksFor(long ids) => (int)Math.Min(Array.MaxLength / BlockWords / sizeof(ulong), Math.Max(1, ((ids * BitsPerId) + BlockBits - 1) / BlockBits));
}
