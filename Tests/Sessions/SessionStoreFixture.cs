using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Server.Sessions;
using RawSocketChat.Server.Storage;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Sessions;

/// <summary>A store of sessions on a storage that can fail, and another one on the same after a restart.</summary>
public abstract class SessionStoreFixture
{
    protected FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 11, 23, 10, 0, 0, TimeSpan.Zero));

    protected FailingIdentityStore Storage { get; private set; } = null!;

    [SetUp]
    public void EmptyStorage() => Storage = new FailingIdentityStore();

    protected static async Task<Session> BeginAsync(SessionStore store, string? name) => (await store.BeginAsync(name)).Session;

    // As register does it, but for the password.
    protected async Task<StoredAccount> KeepAsync(SessionStore store, Session session, string name)
    {
        var account = new StoredAccount(session.User.Id, name, NameSkeleton.Of(name), "hash", Time.GetUtcNow());
        (await Storage.TryAddAccountAsync(account, default)).Should().BeTrue();
        await store.KeepAsync(session, account);
        return account;
    }

    // Another process on the same storage, the first one having been killed.
    protected async Task<SessionStore> RestartAsync()
    {
        var store = Store();
        await store.StartAsync(default);
        return store;
    }

    protected SessionStore Store(int guestMinutes = 60, int accountDays = 30, int most = 1000, int perAccount = 20) => new(
        Storage,
        Options.Create(new SessionOptions { GuestMinutes = guestMinutes, AccountDays = accountDays, Most = most, PerAccount = perAccount }),
        Options.Create(new LimitsOptions()),
        Time,
        NullLogger<SessionStore>.Instance);
}
