using System.Collections.Concurrent;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Memory;

namespace RawSocketChat.Tests.Support;

/// <summary>A storage whose disk may be full, and may be slow to find something.</summary>
public sealed class FailingIdentityStore : IIdentityStore
{
    private readonly MemoryIdentityStore _inner = new();

    public bool IsFull { get; set; }

    /// <summary>Looked at before a session is looked up; the answer waits for it.</summary>
    public Task Finding { get; set; } = Task.CompletedTask;

    /// <summary>The stored forms of a session that were saved, in order.</summary>
    public ConcurrentQueue<StoredSession> Saved { get; } = [];

    public ValueTask<IReadOnlyList<StoredAccount>> LoadAccountsAsync(CancellationToken cancellationToken) => _inner.LoadAccountsAsync(cancellationToken);

    public ValueTask<bool> TryAddAccountAsync(StoredAccount account, CancellationToken cancellationToken)
    {
        ThrowIfFull();
        return _inner.TryAddAccountAsync(account, cancellationToken);
    }

    public ValueTask ChangePasswordHashAsync(string user, string passwordHash, CancellationToken cancellationToken)
    {
        ThrowIfFull();
        return _inner.ChangePasswordHashAsync(user, passwordHash, cancellationToken);
    }

    public async ValueTask<StoredSession?> FindSessionAsync(string tokenHash, CancellationToken cancellationToken)
    {
        var found = await _inner.FindSessionAsync(tokenHash, cancellationToken);
        await Finding;
        return found;
    }

    public ValueTask SaveSessionAsync(StoredSession session, CancellationToken cancellationToken)
    {
        ThrowIfFull();
        Saved.Enqueue(session);
        return _inner.SaveSessionAsync(session, cancellationToken);
    }

    public ValueTask EndSessionAsync(string tokenHash, CancellationToken cancellationToken)
    {
        ThrowIfFull();
        return _inner.EndSessionAsync(tokenHash, cancellationToken);
    }

    public ValueTask MarkAllAwayAsync(DateTimeOffset now, CancellationToken cancellationToken) => _inner.MarkAllAwayAsync(now, cancellationToken);

    public ValueTask ForgetSessionsAsync(DateTimeOffset guestsBefore, DateTimeOffset accountsBefore, int most, CancellationToken cancellationToken)
    {
        ThrowIfFull();
        return _inner.ForgetSessionsAsync(guestsBefore, accountsBefore, most, cancellationToken);
    }

    private void ThrowIfFull()
    {
        if (IsFull)
            throw new StorageException("the disk is full");
    }
}
