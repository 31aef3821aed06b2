using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Tests.Sessions;

/// <summary>The real hasher with few iterations. It counts verifications. A test can make the hasher wait.</summary>
internal sealed class CountingHasher : IPasswordHasher<StoredAccount>
{
    private readonly PasswordHasher<StoredAccount> _inner = new(Options.Create(new PasswordHasherOptions { IterationCount = 1000 }));
    private volatile TaskCompletionSource? _held;
    private int _verified;

    public int VerifyCount
    {
        get => Volatile.Read(ref _verified);
        set => Volatile.Write(ref _verified, value);
    }

    public string LastHash { get; private set; } = "";

    public bool IsHeld { get; private set; }

    public bool IsOutdated { get; set; }

    /// <summary>Makes all hashing wait until <see cref="Release"/>.</summary>
    public void Hold() => (_held, IsHeld) = (new TaskCompletionSource(), false);

    public void Release() => _held?.TrySetResult();

    public string HashPassword(StoredAccount user, string password)
    {
        WaitWhileHeld();
        return _inner.HashPassword(user, password);
    }

    public PasswordVerificationResult VerifyHashedPassword(StoredAccount user, string hashedPassword, string providedPassword)
    {
        WaitWhileHeld();
        LastHash = hashedPassword;
        Interlocked.Increment(ref _verified);
        var result = _inner.VerifyHashedPassword(user, hashedPassword, providedPassword);
        return result == PasswordVerificationResult.Success && IsOutdated ? PasswordVerificationResult.SuccessRehashNeeded : result;
    }

    private void WaitWhileHeld()
    {
        if (_held is not { } held)
            return;
        IsHeld = true;
        held.Task.Wait();
    }
}
