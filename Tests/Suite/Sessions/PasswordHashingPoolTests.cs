using Microsoft.AspNetCore.Identity;
using RawSocketChat.Server.Sessions;
using RawSocketChat.Server.Storage;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Sessions;

public sealed class PasswordHashingPoolTests
{
    private const string Mallory = "198.51.100.7:1";

    private BlockingHasher _hasher = null!;

    [SetUp]
    public void CreateHasher() => _hasher = new BlockingHasher();

    [TearDown]
    public void DisposeHasher() => _hasher.Dispose();

    [Test]
    public async Task Login_of_another_address_does_not_wait_for_all_logins_of_a_busy_address()
    {
        var pool = new PasswordHashingPool(_hasher);
        var first = pool.HashAsync("first", Mallory);
        await TestWait.UntilAsync(() => _hasher.Started.Length > 0, "the first hash");
        var busy = Enumerable.Range(0, 20).Select(i => pool.HashAsync($"guess {i}", Mallory)).ToList();
        var other = pool.HashAsync("honest", "203.0.113.9:1");
        _hasher.Release();
        await Task.WhenAll([first, other, .. busy]).OrFail("all hashes");
        Array.IndexOf(_hasher.Started, "honest").Should().BeLessThan(5, "the addresses take turns");
    }

    [Test]
    public async Task Login_of_another_address_displaces_a_login_of_the_busiest_address_if_the_queue_is_full()
    {
        var pool = new PasswordHashingPool(_hasher);
        var guesses = Enumerable.Range(0, 9).SelectMany(address => Enumerable.Range(0, 32).Select(i => pool.HashAsync($"{address} {i}", $"198.51.100.{address}:1"))).ToList();
        var other = pool.HashAsync("honest", "203.0.113.9:1");
        other.IsCompleted.Should().BeFalse("the login waits in the queue");
        await TestWait.UntilAsync(() => guesses.Count(guess => guess.IsCompletedSuccessfully && guess.Result is null) >= 32, "the rejection of the guesses that do not fit into the queue");
        _hasher.Release();
        (await other.OrFail("the honest login")).Should().Be("honest");
        await Task.WhenAll(guesses).OrFail("all guesses");
    }

    [Test]
    public async Task Pool_hashes_the_next_password_after_an_exception()
    {
        _hasher.Release();
        var pool = new PasswordHashingPool(_hasher);
        var failing = () => pool.HashAsync("fail", Mallory);
        await failing.Should().ThrowAsync<FormatException>();
        (await pool.HashAsync("next", Mallory).OrFail("the next password")).Should().Be("next");
    }

    /// <summary>Returns the password as its hash, after <see cref="Release"/>.</summary>
    private sealed class BlockingHasher : IPasswordHasher<StoredAccount>, IDisposable
    {
        private readonly ManualResetEventSlim _released = new();
        private readonly List<string> _started = [];

        public string[] Started
        {
            get
            {
                lock (_started)
                    return [.. _started];
            }
        }

        public void Release() => _released.Set();

        public string HashPassword(StoredAccount user, string password)
        {
            lock (_started)
                _started.Add(password);
            _released.Wait();
            return password != "fail" ? password : throw new FormatException("the hasher failed");
        }

        public PasswordVerificationResult VerifyHashedPassword(StoredAccount user, string hashedPassword, string providedPassword) =>
            throw new NotSupportedException();

        public void Dispose() => _released.Dispose();
    }
}
