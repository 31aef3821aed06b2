using System.Text;
using System.Text.Encodings.Web;

namespace RawSocketChat.Server.Rooms;

/// <summary>Estimates how many bytes a text has inside a JSON frame.</summary>
internal static class TextSize
{
    // JSON writes the characters that its encoder escapes as \uXXXX.
    private const int EscapeBytes = 6;

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
