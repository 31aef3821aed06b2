using System.Security.Cryptography;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Sessions.Jwt;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Sessions;

/// <summary>
/// Logs in users with a JSON Web Token of the operator's own site or of an identity provider. The issuer and the subject of the token identify
/// the account. The server creates the account at the first login. The account has no password, and its name follows the name in the token. Thread-safe.
/// </summary>
public sealed class ExternalAccounts(
    SessionStore sessions, IIdentityStore storage, JwtVerifier verifier, AttemptLimits attempts, TimeProvider time, ILogger<ExternalAccounts> logger)
{
    private static readonly AccountRejection NotOffered = new(ErrorCode.NotOffered, "this server accepts no \"jwt\"; its operator can set Auth:Jwt:Key or Auth:Jwt:Jwks");

    private static readonly AccountRejection NoKeys =
        new(ErrorCode.Unavailable, "the server cannot read the keys of your site at the moment; try again in a minute", RetryAfterMs: 60_000);

    private static readonly AccountRejection Unavailable =
        new(ErrorCode.Unavailable, "accounts cannot be looked up or stored at the moment; try again in a moment", RetryAfterMs: 1000);

    /// <summary>Whether the server accepts tokens of the operator's own site.</summary>
    public bool IsEnabled => verifier.IsEnabled;

    /// <summary>Starts a new session of the account that a token identifies.</summary>
    /// <param name="token">The token. It is a secret until it expires, so no log may contain it.</param>
    /// <param name="remote">The client's address and port, as in <c>Connection.Remote</c>.</param>
    /// <param name="isOffLimits">Returns true for a name that the accounts of the site may not get, because the name has rights.</param>
    public async Task<LoginResult> LoginAsync(string token, string remote, Predicate<string> isOffLimits)
    {
        if (!IsEnabled)
            return new LoginResult(null, NotOffered);
        if (!attempts.TryTakeToken(remote, out var retryAfterMs))
            return new LoginResult(null, Accounts.CreateTooManyAttempts(retryAfterMs));
        var result = await verifier.VerifyAsync(token);
        if (result.Fault is { } reason)
            return new LoginResult(null, new AccountRejection(ErrorCode.NotAllowed, $"the token of your site was not accepted: {reason}"));
        // Only failed attempts count, because all users of a site may come from one address, such as that of a school.
        attempts.GiveBackToken(remote);
        return result.Identity is { } identity ? await LoginAsync(identity, isOffLimits) : new LoginResult(null, NoKeys);
    }

    /// <summary>Starts a new session of the account of a user whose token was verified.</summary>
    /// <param name="identity">What the token says.</param>
    /// <param name="isOffLimits">Returns true for a name that the accounts of the site may not get, because the name has rights.</param>
    public async Task<LoginResult> LoginAsync(ExternalIdentity identity, Predicate<string> isOffLimits)
    {
        try
        {
            var (account, previousName) = await FindOrCreateAsync(identity with { Name = ClaimedName.Cut(identity.Name) }, isOffLimits);
            var (session, ended) = await sessions.BeginAsync(account.ToAccount());
            return new LoginResult(session, null) { EndedSessions = ended, PreviousName = previousName };
        }
        catch (StorageException fault)
        {
            Log.AccountNotSaved(logger, fault);
            return new LoginResult(null, Unavailable);
        }
    }

    // Tries again if another login of the same user has added the account meanwhile, or if somebody has registered the chosen name.
    private async Task<(ExternalAccount Account, string? PreviousName)> FindOrCreateAsync(ExternalIdentity identity, Predicate<string> isOffLimits)
    {
        var wanted = ClaimedName.ToName(identity.Name);
        while (true)
        {
            if (await storage.FindExternalAccountAsync(identity.Issuer, identity.Subject, CancellationToken.None) is { } known)
                return await FollowNameAsync(known, identity.Name, wanted, isOffLimits);
            var user = SessionStore.CreateUserId();
            var name = await sessions.ReserveSimilarNameAsync(user, wanted, isOffLimits);
            try
            {
                var account = new ExternalAccount(identity.Issuer, identity.Subject, user, name!, identity.Name, time.GetUtcNow());
                if (await storage.TryAddExternalAccountAsync(account, NameSkeleton.CreateAll(name!), CancellationToken.None))
                {
                    sessions.CompleteRegistration(user);
                    return (account, null);
                }
            }
            finally
            {
                sessions.UnreserveName(user);
            }
        }
    }

    // An account whose wanted name was taken gets this name at the first login after the name is free. Until then the account keeps its current name.
    private async Task<(ExternalAccount Account, string? PreviousName)> FollowNameAsync(ExternalAccount known, string claimed, string wanted, Predicate<string> isOffLimits)
    {
        if (known.Name == wanted && known.ClaimedName == claimed)
            return (known, null);
        var isReserved = known.Name != wanted;
        var name = !isReserved ? wanted : await sessions.ReserveSimilarNameAsync(known.User, wanted, isOffLimits, isExact: known.ClaimedName == claimed);
        // Null: the name is still taken, or another login of the user changes the name now.
        if (name is null)
            return (known, null);
        try
        {
            var renamed = known with { Name = name, ClaimedName = claimed };
            return await storage.TryRenameExternalAccountAsync(renamed, NameSkeleton.CreateAll(name), CancellationToken.None)
                ? (renamed, sessions.RenameAccount(known.User, known.Name, name))
                : (known, null);
        }
        finally
        {
            if (isReserved)
                sessions.UnreserveName(known.User);
        }
    }
}
