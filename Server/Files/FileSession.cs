using Microsoft.Extensions.Options;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Sessions;
using RawSocketChat.Server.Transports;
using RawSocketChat.Server.Transports.Http;
using RawSocketChat.Server.Transports.Origins;

namespace RawSocketChat.Server.Files;

/// <summary>Finds the user of a request for a file. The session gets no connection, so nobody sees the user come or go.</summary>
internal sealed class FileSession(SessionStore sessions, OriginPolicy origins, IOptions<AuthOptions> auth)
{
    /// <summary>Returns the user of the request. If the request has no valid session, answers the request with an error and returns null.</summary>
    /// <exception cref="Storage.StorageException">The session cannot be read.</exception>
    public async Task<NamedUser?> FindUserAsync(HttpContext context)
    {
        if (!origins.Allows(context) || OriginPolicy.IsCrossSite(context))
            await context.RejectAsync(ErrorCode.NotAllowed, OriginPolicy.GetRejectionText(context));
        else if (await SessionCredential.FindAsync(context) is not { } found)
            await context.RejectMissingSessionAsync(StartHint.Hello);
        else if (await sessions.FindUserByTokenAsync(found.Token) is not { } user)
            await context.RejectUnknownSessionAsync(StartHint.Hello);
        else if (user.IsGuest && !auth.Value.Guests)
            await context.RejectAsync(ErrorCode.NotAllowed, "this server has no guests; log in first", """{"type":"login","name":"ann","password":"my long password"}""");
        else
            return user;
        return null;
    }
}
