using System.Text;

namespace RawSocketChat.Tests.Files;

/// <summary>Contents for uploads: a small valid image, text, and random bytes.</summary>
internal static class TestContents
{
    /// <summary>A PNG image of one pixel.</summary>
    public static readonly byte[] Png = Convert.FromBase64String("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==");

    public static byte[] Text(string text) => Encoding.UTF8.GetBytes(text);

    public static byte[] Random(int length, int seed)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        // No known type begins with this byte.
        if (length > 0)
            bytes[0] = 0;
        return bytes;
    }
}
