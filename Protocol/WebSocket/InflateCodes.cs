namespace RawSocketChat.Protocol.WebSocket;

/// <summary>The two codes of a DEFLATE block, and how a block says what they are (RFC 1951, 3.2.5 to 3.2.7).</summary>
internal sealed class InflateCodes
{
    public const int EndOfBlock = 256;

    /// <summary>Symbols of which the RFC says that they never occur are not among these.</summary>
    public const int Lengths = 29, Distances = 30;

    private const int MostLiterals = 286;

    // 3.2.7: the order in which the lengths of the code length code come, likely ones first.
    private static ReadOnlySpan<byte> CodeLengthOrder => [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

    // 3.2.5: the least that a symbol stands for, and how many bits tell what is to be added.
    public static ReadOnlySpan<ushort> LengthBase =>
        [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258];

    public static ReadOnlySpan<byte> LengthExtra => [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];

    public static ReadOnlySpan<ushort> DistanceBase =>
        [1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769,
         1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577];

    public static ReadOnlySpan<byte> DistanceExtra =>
        [0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13];

    /// <summary>The codes that need not be told (3.2.6).</summary>
    public static readonly InflateCodes Fixed = MakeFixed();

    // A message is inflated from end to end by one thread, and then nothing of this is needed: an idle connection has none.
    [ThreadStatic] private static InflateCodes? OfThread;

    private readonly HuffmanCode _codeLengths = new();

    private InflateCodes()
    {
    }

    public HuffmanCode Literals { get; } = new();

    public HuffmanCode DistanceCode { get; } = new();

    /// <summary>Reads the codes at the beginning of a block (3.2.7).</summary>
    /// <returns>Null: what stands there gives no codes. Else they are this thread's until its next call.</returns>
    public static InflateCodes? Read(ref BitReader bits)
    {
        var codes = OfThread ??= new InflateCodes();
        return codes.ReadLengths(ref bits) ? codes : null;
    }

    private bool ReadLengths(ref BitReader bits)
    {
        bits.Refill();
        var literals = bits.Take(5) + 257;
        var distances = bits.Take(5) + 1;
        var codeLengths = bits.Take(4) + 4;
        if (literals > MostLiterals || distances > Distances) return false;

        Span<byte> lengths = stackalloc byte[MostLiterals + Distances];
        lengths.Clear();
        for (var i = 0; i < codeLengths; i++)
        {
            bits.Refill();
            lengths[CodeLengthOrder[i]] = (byte)bits.Take(3);
        }
        if (bits.IsSpent || !_codeLengths.Build(lengths[..CodeLengthOrder.Length], mayBeSparse: false)) return false;

        lengths.Clear();
        return ReadLengths(ref bits, lengths[..(literals + distances)])
            // Without an end the block would have none.
            && lengths[EndOfBlock] > 0
            && Literals.Build(lengths[..literals], mayBeSparse: true)
            && DistanceCode.Build(lengths.Slice(literals, distances), mayBeSparse: true);
    }

    private bool ReadLengths(ref BitReader bits, scoped Span<byte> lengths)
    {
        for (var i = 0; i < lengths.Length;)
        {
            bits.Refill();
            var symbol = bits.Take(_codeLengths);
            if (symbol < 0) return false;
            if (symbol < 16)
            {
                lengths[i++] = (byte)symbol;
                continue;
            }

            // 3.2.7: 16 repeats the last length, 17 and 18 are runs of zeros; they may run on from one code into the other.
            if (symbol == 16 && i == 0) return false;
            var length = symbol == 16 ? lengths[i - 1] : (byte)0;
            var times = symbol switch { 16 => 3 + bits.Take(2), 17 => 3 + bits.Take(3), _ => 11 + bits.Take(7) };
            if (bits.IsSpent || times > lengths.Length - i) return false;
            lengths.Slice(i, times).Fill(length);
            i += times;
        }
        return !bits.IsSpent;
    }

    private static InflateCodes MakeFixed()
    {
        Span<byte> lengths = stackalloc byte[288];
        lengths[..144].Fill(8);
        lengths[144..256].Fill(9);
        lengths[256..280].Fill(7);
        lengths[280..].Fill(8);
        Span<byte> distances = stackalloc byte[32];
        distances.Fill(5);

        var codes = new InflateCodes();
        codes.Literals.Build(lengths, mayBeSparse: false);
        codes.DistanceCode.Build(distances, mayBeSparse: false);
        return codes;
    }
}
