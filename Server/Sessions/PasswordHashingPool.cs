using System.Security.Cryptography;
using Microsoft.AspNetCore.Identity;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Sessions;

/// <summary>
/// Hashes and verifies passwords on separate threads, at most two at a time (one if there are at most two processors). Hashing is slow, but on these
/// threads it delays only other logins, and no messages. Waiting passwords are handled round-robin by client address. So even if many logins of one
/// address wait, a login of another address waits for at most one of them. Thread-safe.
/// </summary>
public sealed class PasswordHashingPool(IPasswordHasher<StoredAccount> hasher)
{
    // A core hashes a password in about a tenth of a second, so this number of passwords takes a few seconds. No login should wait longer.
    private const int MaxPerAddress = 32;

    // If more passwords would wait, the newest login of the address with the most waiting logins is rejected.
    private const int MaxCount = 256;

    private static readonly int MaxRunning = Environment.ProcessorCount > 2 ? 2 : 1;

    private static readonly StoredAccount DummyAccount = new("", "", "", default);

    private readonly Lock _gate = new();
    private readonly Lazy<string> _dummyHash = new(() => hasher.HashPassword(DummyAccount, Convert.ToHexString(RandomNumberGenerator.GetBytes(32))));

    // The waiting work of each address, oldest first. An address without waiting work has no entry.
    private readonly Dictionary<string, LinkedList<Work>> _waiting = [];

    // The addresses in _waiting, in round-robin order.
    private readonly Queue<string> _turns = [];

    // The number of waiting and running jobs, for each address and for all addresses.
    private readonly Dictionary<string, int> _countByAddress = [];
    private int _count;
    private int _running;

    /// <param name="remote">The client's address and port.</param>
    /// <returns>The hash, or null if too many passwords wait.</returns>
    public async Task<string?> HashAsync(string password, string remote) =>
        (string?)await RunAsync(remote, () => hasher.HashPassword(DummyAccount, password));

    /// <summary>
    /// Verifies a password against the account's hash. Without an account, verifies the password against a random hash of the same cost, so
    /// that the answer takes the same time.
    /// </summary>
    /// <param name="remote">The client's address and port.</param>
    /// <returns>The result, or null if too many passwords wait.</returns>
    public async Task<PasswordVerificationResult?> VerifyAsync(StoredAccount? account, string password, string remote) =>
        (PasswordVerificationResult?)await RunAsync(remote, () =>
        {
            // Create the dummy hash even if the account exists. Otherwise the first answer for an unknown name would take longer than
            // other answers. A client could then see that the name is unknown.
            var dummyHash = _dummyHash.Value;
            var result = hasher.VerifyHashedPassword(account ?? DummyAccount, account?.PasswordHash ?? dummyHash, password);
            return account is null ? PasswordVerificationResult.Failed : result;
        });

    // Queues a function for a thread of the pool. Returns null immediately if too many passwords wait.
    private Task<object?> RunAsync(string remote, Func<object> function)
    {
        var work = new Work(ClientAddress.GetKey(remote), function);
        lock (_gate)
        {
            if (!TryEnqueue(work))
                return Task.FromResult<object?>(null);
            if (_running < MaxRunning)
            {
                _running++;
                BackgroundThread.Start("Password hashing", RunWaiting);
            }
        }

        return work.Result.Task;
    }

    // Returns false if too many passwords wait. The caller holds the lock.
    private bool TryEnqueue(Work work)
    {
        var waiting = _waiting.GetValueOrDefault(work.Address);
        if (_countByAddress.GetValueOrDefault(work.Address) >= MaxPerAddress || (_count >= MaxCount && !TryRejectNewest(waiting?.Count ?? 0)))
            return false;
        if (waiting is null)
        {
            _waiting.Add(work.Address, waiting = new LinkedList<Work>());
            _turns.Enqueue(work.Address);
        }

        waiting.AddLast(work);
        Count(work, 1);
        return true;
    }

    // Rejects the newest login of the address that has the most waiting logins. Returns false if this address has at most one waiting login more than
    // the address of the new login. The argument "waiting" is the number of waiting logins of the latter address.
    private bool TryRejectNewest(int waiting)
    {
        var most = _waiting.Values.MaxBy(other => other.Count);
        if (most is null || most.Count <= waiting + 1)
            return false;
        var rejected = most.Last!.Value;
        most.RemoveLast();
        Count(rejected, -1);
        rejected.Result.TrySetResult(null);
        return true;
    }

    // The caller holds the lock.
    private void Count(Work work, int change)
    {
        _count += change;
        if ((_countByAddress[work.Address] = _countByAddress.GetValueOrDefault(work.Address) + change) == 0)
            _countByAddress.Remove(work.Address);
    }

    // The work of one thread: runs the waiting functions until none waits.
    private void RunWaiting()
    {
        while (TakeNext() is { } work)
        {
            try
            {
                work.Result.TrySetResult(work.Function());
            }
#pragma warning disable CA1031 // the caller gets the exception, and the thread continues with the next password
            catch (Exception fault)
#pragma warning restore CA1031
            {
                work.Result.TrySetException(fault);
            }

            lock (_gate)
                Count(work, -1);
        }
    }

    // Takes the next function, round-robin by client address. If no function waits, counts the thread as ended and returns null.
    private Work? TakeNext()
    {
        lock (_gate)
        {
            if (!_turns.TryDequeue(out var address))
            {
                _running--;
                return null;
            }

            var waiting = _waiting[address];
            var work = waiting.First!.Value;
            waiting.RemoveFirst();
            if (waiting.Count > 0)
                _turns.Enqueue(address);
            else
                _waiting.Remove(address);
            return work;
        }
    }

    private sealed record Work(string Address, Func<object> Function)
    {
        public TaskCompletionSource<object?> Result { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
