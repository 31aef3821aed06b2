using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using RawSocketChat.Server.Sessions;
using RawSocketChat.Server.Storage;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Sessions;

/// <summary>Creates session stores on a storage that can fail. Several stores can use the same storage, as after a restart.</summary>
public abstract class SessionStoreFixture
{
    protected LeapingClock Time { get; } = new(new DateTimeOffset(2026, 11, 23, 10, 0, 0, TimeSpan.Zero));

    protected ClockGuard Clock { get; private set; } = null!;

    protected FailingIdentityStore Storage { get; private set; } = null!;

    [SetUp]
    public void CreateStorage() => (Storage, Clock) = (new FailingIdentityStore(), new ClockGuard(Time, NullLogger<ClockGuard>.Instance));

    protected static async Task<Session> BeginAsync(SessionStore store, string? name) => (await store.BeginAsync(name)).Session;

    // Registers an account as the register command does, but without hashing a password.
    protected async Task<StoredAccount> RegisterAsync(SessionStore store, Session session, string name)
    {
        var account = new StoredAccount(session.User.Id, name, "hash", Time.GetUtcNow());
        (await Storage.TryAddAccountAsync(account, NameSkeleton.CreateAll(name), default)).Should().BeTrue();
        await store.RegisterAsync(session, account);
        return account;
    }

    // Creates a new store on the same storage, as after a kill of the process.
    protected async Task<SessionStore> RestartAsync()
    {
        var store = CreateStore();
        await store.StartAsync(default);
        return store;
    }

    protected SessionStore CreateStore(int guestMinutes = 60, int accountDays = 30, int maxSessions = 1000, int perAccount = 20) => new(
        Storage,
        Options.Create(new SessionOptions { GuestMinutes = guestMinutes, AccountDays = accountDays, Most = maxSessions, PerAccount = perAccount }),
        Options.Create(new LimitsOptions()),
        Options.Create(new AuthOptions()),
        Clock,
        Time,
        NullLogger<SessionStore>.Instance);
}
