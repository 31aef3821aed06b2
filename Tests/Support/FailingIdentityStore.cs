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

    /// <summary>Waited for before a session is ended, and before it is told which of an account's have.</summary>
    public Task Ending { get; set; } = Task.CompletedTask;

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

    public async ValueTask EndSessionAsync(string tokenHash, CancellationToken cancellationToken)
    {
        await Ending;
        ThrowIfFull();
        await _inner.EndSessionAsync(tokenHash, cancellationToken);
    }

    public ValueTask MarkAllAwayAsync(DateTimeOffset now, CancellationToken cancellationToken) => _inner.MarkAllAwayAsync(now, cancellationToken);

    public async ValueTask<IReadOnlyList<string>> EndSessionsBeyondAsync(string user, int most, CancellationToken cancellationToken)
    {
        ThrowIfFull();
        var ended = await _inner.EndSessionsBeyondAsync(user, most, cancellationToken);
        await Ending;
        return ended;
    }

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
