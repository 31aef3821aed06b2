using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Sessions;

namespace RawSocketChat.Server.Rooms;

/// <summary>
/// The request types that this server offers. The server rejects all other types with <c>not-offered</c>. <c>help</c> lists only the types
/// that are offered.
/// </summary>
/// <param name="withSearch">Whether the server indexes messages.</param>
/// <param name="withFiles">Whether users can upload files.</param>
/// <param name="withWebhooks">Whether the server sends events to webhooks.</param>
/// <param name="withJwt">Whether a <c>hello</c> may log in with a JSON Web Token.</param>
/// <param name="withOidc">Whether the page offers a login with an OpenID Connect provider.</param>
/// <param name="auth">The settings that say who may use the chat.</param>
public sealed class SupportedRequests(bool withSearch, bool withFiles, bool withWebhooks, bool withJwt, bool withOidc, AuthOptions auth)
{
    /// <summary>The words of <c>features</c> in a welcome: what this server offers beyond joining, saying and reading.</summary>
    public IReadOnlyList<string> Features { get; } = [.. FindFeatures(withSearch, withFiles, withWebhooks, withJwt, withOidc, auth)];

    /// <summary>Whether the server offers a type of request.</summary>
    public bool Includes(ClientFrameType type) => type switch
    {
        ClientFrameType.Search => withSearch,
        ClientFrameType.Register => auth.Register,
        ClientFrameType.Webhook => withWebhooks,
        _ => true,
    };

    private static IEnumerable<string> FindFeatures(bool withSearch, bool withFiles, bool withWebhooks, bool withJwt, bool withOidc, AuthOptions auth)
    {
        foreach (var always in (string[])["edit", "delete", "react", "mentions", "read", "typing", "dm", "invite", "moderation", "tokens"])
            yield return always;
        if (withSearch)
            yield return "search";
        if (withFiles)
            yield return "files";
        if (withWebhooks)
            yield return "webhook";
        if (auth.Register)
            yield return "register";
        if (withJwt)
            yield return "jwt";
        if (withOidc)
            yield return "oidc";
        if (!auth.Guests)
            yield return "login-required";
    }
}
