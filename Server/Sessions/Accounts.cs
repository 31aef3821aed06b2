using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Sessions;

/// <summary>
/// Registers accounts and logs users in. An account is a registered name. A user logs in with a password, or through the operator's site or
/// provider. Thread-safe.
/// </summary>
public sealed class Accounts(
    SessionStore sessions, IIdentityStore storage, PasswordHashingPool passwords, AttemptLimits attempts, IOptions<AuthOptions> auth, TimeProvider time,
    ILogger<Accounts> logger)
{
    public const int MinPasswordCharacters = 8;
    public const int MaxPasswordCharacters = 256;

    // In this time the server hashes 20 to 40 passwords, so the queue usually has space again.
    private const int BusyRetryMs = 2000;

    private static readonly AccountRejection WrongCredentials = new(ErrorCode.BadPassword, "the name or the password is wrong");

    private static readonly AccountRejection BadLength =
        new(ErrorCode.BadPassword, $"a password has {MinPasswordCharacters} to {MaxPasswordCharacters} characters of any kind; several words together are a good password");

    private static readonly AccountRejection Busy =
        new(ErrorCode.RateLimited, "too many users log in at the moment; try again in a few seconds", RetryAfterMs: BusyRetryMs);

    private static readonly AccountRejection Unavailable =
        new(ErrorCode.Unavailable, "the server cannot store names at the moment; try again in a moment", RetryAfterMs: 1000);

    private static readonly AccountRejection CannotLookUp =
        new(ErrorCode.Unavailable, "accounts cannot be looked up at the moment; try again in a moment", RetryAfterMs: 1000);

    private static readonly AccountRejection AlreadyRegistered =
        new(ErrorCode.NotAllowed, "you already have a registered name; a user can have only one");

    /// <summary>Registers a name for the guest of a session. The user keeps the same id; the session gets a new token.</summary>
    /// <param name="remote">The client's address and port, as in <c>Connection.Remote</c>.</param>
    /// <returns>Null if the registration succeeded; otherwise the reason why it failed.</returns>
    public async Task<AccountRejection?> RegisterAsync(Session session, string wantedName, string password, string remote)
    {
        var user = session.User;
        if (!user.IsGuest)
            return AlreadyRegistered;
        if (password.EnumerateRunes().Count() is < MinPasswordCharacters or > MaxPasswordCharacters)
            return BadLength;
        if (!attempts.TryTakeRegistration(remote, out var retryAfterMs))
            return CreateTooManyAttempts(retryAfterMs);
        var (name, rejection) = await sessions.ReserveNameAsync(user, wantedName);
        if (name is null)
        {
            attempts.GiveBackRegistration(remote);
            if (rejection is null)
                return user.IsGuest ? new AccountRejection(ErrorCode.NotAllowed, "you are already registering a name; wait for the answer") : AlreadyRegistered;
            return rejection.Code == ErrorCode.Unavailable ? Unavailable : new AccountRejection(rejection.Code, rejection.Reason, rejection.Suggestion);
        }

        AccountRejection? outcome;
        try
        {
            outcome = await CreateAccountAsync(session, name, password, remote);
        }
        catch (StorageException fault)
        {
            Log.AccountNotSaved(logger, fault);
            outcome = Unavailable;
        }
        finally
        {
            sessions.UnreserveName(user);
        }

        if (outcome is not null)
            attempts.GiveBackRegistration(remote);
        return outcome;
    }

    /// <summary>
    /// Starts a new session of the account if the password is correct. A login with an unknown name takes as long as a login with a wrong
    /// password.
    /// </summary>
    public async Task<LoginResult> LoginAsync(string name, string password, string remote)
    {
        // An invalid name gets an empty skeleton. No account has this skeleton.
        var skeleton = NameRule.Accept(name, out _) is { } shown ? NameSkeleton.Create(shown) : "";
        if (!attempts.TryTakeLogin(skeleton, remote, out var retryAfterMs))
            return new LoginResult(null, CreateTooManyAttempts(retryAfterMs));
        if (attempts.CountAndCheckSlow(skeleton))
            await Task.Delay(AttemptLimits.SlowNameDelay, time);

        StoredAccount? account;
        try
        {
            account = await storage.FindAccountAsync(skeleton, CancellationToken.None);
        }
        catch (StorageException fault)
        {
            Log.AccountNotRead(logger, fault);
            attempts.GiveBackLogin(skeleton, remote);
            return new LoginResult(null, CannotLookUp);
        }

        // The storage finds an account by each skeleton of its name. Accept only the main skeleton, because the attempts are counted by
        // skeleton. Otherwise an attacker could guess a password under several skeletons, with a separate limit for each. A login to an account
        // without a password gets the answer for an unknown name, after the same time.
        if (account is not null && (NameSkeleton.Create(account.Name) != skeleton || !account.HasPassword))
            account = null;
        var verdict = await passwords.VerifyAsync(account, password, remote);
        if (verdict is null)
        {
            attempts.GiveBackLogin(skeleton, remote);
            return new LoginResult(null, Busy);
        }

        if (account is null || verdict is PasswordVerificationResult.Failed)
            return new LoginResult(null, WrongCredentials);
        attempts.GiveBackName(skeleton, remote);
        if (verdict is PasswordVerificationResult.SuccessRehashNeeded)
            await RehashAsync(account, password, remote);
        var (session, ended) = await sessions.BeginAsync(account);
        return new LoginResult(session, null) { EndedSessions = ended };
    }

    /// <summary>Changes the password of a session's account.</summary>
    /// <param name="remote">The client's address and port, as in <c>Connection.Remote</c>.</param>
    /// <returns>Null if the password is changed; otherwise the reason why it is not.</returns>
    public async Task<AccountRejection?> ChangePasswordAsync(Session session, string old, string wanted, string remote)
    {
        if (session.User.RegisteredName is not { } name)
            return new AccountRejection(ErrorCode.NotAllowed, auth.Value.Register ? "you have no account; /register creates one" : "you have no account");
        if (wanted.EnumerateRunes().Count() is < MinPasswordCharacters or > MaxPasswordCharacters)
            return BadLength;
        var skeleton = NameSkeleton.Create(name);
        if (!attempts.TryTakeLogin(skeleton, remote, out var retryAfterMs))
            return CreateTooManyAttempts(retryAfterMs);
        if (attempts.CountAndCheckSlow(skeleton))
            await Task.Delay(AttemptLimits.SlowNameDelay, time);
        StoredAccount? account;
        try
        {
            account = await storage.FindAccountOfUserAsync(session.User.Id, CancellationToken.None);
        }
        catch (StorageException fault)
        {
            Log.AccountNotRead(logger, fault);
            attempts.GiveBackLogin(skeleton, remote);
            return CannotLookUp;
        }

        if (account is { HasPassword: false })
        {
            attempts.GiveBackLogin(skeleton, remote);
            return new AccountRejection(ErrorCode.NotAllowed, "your account has no password here; you log in through your site");
        }

        if (await passwords.VerifyAsync(account, old, remote) is not { } verdict)
        {
            attempts.GiveBackLogin(skeleton, remote);
            return Busy;
        }

        if (account is null || verdict == PasswordVerificationResult.Failed)
            return new AccountRejection(ErrorCode.BadPassword, "the old password is wrong");
        // The attempt still counts for the address, because the server has verified a password.
        attempts.GiveBackName(skeleton, remote);
        if (await passwords.HashAsync(wanted, remote) is not { } hash)
            return Busy;
        try
        {
            await storage.ChangePasswordHashAsync(account.User, hash, CancellationToken.None);
            return null;
        }
        catch (StorageException fault)
        {
            Log.HashNotSaved(logger, fault);
            return Unavailable;
        }
    }

    private async Task<AccountRejection?> CreateAccountAsync(Session session, string name, string password, string remote)
    {
        if (await passwords.HashAsync(password, remote) is not { } hash)
            return Busy;
        var account = new StoredAccount(session.User.Id, name, hash, time.GetUtcNow());
        if (!await storage.TryAddAccountAsync(account, NameSkeleton.CreateAll(name), CancellationToken.None))
            return new AccountRejection(ErrorCode.NameTaken, $"the name \"{name}\" is registered; if it is yours, use /login");
        await sessions.RegisterAsync(session, account);
        return null;
    }

    private async Task RehashAsync(StoredAccount account, string password, string remote)
    {
        if (await passwords.HashAsync(password, remote) is not { } hash)
            return;
        try
        {
            await storage.ChangePasswordHashAsync(account.User, hash, CancellationToken.None);
        }
        catch (StorageException fault)
        {
            Log.HashNotSaved(logger, fault);
        }
    }

    internal static AccountRejection CreateTooManyAttempts(int retryAfterMs) =>
        new(ErrorCode.RateLimited, $"too many attempts; wait {retryAfterMs / 1000.0:0.0} s", RetryAfterMs: retryAfterMs);
}

/// <summary>Why the server rejects a registration or a login.</summary>
/// <param name="Code">One of <see cref="ErrorCode"/>.</param>
/// <param name="Suggestion">A name that is available.</param>
public sealed record AccountRejection(string Code, string Text, string? Suggestion = null, int? RetryAfterMs = null);

/// <summary>
/// The session that a login has started, or the reason why the login failed. The session already counts the caller's connection.
/// </summary>
public sealed record LoginResult(Session? Session, AccountRejection? Rejection)
{
    /// <summary>
    /// Sessions that this login has ended because the account had too many sessions. The caller must close the connections of these
    /// sessions.
    /// </summary>
    public IReadOnlyList<Session> EndedSessions { get; init; } = [];

    /// <summary>
    /// The user's name before this login, if the login has changed the name of a connected user; otherwise null. The caller must announce the
    /// change.
    /// </summary>
    public string? PreviousName { get; init; }
}
