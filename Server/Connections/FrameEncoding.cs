using RawSocketChat.Protocol.Chat;

namespace RawSocketChat.Server.Connections;

/// <summary>Encodes the frames that the server creates.</summary>
public static class FrameEncoding
{
    public static EncodedFrame Encode(this ServerFrame frame) => new(ChatCodec.Encode(frame))
    {
        WithoutToken = frame is WelcomeFrame { Session.Length: > 0 } welcome ? new(() => (welcome with { Session = "" }).Encode()) : null,
    };
}
