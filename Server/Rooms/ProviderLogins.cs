using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Sessions;

namespace RawSocketChat.Server.Rooms;

/// <summary>
/// Starts the session of a user whose identity an OpenID Connect provider has confirmed. The page then connects with this session. Thread-safe.
/// </summary>
public sealed class ProviderLogins(ChatServices services)
{
    /// <summary>Starts a session of the user's account. The session has no connection yet.</summary>
    /// <param name="identity">What the provider says about the user. The caller has verified it.</param>
    /// <returns>The token of the session, or the reason why there is none.</returns>
    public async Task<(string? Token, ChatError? Error)> LoginAsync(ExternalIdentity identity)
    {
        var login = await services.ExternalAccounts.LoginAsync(identity, services.Operators.Contains);
        if (login.Session is not { } session)
            return (null, new ChatError(login.Rejection!.Code, login.Rejection.Text, RetryAfterMs: login.Rejection.RetryAfterMs));
        await services.IdentityHandler.AnnounceLoginAsync(login, session);
        services.Sessions.RemoveConnection(session);
        return (session.Token, null);
    }
}
