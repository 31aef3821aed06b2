using System.Text;
using System.Text.Encodings.Web;

namespace RawSocketChat.Server.Rooms;

/// <summary>Estimates how many bytes a text has inside a JSON frame.</summary>
internal static class TextSize
{
    // The size of an escaped character in JSON, such as \u0001.
    private const int EscapeBytes = 6;

    /// <summary>Returns the bytes of the text as UTF-8, with the characters that JSON escapes.</summary>
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
