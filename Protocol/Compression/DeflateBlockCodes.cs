namespace RawSocketChat.Protocol.Compression;

/// <summary>The two Huffman codes of a DEFLATE block: one for literals and lengths, one for distances (RFC 1951, 3.2.5 to 3.2.7).</summary>
internal sealed class DeflateBlockCodes
{
    public const int EndOfBlock = 256;

    /// <summary>The number of valid length symbols and distance symbols. The codes have further symbols, which must not occur in the data.</summary>
    public const int LengthSymbolCount = 29, DistanceSymbolCount = 30;

    private const int MaxLiteralSymbols = 286;

    // 3.2.7: the order in which a block lists the code lengths of the code length alphabet.
    private static ReadOnlySpan<byte> CodeLengthOrder => [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

    // 3.2.5: for each symbol, its base value and the number of extra bits. The value of the extra bits is added to the base value.
    public static ReadOnlySpan<ushort> LengthBase =>
        [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258];

    public static ReadOnlySpan<byte> LengthExtra => [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];

    public static ReadOnlySpan<ushort> DistanceBase =>
        [1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769,
         1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577];

    public static ReadOnlySpan<byte> DistanceExtra =>
        [0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13];

    /// <summary>The fixed codes (3.2.6), which the RFC defines. A block with the fixed codes lists no code lengths.</summary>
    public static readonly DeflateBlockCodes Fixed = CreateFixed();

    // One thread inflates a whole message, and needs the codes only until the message ends. So each thread has one instance, and a
    // connection has none.
    [ThreadStatic] private static DeflateBlockCodes? ThreadInstance;

    private readonly HuffmanCode _codeLengths = new();

    private DeflateBlockCodes()
    {
    }

    public HuffmanCode LiteralCode { get; } = new();

    public HuffmanCode DistanceCode { get; } = new();

    /// <summary>Reads the codes at the beginning of a block (3.2.7).</summary>
    /// <returns>The codes, valid until the next call on this thread; null if the data is invalid.</returns>
    public static DeflateBlockCodes? Read(ref BitReader bits)
    {
        var codes = ThreadInstance ??= new DeflateBlockCodes();
        return codes.ReadLengths(ref bits) ? codes : null;
    }

    private bool ReadLengths(ref BitReader bits)
    {
        bits.Refill();
        var literals = bits.Read(5) + 257;
        var distances = bits.Read(5) + 1;
        var codeLengths = bits.Read(4) + 4;
        if (literals > MaxLiteralSymbols || distances > DistanceSymbolCount) return false;

        Span<byte> lengths = stackalloc byte[MaxLiteralSymbols + DistanceSymbolCount];
        lengths.Clear();
        for (var i = 0; i < codeLengths; i++)
        {
            bits.Refill();
            lengths[CodeLengthOrder[i]] = (byte)bits.Read(3);
        }
        if (bits.IsOverrun || !_codeLengths.Build(lengths[..CodeLengthOrder.Length], allowIncomplete: false)) return false;

        lengths.Clear();
        return ReadLengths(ref bits, lengths[..(literals + distances)])
            // A block must have a code for its end.
            && lengths[EndOfBlock] > 0
            && LiteralCode.Build(lengths[..literals], allowIncomplete: true)
            && DistanceCode.Build(lengths.Slice(literals, distances), allowIncomplete: true);
    }

    private bool ReadLengths(ref BitReader bits, scoped Span<byte> lengths)
    {
        for (var i = 0; i < lengths.Length;)
        {
            bits.Refill();
            var symbol = bits.Read(_codeLengths);
            if (symbol < 0) return false;
            if (symbol < 16)
            {
                lengths[i++] = (byte)symbol;
                continue;
            }

            // 3.2.7: the symbol 16 repeats the previous length; the symbols 17 and 18 repeat zeros. The lengths of both codes are one list, so a
            // repetition may begin in the first code and end in the second.
            if (symbol == 16 && i == 0) return false;
            var length = symbol == 16 ? lengths[i - 1] : (byte)0;
            var times = symbol switch { 16 => 3 + bits.Read(2), 17 => 3 + bits.Read(3), _ => 11 + bits.Read(7) };
            if (bits.IsOverrun || times > lengths.Length - i) return false;
            lengths.Slice(i, times).Fill(length);
            i += times;
        }
        return !bits.IsOverrun;
    }

    private static DeflateBlockCodes CreateFixed()
    {
        Span<byte> lengths = stackalloc byte[288];
        lengths[..144].Fill(8);
        lengths[144..256].Fill(9);
        lengths[256..280].Fill(7);
        lengths[280..].Fill(8);
        Span<byte> distances = stackalloc byte[32];
        distances.Fill(5);

        var codes = new DeflateBlockCodes();
        codes.LiteralCode.Build(lengths, allowIncomplete: false);
        codes.DistanceCode.Build(distances, allowIncomplete: false);
        return codes;
    }
}
