using RawSocketChat.Protocol.Chat;

namespace RawSocketChat.Server.Rooms;

/// <summary>
/// The request types that this server implements. The server rejects all other types with <c>unavailable</c>, but ignores a <c>typing</c>
/// frame without an id. <c>help</c> lists only the types that are implemented.
/// </summary>
internal static class SupportedRequests
{
    public static bool Includes(ClientFrameType type) => type is not (
        ClientFrameType.Edit or ClientFrameType.Delete or ClientFrameType.React or ClientFrameType.Typing
        or ClientFrameType.Invite or ClientFrameType.Dm or ClientFrameType.Search
        or ClientFrameType.Role or ClientFrameType.Kick or ClientFrameType.Ban or ClientFrameType.Unban
        or ClientFrameType.Mute or ClientFrameType.Unmute or ClientFrameType.Slow
        or ClientFrameType.Password or ClientFrameType.Notify or ClientFrameType.Close or ClientFrameType.Tokens);
}
