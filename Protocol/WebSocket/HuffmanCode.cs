namespace RawSocketChat.Protocol.WebSocket;

/// <summary>
/// One of DEFLATE's codes (RFC 1951, 3.2.2): built from the lengths of its symbols' codes, and asked for the symbol at the
/// front of the bits. Codes of up to 9 bits, which are nearly all, are found by one look into a table.
/// </summary>
internal sealed class HuffmanCode
{
    private const int LongestCode = 15;
    private const int TableBits = 9;
    private const int SymbolBits = 9;       // 288 symbols at the most
    private const int MostSymbols = 288;

    // By the next 9 bits: the length of the code and its symbol; 0: a longer code, or none.
    private readonly ushort[] _table = new ushort[1 << TableBits];
    private readonly ushort[] _symbols = new ushort[MostSymbols];       // in the order of their codes
    private readonly int[] _firstIndex = new int[LongestCode + 1];      // of the symbols of a length
    private readonly int[] _firstCode = new int[LongestCode + 1];
    private readonly int[] _count = new int[LongestCode + 1];

    /// <summary>Takes the lengths of all symbols' codes, 0 where a symbol has none.</summary>
    /// <param name="lengths">0 to 15 each; 288 at the most.</param>
    /// <param name="mayBeSparse">Whether one code of one bit, or none at all, will do (3.2.7 allows it for distances).</param>
    /// <returns>False: no code has these lengths, or bits would be left without a meaning.</returns>
    public bool Build(ReadOnlySpan<byte> lengths, bool mayBeSparse)
    {
        Array.Clear(_count);
        foreach (var length in lengths) _count[length]++;
        _count[0] = 0;

        var left = 1;
        var (code, index, longest) = (0, 0, 0);
        for (var length = 1; length <= LongestCode; length++)
        {
            left = (left << 1) - _count[length];
            if (left < 0) return false;
            if (_count[length] > 0) longest = length;
            code = (code + _count[length - 1]) << 1;
            (_firstCode[length], _firstIndex[length]) = (code, index);
            index += _count[length];
        }
        if (left > 0 && !(mayBeSparse && longest <= 1)) return false;

        Fill(lengths);
        return true;
    }

    private void Fill(ReadOnlySpan<byte> lengths)
    {
        Array.Clear(_table);
        Span<int> next = stackalloc int[LongestCode + 1];
        for (var symbol = 0; symbol < lengths.Length; symbol++)
        {
            var length = lengths[symbol];
            if (length == 0) continue;
            var place = next[length]++;
            _symbols[_firstIndex[length] + place] = (ushort)symbol;
            if (length > TableBits) continue;
            // 3.1.1: codes stand in the stream with their first bit lowest.
            var reversed = Reverse(_firstCode[length] + place, length);
            for (var i = reversed; i < _table.Length; i += 1 << length) _table[i] = (ushort)((length << SymbolBits) | symbol);
        }
    }

    /// <summary>The symbol at the front of the bits.</summary>
    /// <param name="bits">The stream's next bits, the very next one lowest; 15 of them at least, or zeros behind the end.</param>
    /// <param name="length">How many of them are its code.</param>
    /// <returns>-1: these bits are no code.</returns>
    public int Find(ulong bits, out int length)
    {
        var entry = _table[(int)bits & (_table.Length - 1)];
        length = entry >> SymbolBits;
        return length > 0 ? entry & ((1 << SymbolBits) - 1) : FindLong(bits, out length);
    }

    private int FindLong(ulong bits, out int length)
    {
        var code = 0;
        for (length = 1; length <= LongestCode; length++)
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
