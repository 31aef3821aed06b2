using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Sessions;

namespace RawSocketChat.Server.Rooms;

/// <summary>
/// The request types that this server offers. The server rejects all other types with <c>not-offered</c>. <c>help</c> lists only the types
/// that are offered.
/// </summary>
/// <param name="withSearch">Whether the server indexes messages.</param>
/// <param name="withJwt">Whether a <c>hello</c> may log in with a JSON Web Token.</param>
/// <param name="auth">The settings that say who may use the chat.</param>
/// <param name="withFiles">Whether users can upload files.</param>
public sealed class SupportedRequests(bool withSearch, bool withJwt, AuthOptions auth, bool withFiles = false)
{
    /// <summary>The words of <c>features</c> in a welcome: what this server offers beyond joining, saying and reading.</summary>
    public IReadOnlyList<string> Features { get; } = [.. FindFeatures(withSearch, withJwt, auth, withFiles)];

    public bool Includes(ClientFrameType type) => type switch
    {
        ClientFrameType.Search => withSearch,
        ClientFrameType.Register => auth.Register,
        _ => true,
    };

    private static IEnumerable<string> FindFeatures(bool withSearch, bool withJwt, AuthOptions auth, bool withFiles)
    {
        foreach (var always in (string[])["edit", "delete", "react", "mentions", "read", "typing", "dm", "invite", "moderation", "tokens"])
            yield return always;
        if (withSearch)
            yield return "search";
        if (withFiles)
            yield return "files";
        if (auth.Register)
            yield return "register";
        if (withJwt)
            yield return "jwt";
        if (!auth.Guests)
            yield return "login-required";
    }
}
