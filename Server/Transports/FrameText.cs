using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Transports;

/// <summary>Renders a frame in the text format, for every transport that offers it.</summary>
internal static class FrameText
{
    /// <summary>The frame as lines for a person; empty if the text format shows nothing of the frame.</summary>
    /// <remarks>
    /// No other code in the server decodes a frame that the server has encoded. Rooms and outboxes hold frames only as JSON, because a
    /// typed copy of each frame would need more memory, and few clients use the text format. A <see cref="WireEncoding"/> renders a frame
    /// once for all its connections; an HTTP stream in the text format renders each frame itself.
    /// </remarks>
    public static string Render(EncodedFrame encoded) => TextFormat.Format(encoded.Payload.Span);
}
