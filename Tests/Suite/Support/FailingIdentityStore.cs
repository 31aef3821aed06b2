using System.Collections.Concurrent;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Memory;

namespace RawSocketChat.Tests.Support;

/// <summary>An identity store in memory that can fail as if the disk were full or damaged, and can delay its answers.</summary>
public sealed class FailingIdentityStore : IIdentityStore
{
    private readonly MemoryIdentityStore _inner = new();

    public bool IsFull { get; set; }

    public bool IsUnreadable { get; set; }

    /// <summary><see cref="FindSessionAsync"/> returns only after this task has completed.</summary>
    public Task FindDelay { get; set; } = Task.CompletedTask;

    /// <summary><see cref="FindNameOwnersAsync"/> reads immediately, and returns only after this task has completed.</summary>
    public Task FindNameOwnersDelay { get; set; } = Task.CompletedTask;

    /// <summary>Skeletons that <see cref="FindNameOwnersAsync"/> reports as registered by another user.</summary>
    public Predicate<string> IsRegisteredByOther { get; set; } = _ => false;

    /// <summary><see cref="EndSessionAsync"/> waits for this task before it begins. <see cref="EndExcessSessionsAsync"/> waits for this task
    /// before it returns.</summary>
    public Task EndDelay { get; set; } = Task.CompletedTask;

    /// <summary>The saved sessions, in order.</summary>
    public ConcurrentQueue<StoredSession> Saved { get; } = [];

    public ValueTask<StoredAccount?> FindAccountAsync(string skeleton, CancellationToken cancellationToken)
    {
        ThrowIfUnreadable();
        return _inner.FindAccountAsync(skeleton, cancellationToken);
    }

    public ValueTask EndOtherSessionsAsync(string user, string keptTokenHash, CancellationToken cancellationToken) =>
        IsFull ? throw new StorageException("the disk is full") : _inner.EndOtherSessionsAsync(user, keptTokenHash, cancellationToken);

    public ValueTask<StoredAccount?> FindAccountOfUserAsync(string user, CancellationToken cancellationToken)
    {
        ThrowIfUnreadable();
        return _inner.FindAccountOfUserAsync(user, cancellationToken);
    }

    public async ValueTask<IReadOnlyDictionary<string, string>> FindNameOwnersAsync(IReadOnlyList<string> skeletons, CancellationToken cancellationToken)
    {
        ThrowIfUnreadable();
        var owners = new Dictionary<string, string>(await _inner.FindNameOwnersAsync(skeletons, cancellationToken));
        foreach (var skeleton in skeletons.Where(skeleton => IsRegisteredByOther(skeleton)))
            owners[skeleton] = "other";
        await FindNameOwnersDelay;
        return owners;
    }

    public ValueTask<bool> TryAddAccountAsync(StoredAccount account, IReadOnlyList<string> skeletons, CancellationToken cancellationToken)
    {
        ThrowIfFull();
        return _inner.TryAddAccountAsync(account, skeletons, cancellationToken);
    }

    public ValueTask<ExternalAccount?> FindExternalAccountAsync(string issuer, string subject, CancellationToken cancellationToken)
    {
        ThrowIfUnreadable();
        return _inner.FindExternalAccountAsync(issuer, subject, cancellationToken);
    }

    public ValueTask<bool> TryAddExternalAccountAsync(ExternalAccount account, IReadOnlyList<string> skeletons, CancellationToken cancellationToken)
    {
        ThrowIfFull();
        return _inner.TryAddExternalAccountAsync(account, skeletons, cancellationToken);
    }

    public ValueTask<bool> TryRenameExternalAccountAsync(ExternalAccount account, IReadOnlyList<string> skeletons, CancellationToken cancellationToken)
    {
        ThrowIfFull();
        return _inner.TryRenameExternalAccountAsync(account, skeletons, cancellationToken);
    }

    public ValueTask ChangePasswordHashAsync(string user, string passwordHash, CancellationToken cancellationToken)
    {
        ThrowIfFull();
        return _inner.ChangePasswordHashAsync(user, passwordHash, cancellationToken);
    }

    public async ValueTask<StoredSession?> FindSessionAsync(string tokenHash, CancellationToken cancellationToken)
    {
        ThrowIfUnreadable();
        var found = await _inner.FindSessionAsync(tokenHash, cancellationToken);
        await FindDelay;
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
        await EndDelay;
        ThrowIfFull();
        await _inner.EndSessionAsync(tokenHash, cancellationToken);
    }

    public ValueTask MarkAllAwayAsync(DateTimeOffset now, CancellationToken cancellationToken) => _inner.MarkAllAwayAsync(now, cancellationToken);

    public async ValueTask<IReadOnlyList<string>> EndExcessSessionsAsync(string user, int max, CancellationToken cancellationToken)
    {
        ThrowIfFull();
        var ended = await _inner.EndExcessSessionsAsync(user, max, cancellationToken);
        await EndDelay;
        return ended;
    }

    public ValueTask RemoveExpiredSessionsAsync(DateTimeOffset guestsBefore, DateTimeOffset accountsBefore, int max, CancellationToken cancellationToken)
    {
        ThrowIfFull();
        return _inner.RemoveExpiredSessionsAsync(guestsBefore, accountsBefore, max, cancellationToken);
    }

    private void ThrowIfUnreadable()
    {
        if (IsUnreadable)
            throw new StorageException("the database is damaged");
    }

    private void ThrowIfFull()
    {
        if (IsFull)
            throw new StorageException("the disk is full");
    }
}
