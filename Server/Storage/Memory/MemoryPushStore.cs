namespace RawSocketChat.Server.Storage.Memory;

/// <summary>Keeps the subscriptions to push messages in memory, until the process ends.</summary>
public sealed class MemoryPushStore(MemoryIdentityStore identities, IRoomCatalog catalog) : IPushStore
{
    private readonly Lock _gate = new();

    // The oldest subscription is first. The subscriptions of ended sessions are removed at the next call.
    private readonly List<StoredPushSubscription> _subscriptions = [];

    public ValueTask<bool> SaveAsync(StoredPushSubscription subscription, int maxOfSession, int maxOfUser, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (identities.FindUserOfSession(subscription.Session) is not { } user)
                return new(false);
            _subscriptions.RemoveAll(other => other.Endpoint == subscription.Endpoint);
            _subscriptions.Add(subscription);
            RemoveExcess(other => other.Session == subscription.Session, maxOfSession);
            RemoveExcess(other => identities.FindUserOfSession(other.Session) == user, maxOfUser);
            return new(true);
        }
    }

    public ValueTask<bool> RemoveAsync(string endpoint, string? session, CancellationToken cancellationToken)
    {
        lock (_gate)
            return new(_subscriptions.RemoveAll(known => known.Endpoint == endpoint && (session is null || known.Session == session)) > 0);
    }

    public ValueTask<bool> HasAnyAsync(CancellationToken cancellationToken) => new(List().Count > 0);

    public async ValueTask<IReadOnlyList<PushReceiver>> ListReceiversAsync(string room, int max, CancellationToken cancellationToken)
    {
        var receivers = new List<PushReceiver>();
        foreach (var (subscription, user) in List())
        {
            if (receivers.Count < max && await catalog.GetMemberAsync(room, user, cancellationToken) is { IsMember: true } member)
                receivers.Add(new PushReceiver(subscription, user, member.Notify, member.ReadSeq));
        }

        return receivers;
    }

    // Returns the subscriptions with their users. Removes the subscriptions of ended sessions.
    private List<(StoredPushSubscription Subscription, string User)> List()
    {
        lock (_gate)
        {
            var found = new List<(StoredPushSubscription Subscription, string User)>();
            foreach (var subscription in _subscriptions)
            {
                if (identities.FindUserOfSession(subscription.Session) is { } user)
                    found.Add((subscription, user));
            }

            _subscriptions.Clear();
            _subscriptions.AddRange(found.Select(entry => entry.Subscription));
            return found;
        }
    }

    private void RemoveExcess(Func<StoredPushSubscription, bool> filter, int max)
    {
        foreach (var excess in _subscriptions.Where(filter).Reverse().Skip(max).ToArray())
            _subscriptions.Remove(excess);
    }
}
