using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Transports.Http;

/// <summary>What stands behind the frames of one write, for who asked with <c>wire=1</c>: when that write was made. No cursor counts it.</summary>
public static class WireStamp
{
    public static bool IsAsked(HttpContext context) => context.Request.Query["wire"] == "1";

    public static OutboundFrame Now(TimeProvider time) => new(ChatCodec.Encode(new WireFrame(time.GetUtcNow())));
}
