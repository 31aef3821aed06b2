using System.Text;
using System.Text.Encodings.Web;

namespace RawSocketChat.Server.Rooms;

/// <summary>Estimates the size of a text inside a JSON frame.</summary>
internal static class TextSize
{
    // The size of an escaped character in JSON, such as \u0001.
    private const int EscapeBytes = 6;

    /// <summary>Estimates the number of bytes of the text in UTF-8, JSON escapes included.</summary>
    public static int GetBytes(string text)
    {
        var bytes = Encoding.UTF8.GetByteCount(text);
        foreach (var c in text)
        {
            if (c is (< ' ' or > '~') && !char.IsSurrogate(c) && JavaScriptEncoder.UnsafeRelaxedJsonEscaping.WillEncode(c))
                bytes += EscapeBytes - 1;
        }

        return bytes;
    }
}
