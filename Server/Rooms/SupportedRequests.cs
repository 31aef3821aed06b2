using RawSocketChat.Protocol.Chat;

namespace RawSocketChat.Server.Rooms;

/// <summary>
/// The request types that this server implements. The server rejects all other types with <c>not-offered</c>. <c>help</c> lists only the
/// types that are implemented.
/// </summary>
/// <param name="withSearch">Whether the server indexes messages.</param>
public sealed class SupportedRequests(bool withSearch)
{
    /// <summary>The words of <c>features</c> in a welcome: what this server offers beyond joining, saying and reading.</summary>
    public IReadOnlyList<string> Features { get; } =
        ["edit", "delete", "react", "mentions", "read", "typing", "dm", "invite", "moderation", "tokens", .. withSearch ? (string[])["search"] : []];

    public bool Includes(ClientFrameType type) => withSearch || type is not ClientFrameType.Search;
}
