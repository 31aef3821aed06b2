namespace RawSocketChat.Tests.Rfc7692;

/// <summary>A minimal deflater. It writes one block with the fixed Huffman codes (RFC 1951, 3.2.6).</summary>
internal static class FixedCodeDeflater
{
    /// <summary>Encodes each byte as a literal.</summary>
    public static byte[] Encode(byte[] message)
    {
        var bits = Begin();
        foreach (var b in message)
        {
            if (b < 144) Add(bits, 0x30 + b, 8);
            else Add(bits, 0x190 + b - 144, 9);
        }
        return End(bits);
    }

    /// <summary>Encodes a single match with a length of 3 to 10 and a distance of 257 to 32768 bytes.</summary>
    public static byte[] EncodeMatch(int length, int distance)
    {
        var bits = Begin();
        Add(bits, length - 2, 7);                               // symbols 257 to 264 have the codes 1 to 8
        var extra = (int)Math.Log2(distance - 1) - 1;
        var symbol = 2 * extra + 2 + ((distance - 1) >> extra & 1);
        Add(bits, symbol, 5);
        for (var bit = 0; bit < extra; bit++) bits.Add(((distance - 1) >> bit & 1) == 1);
        return End(bits);
    }

    private static List<bool> Begin() => [false, true, false];

    private static byte[] End(List<bool> bits)
    {
        Add(bits, 0, 7);
        bits.AddRange([false, false, false]);
        var bytes = new byte[(bits.Count + 7) / 8];
        for (var i = 0; i < bits.Count; i++)
        {
            if (bits[i]) bytes[i / 8] |= (byte)(1 << (i % 8));
        }
        return bytes;
    }

    private static void Add(List<bool> bits, int code, int length)
    {
        for (var bit = length - 1; bit >= 0; bit--) bits.Add((code >> bit & 1) == 1);
    }
}
