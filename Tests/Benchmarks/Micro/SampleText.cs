using System.Text;

namespace RawSocketChat.Tests.Benchmarks.Micro;

/// <summary>Creates sample texts of a given length in bytes.</summary>
internal static class SampleText
{
    private const string Latin = "Would you mind looking at the second one again? It reads well now. ";
    private const string Mixed = "Schöne Grüße aus Köln, до завтра, また明日 🙂 ";

    public static byte[] CreateAscii(int bytes) => Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(Latin, (bytes / Latin.Length) + 1)))[..bytes];

    /// <summary>
    /// Creates text of mostly two to four bytes per character. The text ends at a character boundary, so it may be a few bytes shorter.
    /// </summary>
    public static byte[] CreateInternational(int bytes)
    {
        var text = string.Concat(Enumerable.Repeat(Mixed, (bytes / Encoding.UTF8.GetByteCount(Mixed)) + 1));
        var utf8 = Encoding.UTF8.GetBytes(text);
        while ((utf8[bytes] & 0xC0) == 0x80)
            bytes--;
        return utf8[..bytes];
    }
}
