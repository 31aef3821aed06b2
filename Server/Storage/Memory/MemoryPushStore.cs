namespace RawSocketChat.Server.Storage.Memory;

/// <summary>Keeps the subscriptions to push messages in memory, until the process ends.</summary>
public sealed class MemoryPushStore(MemoryIdentityStore identities, IRoomCatalog catalog) : IPushStore
{
    private readonly Lock _gate = new();

    // The oldest subscription is first. The subscriptions of ended sessions are removed at the next call.
    private readonly List<StoredPushSubscription> _subscriptions = [];

    public async ValueTask<bool> SaveAsync(StoredPushSubscription subscription, int maxOfSession, int maxOfUser, CancellationToken cancellationToken)
    {
        if (await identities.FindSessionAsync(subscription.Session, cancellationToken) is not { } session)
            return false;
        var known = await GetAsync(cancellationToken);
        lock (_gate)
        {
            _subscriptions.RemoveAll(other => other.Endpoint == subscription.Endpoint);
            _subscriptions.Add(subscription);
            RemoveExcess(other => other.Session == subscription.Session, maxOfSession);
            var sessions = known.Where(entry => entry.User == session.User).Select(entry => entry.Subscription.Session).Append(subscription.Session).ToHashSet();
            RemoveExcess(other => sessions.Contains(other.Session), maxOfUser);
            return true;
        }
    }

    public ValueTask<bool> RemoveAsync(string endpoint, string? session, CancellationToken cancellationToken)
    {
        lock (_gate)
            return new(_subscriptions.RemoveAll(known => known.Endpoint == endpoint && (session is null || known.Session == session)) > 0);
    }

    public async ValueTask<bool> HasAnyAsync(CancellationToken cancellationToken) => (await GetAsync(cancellationToken)).Count > 0;

    public async ValueTask<IReadOnlyList<PushReceiver>> ListReceiversAsync(string room, int max, CancellationToken cancellationToken)
    {
        var receivers = new List<PushReceiver>();
        foreach (var (subscription, user) in await GetAsync(cancellationToken))
        {
            if (receivers.Count < max && await catalog.GetMemberAsync(room, user, cancellationToken) is { IsMember: true } member)
                receivers.Add(new PushReceiver(subscription, user, member.Notify, member.ReadSeq));
        }

        return receivers;
    }

    // Returns the subscriptions with their users. Removes the subscriptions of ended sessions.
    private async ValueTask<IReadOnlyList<(StoredPushSubscription Subscription, string User)>> GetAsync(CancellationToken cancellationToken)
    {
        StoredPushSubscription[] all;
        lock (_gate)
            all = [.. _subscriptions];
        var found = new List<(StoredPushSubscription, string)>();
        foreach (var subscription in all)
        {
            if (await identities.FindSessionAsync(subscription.Session, cancellationToken) is { } session)
                found.Add((subscription, session.User));
            else
                await RemoveAsync(subscription.Endpoint, subscription.Session, cancellationToken);
        }

        return found;
    }

    private void RemoveExcess(Func<StoredPushSubscription, bool> filter, int max)
    {
        foreach (var excess in _subscriptions.Where(filter).Reverse().Skip(max).ToArray())
            _subscriptions.Remove(excess);
    }
}
