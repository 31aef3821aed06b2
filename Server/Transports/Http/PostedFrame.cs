using System.Text;
using System.Text.Json;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Transports.Http;

/// <summary>One of the frames of a POST: what the handler gets, or what answers it where that gets nothing.</summary>
/// <param name="Message">A frame's JSON, or a line that somebody types.</param>
/// <param name="Refusal">The answer of one that is neither, or too big; null else.</param>
internal readonly record struct PostedFrame(ReadOnlyMemory<byte> Message, OutboundFrame? Refusal = null)
{
    private const string Hint = """[{"type":"ping"},"/help"]""";

    /// <summary>What answers one that the handler failed at.</summary>
    public static readonly OutboundFrame Failed = Refused(new ChatError(ErrorCode.Internal, "something went wrong in the server"));

    /// <summary>The only one of its POST.</summary>
    public static PostedFrame Single(ReadOnlyMemory<byte> body, int maxBytes) => Bounded(body.Trim(" \t\r\n"u8), maxBytes);

    /// <summary>One of an array: an object is a frame, a string is a line.</summary>
    public static PostedFrame Element(ReadOnlyMemory<byte> json, int maxBytes) => json.Span[0] switch
    {
        (byte)'{' => Bounded(json, maxBytes),
        (byte)'"' => Line(json, maxBytes),
        _ => new(default, Bad("in an array a frame is an object, and a line that somebody types is a string")),
    };

    private static PostedFrame Line(ReadOnlyMemory<byte> json, int maxBytes)
    {
        try
        {
            var reader = new Utf8JsonReader(json.Span);
            reader.Read();
            return Bounded(Encoding.UTF8.GetBytes(reader.GetString()!), maxBytes);
        }
        catch (InvalidOperationException)
        {
            // The reader takes any bytes for a string, and finds out in giving it.
            return new(default, Bad("this line is not UTF-8, or holds half a character (a \\ud… escape without its other half)"));
        }
    }

    private static PostedFrame Bounded(ReadOnlyMemory<byte> message, int maxBytes) =>
        message.Length <= maxBytes ? new(message) : new(default, Refused(new ChatError(ErrorCode.TooBig, $"a frame has at most {maxBytes} bytes; that one was dropped")));

    private static OutboundFrame Bad(string text) => Refused(new ChatError(ErrorCode.BadFrame, text, Hint));

    private static OutboundFrame Refused(ChatError error) => new(ChatCodec.Encode(new ErrorFrame(default, error)));
}
