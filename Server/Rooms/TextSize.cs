using System.Text;

namespace RawSocketChat.Server.Rooms;

/// <summary>Estimates how many bytes a text has inside a JSON frame.</summary>
internal static class TextSize
{
    // JSON writes a control character as \uXXXX.
    private const int EscapeBytes = 6;

    public static int GetBytes(string text)
    {
        var bytes = Encoding.UTF8.GetByteCount(text);
        foreach (var c in text)
        {
            if (char.IsControl(c))
                bytes += EscapeBytes - 1;
        }

        return bytes;
    }
}
