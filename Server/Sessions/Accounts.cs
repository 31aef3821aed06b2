using Microsoft.AspNetCore.Identity;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Sessions;

/// <summary>Names that are kept by a password: <c>register</c> and <c>login</c>. Safe from any thread.</summary>
public sealed class Accounts(
    SessionStore sessions, IIdentityStore storage, Passwords passwords, AttemptLimits attempts, TimeProvider time, ILogger<Accounts> logger)
{
    public const int LeastPasswordCharacters = 8;
    public const int MostPasswordCharacters = 256;

    // As long as a full queue of passwords takes, about.
    private const int BusyMs = 2000;

    private static readonly AccountRefusal Wrong = new(ErrorCode.BadPassword, "the name or the password is wrong");

    private static readonly AccountRefusal Busy =
        new(ErrorCode.RateLimited, "too many people log in at the moment; try again shortly", RetryAfterMs: BusyMs);

    private static readonly AccountRefusal Unavailable =
        new(ErrorCode.Unavailable, "names cannot be stored at the moment; try again in a moment", RetryAfterMs: 1000);

    /// <summary>
    /// Keeps a name for the session's guest, who goes on as the same user; the session gets another token.
    /// </summary>
    /// <param name="remote">As <c>Connection.Remote</c> has it.</param>
    /// <returns>Null: done.</returns>
    public async Task<AccountRefusal?> RegisterAsync(Session session, string wanted, string password, string remote)
    {
        var user = session.User;
        if (!user.IsGuest)
            return new AccountRefusal(ErrorCode.NotAllowed, "you have a registered name already, and one is as many as you may have");
        if (password.EnumerateRunes().Count() is < LeastPasswordCharacters or > MostPasswordCharacters)
            return new AccountRefusal(ErrorCode.BadPassword, $"a password has {LeastPasswordCharacters} to {MostPasswordCharacters} characters, of any kind; a few words in a row make a good one");
        if (!attempts.TryRegister(remote, out var retryAfterMs))
            return TooMany(retryAfterMs);
        if (!sessions.TryReserve(user, wanted, out var name, out var refusal))
        {
            attempts.GiveBackRegister(remote);
            return refusal is null
                ? new AccountRefusal(ErrorCode.NotAllowed, "you are registering a name already")
                : new AccountRefusal(refusal.IsTaken ? ErrorCode.NameTaken : ErrorCode.BadName, refusal.Why, refusal.Suggestion);
        }

        AccountRefusal? outcome;
        try
        {
            outcome = await MakeAsync(session, name, password);
        }
        catch (StorageException fault)
        {
            Log.AccountNotSaved(logger, fault);
            outcome = Unavailable;
        }
        finally
        {
            sessions.Unreserve(user);
        }

        if (outcome == Busy || outcome == Unavailable)
            attempts.GiveBackRegister(remote);
        return outcome;
    }

    /// <summary>A new session of the account, where the password is its password.</summary>
    public async Task<AccountLogin> LoginAsync(string name, string password, string remote)
    {
        // What cannot be a name is one that nobody has.
        var skeleton = NameRule.Accept(name, out _) is { } shown ? NameSkeleton.Of(shown) : "";
        if (!attempts.TryLogin(skeleton, remote, out var retryAfterMs))
            return new AccountLogin(null, TooMany(retryAfterMs));

        var account = sessions.FindAccount(skeleton);
        var verdict = await passwords.VerifyAsync(account, password);
        if (verdict is null)
        {
            attempts.GiveBackLogin(skeleton, remote);
            return new AccountLogin(null, Busy);
        }

        if (account is null || verdict is PasswordVerificationResult.Failed)
            return new AccountLogin(null, Wrong);
        attempts.GiveBackName(skeleton);
        if (verdict is PasswordVerificationResult.SuccessRehashNeeded)
            await RehashAsync(account, password);
        var (session, ended) = await sessions.BeginAsync(account);
        return new AccountLogin(session, null) { Ended = ended };
    }

    private async Task<AccountRefusal?> MakeAsync(Session session, string name, string password)
    {
        if (await passwords.HashAsync(password) is not { } hash)
            return Busy;
        var account = new StoredAccount(session.User.Id, name, NameSkeleton.Of(name), hash, time.GetUtcNow());
        if (!await storage.TryAddAccountAsync(account, CancellationToken.None))
            return new AccountRefusal(ErrorCode.NameTaken, $"the name \"{name}\" is registered; if it is yours, /login is the way");
        await sessions.KeepAsync(session, account);
        return null;
    }

    private async Task RehashAsync(StoredAccount account, string password)
    {
        if (await passwords.HashAsync(password) is not { } hash)
            return;
        try
        {
            await storage.ChangePasswordHashAsync(account.User, hash, CancellationToken.None);
            sessions.Replace(account with { PasswordHash = hash });
        }
        catch (StorageException fault)
        {
            Log.HashNotSaved(logger, fault);
        }
    }

    private static AccountRefusal TooMany(int retryAfterMs) =>
        new(ErrorCode.RateLimited, $"too many attempts; wait {retryAfterMs / 1000.0:0.0} s", RetryAfterMs: retryAfterMs);
}

/// <summary>Why a name was not kept, or nobody let in.</summary>
/// <param name="Code">One of <see cref="ErrorCode"/>.</param>
/// <param name="Suggestion">A name that can be had.</param>
public sealed record AccountRefusal(string Code, string Text, string? Suggestion = null, int? RetryAfterMs = null);

/// <summary>The session that a login has opened, with one connection; or why none was.</summary>
public sealed record AccountLogin(Session? Session, AccountRefusal? Refusal)
{
    /// <summary>Sessions that ended for it, since the account had as many as it may have; their connections are to be closed.</summary>
    public IReadOnlyList<Session> Ended { get; init; } = [];
}
