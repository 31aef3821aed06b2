using System.Security.Cryptography;
using Microsoft.AspNetCore.Identity;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Sessions;

/// <summary>
/// The slow work on passwords, on threads of the pool and few at a time: whoever logs in waits, and nobody's messages do.
/// </summary>
public sealed class Passwords(IPasswordHasher<StoredAccount> hasher) : IDisposable
{
    // A hash takes one core for about a tenth of a second: 32 that wait are some seconds of waiting, which is as long as
    // anybody should.
    private const int MostWaiting = 32;

    private static readonly StoredAccount Nobody = new("", "", "", "", default);

    private readonly SemaphoreSlim _free = new(Environment.ProcessorCount > 2 ? 2 : 1);
    private readonly Lazy<string> _nobodysHash = new(() => hasher.HashPassword(Nobody, Convert.ToHexString(RandomNumberGenerator.GetBytes(32))));
    private int _waiting;

    /// <summary>Null: too many wait already.</summary>
    public Task<string?> HashAsync(string password) => RunAsync(() => hasher.HashPassword(Nobody, password));

    /// <summary>
    /// Verifies against the account's hash; where there is no account, against one of the same cost that nobody knows the
    /// password of, so that the answer takes as long. Null: too many wait already.
    /// </summary>
    public Task<PasswordVerificationResult?> VerifyAsync(StoredAccount? account, string password) =>
        RunAsync<PasswordVerificationResult?>(() =>
        {
            // Made in any case: else the first unknown name would be told by the time that this takes.
            var nobodys = _nobodysHash.Value;
            var result = hasher.VerifyHashedPassword(account ?? Nobody, account?.PasswordHash ?? nobodys, password);
            return account is null ? PasswordVerificationResult.Failed : result;
        });

    public void Dispose() => _free.Dispose();

    private async Task<T?> RunAsync<T>(Func<T> work)
    {
        if (Interlocked.Increment(ref _waiting) > MostWaiting)
        {
            Interlocked.Decrement(ref _waiting);
            return default;
        }

        try
        {
            await _free.WaitAsync();
            try
            {
                return await Task.Run(work);
            }
            finally
            {
                _free.Release();
            }
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }
}
