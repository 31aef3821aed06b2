using RawSocketChat.Protocol.Chat;

namespace RawSocketChat.Server.Rooms;

/// <summary>
/// The request types that this server implements. The server rejects all other types with <c>not-offered</c>. <c>help</c> lists only the
/// types that are implemented.
/// </summary>
internal static class SupportedRequests
{
    /// <summary>The words of <c>features</c> in a welcome: what this server offers beyond joining, saying and reading.</summary>
    public static readonly IReadOnlyList<string> Features = ["edit", "delete", "react", "mentions", "read", "typing", "dm", "invite", "moderation", "tokens"];

    public static bool Includes(ClientFrameType type) => type is not ClientFrameType.Search;
}
