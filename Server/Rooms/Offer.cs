using RawSocketChat.Protocol.Chat;

namespace RawSocketChat.Server.Rooms;

/// <summary>What of the protocol this server does; all else it answers with <c>unavailable</c>, and help says so beforehand.</summary>
internal static class Offer
{
    public static bool Includes(ClientFrameType type) => type is not (
        ClientFrameType.Edit or ClientFrameType.Delete or ClientFrameType.React or ClientFrameType.Typing
        or ClientFrameType.Invite or ClientFrameType.Dm or ClientFrameType.Search
        or ClientFrameType.Role or ClientFrameType.Kick or ClientFrameType.Ban or ClientFrameType.Unban
        or ClientFrameType.Mute or ClientFrameType.Unmute or ClientFrameType.Slow);
}
