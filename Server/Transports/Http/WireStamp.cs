using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Transports.Http;

/// <summary>
/// Creates the <c>wire</c> frame, which contains the time of a write. If the client asks for <c>wire=1</c>, one such frame follows the
/// frames of each write. Cursors do not count this frame.
/// </summary>
public static class WireStamp
{
    public static EncodedFrame Create(TimeProvider time) => new WireFrame(time.GetUtcNow()).Encode();
}
