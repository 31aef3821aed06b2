namespace RawSocketChat.Protocol.Compression;

/// <summary>
/// Decodes a Huffman code of DEFLATE (RFC 1951, 3.2.2). The code lengths of the symbols define the code. Nearly all symbols have codes of up to 9
/// bits; one table lookup decodes such a symbol.
/// </summary>
internal sealed class HuffmanCode
{
    private const int MaxCodeBits = 15;
    private const int TableBits = 9;
    private const int SymbolBits = 9;       // enough for 288 symbols
    private const int MaxSymbols = 288;

    // Maps the next 9 bits to the length of the code and its symbol; 0 if the code is longer or invalid.
    private readonly ushort[] _table = new ushort[1 << TableBits];
    private readonly ushort[] _symbols = new ushort[MaxSymbols];       // in the order of their codes
    private readonly int[] _firstIndex = new int[MaxCodeBits + 1];      // the index in _symbols of the first code of each length
    private readonly int[] _firstCode = new int[MaxCodeBits + 1];
    private readonly int[] _count = new int[MaxCodeBits + 1];

    /// <summary>Builds the code from the code lengths of all symbols.</summary>
    /// <param name="lengths">The code length of each symbol, 0 to 15; 0 if the symbol has no code. At most 288 symbols.</param>
    /// <param name="allowIncomplete">
    /// Whether the code may have no symbol, or only one symbol with a code of one bit (3.2.7 allows this for distances).
    /// </param>
    /// <returns>
    /// False if no code can have these lengths, or if the code is incomplete in a way that <paramref name="allowIncomplete"/> does not allow.
    /// </returns>
    public bool Build(ReadOnlySpan<byte> lengths, bool allowIncomplete)
    {
        Array.Clear(_count);
        foreach (var length in lengths) _count[length]++;
        _count[0] = 0;

        var left = 1;
        var (code, index, longest) = (0, 0, 0);
        for (var length = 1; length <= MaxCodeBits; length++)
        {
            left = (left << 1) - _count[length];
            if (left < 0) return false;
            if (_count[length] > 0) longest = length;
            code = (code + _count[length - 1]) << 1;
            (_firstCode[length], _firstIndex[length]) = (code, index);
            index += _count[length];
        }
        if (left > 0 && !(allowIncomplete && longest <= 1)) return false;

        FillTables(lengths);
        return true;
    }

    private void FillTables(ReadOnlySpan<byte> lengths)
    {
        Array.Clear(_table);
        Span<int> next = stackalloc int[MaxCodeBits + 1];
        for (var symbol = 0; symbol < lengths.Length; symbol++)
        {
            var length = lengths[symbol];
            if (length == 0) continue;
            var place = next[length]++;
            _symbols[_firstIndex[length] + place] = (ushort)symbol;
            if (length > TableBits) continue;
            // 3.1.1: the first bit of a code comes first in the stream, so it is the lowest of the next bits.
            var reversed = Reverse(_firstCode[length] + place, length);
            for (var i = reversed; i < _table.Length; i += 1 << length) _table[i] = (ushort)((length << SymbolBits) | symbol);
        }
    }

    /// <summary>Decodes the symbol at the front of the bits.</summary>
    /// <param name="bits">The next bits of the stream, starting with the lowest; at least 15, with zeros after the end of the stream.</param>
    /// <param name="length">The length of the symbol's code in bits.</param>
    /// <returns>The symbol; -1 if the bits are not a valid code.</returns>
    public int Decode(ulong bits, out int length)
    {
        var entry = _table[(int)bits & (_table.Length - 1)];
        length = entry >> SymbolBits;
        return length > 0 ? entry & ((1 << SymbolBits) - 1) : DecodeLong(bits, out length);
    }

    private int DecodeLong(ulong bits, out int length)
    {
        var code = 0;
        for (length = 1; length <= MaxCodeBits; length++)
        {
            code = (code << 1) | (int)((bits >> (length - 1)) & 1);
            var place = code - _firstCode[length];
            if (place >= 0 && place < _count[length]) return _symbols[_firstIndex[length] + place];
        }
        return -1;
    }

    private static int Reverse(int code, int length)
    {
        var reversed = 0;
        for (; length > 0; length--, code >>= 1) reversed = (reversed << 1) | (code & 1);
        return reversed;
    }
}
