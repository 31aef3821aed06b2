using System.Text;
using System.Text.Json;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Transports.Http;

/// <summary>One frame of a POST: the message for the handler, or the error that answers an invalid frame.</summary>
/// <param name="Message">The JSON of a frame, or a typed line.</param>
/// <param name="Rejection">The answer to a frame that is invalid or too big; null if the frame is valid.</param>
internal readonly record struct PostedFrame(ReadOnlyMemory<byte> Message, EncodedFrame? Rejection = null)
{
    private const string Hint = """[{"type":"ping"},"/help"]""";

    /// <summary>The answer to a frame for which the handler threw an exception.</summary>
    public static readonly EncodedFrame InternalError = EncodeError(new ChatError(ErrorCode.Internal, Disconnect.Internal.Text));

    /// <summary>Reads a body that is one frame or one typed line.</summary>
    public static PostedFrame FromBody(ReadOnlyMemory<byte> body, int maxBytes) => CheckLength(body.Trim(RequestBody.JsonWhiteSpace), maxBytes);

    /// <summary>Reads an element of an array: an object is a frame, and a string is a typed line.</summary>
    public static PostedFrame FromElement(ReadOnlyMemory<byte> json, int maxBytes) => json.Span[0] switch
    {
        (byte)'{' => CheckLength(json, maxBytes),
        (byte)'"' => FromLine(json, maxBytes),
        _ => new(default, CreateBadFrame("an element of the array must be a frame (an object) or a typed line (a string)")),
    };

    // Reads a JSON string, whose value is a typed line.
    private static PostedFrame FromLine(ReadOnlyMemory<byte> json, int maxBytes)
    {
        try
        {
            var reader = new Utf8JsonReader(json.Span);
            reader.Read();
            return CheckLength(Encoding.UTF8.GetBytes(reader.GetString()!), maxBytes);
        }
        catch (InvalidOperationException)
        {
            // Utf8JsonReader accepts any bytes in a string. Only GetString detects invalid UTF-8.
            return new(default, CreateBadFrame("this line is not valid UTF-8, or it contains half a surrogate pair (a \\ud… escape without the other half)"));
        }
    }

    private static PostedFrame CheckLength(ReadOnlyMemory<byte> message, int maxBytes) =>
        message.Length <= maxBytes ? new(message) : new(default, EncodeError(new ChatError(ErrorCode.TooBig, $"a frame has at most {maxBytes} bytes; this one was dropped")));

    private static EncodedFrame CreateBadFrame(string text) => EncodeError(new ChatError(ErrorCode.BadFrame, text, Hint));

    private static EncodedFrame EncodeError(ChatError error) => new ErrorFrame(default, error).Encode();
}
