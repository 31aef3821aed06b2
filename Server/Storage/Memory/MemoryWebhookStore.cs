namespace RawSocketChat.Server.Storage.Memory;

/// <summary>Keeps the webhooks of rooms in memory, until the process ends. All tasks complete synchronously.</summary>
public sealed class MemoryWebhookStore(MemoryRoomLog log) : IWebhookStore
{
    private readonly Lock _gate = new();

    // The rooms of the catalog. The value is null if the room has no webhook.
    private readonly SortedDictionary<string, Entry?> _byRoom = new(StringComparer.OrdinalIgnoreCase);

    public ValueTask<StoredWebhook?> SetAsync(string room, string id, string url, string secret, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (!_byRoom.TryGetValue(room, out var entry))
                return new((StoredWebhook?)null);
            if (entry is null or { Webhook.Progress.IsOff: true })
                _byRoom[room] = entry = new Entry(new StoredWebhook(id, _byRoom.Keys.First(name => name.Equals(room, StringComparison.OrdinalIgnoreCase)), url, secret, new WebhookProgress(log.GetLastSeq(room))));
            else
                entry.Webhook = entry.Webhook with { Url = url, Secret = secret, Progress = new WebhookProgress(entry.Webhook.Progress.DeliveredSeq) };
            return new(entry.Read());
        }
    }

    public ValueTask<bool> RemoveAsync(string room, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (Find(room) is null)
                return new(false);
            _byRoom[room] = null;
            return new(true);
        }
    }

    public ValueTask<StoredWebhook?> FindAsync(string room, CancellationToken cancellationToken)
    {
        lock (_gate)
            return new(Find(room)?.Read());
    }

    public ValueTask<IReadOnlyList<string>> ListRoomsAsync(string after, int max, CancellationToken cancellationToken)
    {
        lock (_gate)
            return new([.. _byRoom.Where(entry => entry.Value is not null && StringComparer.OrdinalIgnoreCase.Compare(entry.Key, after) > 0).Select(entry => entry.Key).Take(max)]);
    }

    public ValueTask<bool> UpdateAsync(StoredWebhook webhook, IReadOnlyList<FailedEvent> failed, int maxFailed, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (FindSame(webhook) is not { } entry)
                return new(false);
            entry.Webhook = entry.Webhook with { Progress = webhook.Progress };
            foreach (var each in failed)
                entry.Failed[each.Seq] = each;
            while (entry.Failed.Count > maxFailed)
                entry.Failed.Remove(entry.Failed.Keys.First());
            return new(true);
        }
    }

    public ValueTask<IReadOnlyList<FailedEvent>> ListFailedAsync(string room, CancellationToken cancellationToken)
    {
        lock (_gate)
            return new(Find(room) is { } entry ? [.. entry.Failed.Values] : []);
    }

    public ValueTask<StoredWebhook?> RetryAsync(string room, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (Find(room) is not { } entry)
                return new((StoredWebhook?)null);
            entry.Mark(isRetried: true);
            entry.Webhook = entry.Webhook with { Progress = entry.Webhook.Progress with { NextAttemptAt = null } };
            return new(entry.Read());
        }
    }

    public ValueTask UpdateFailedAsync(StoredWebhook webhook, FailedEvent failed, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (FindSame(webhook) is { } entry && entry.Failed.ContainsKey(failed.Seq))
                entry.Failed[failed.Seq] = failed;
        }

        return default;
    }

    public ValueTask RemoveFailedAsync(StoredWebhook webhook, long seq, CancellationToken cancellationToken)
    {
        lock (_gate)
            FindSame(webhook)?.Failed.Remove(seq);
        return default;
    }

    public ValueTask StopRetryAsync(StoredWebhook webhook, CancellationToken cancellationToken)
    {
        lock (_gate)
            FindSame(webhook)?.Mark(isRetried: false);
        return default;
    }

    /// <summary>Adds a room that the catalog has created. Only such a room can have a webhook.</summary>
    internal void AddRoom(string room)
    {
        lock (_gate)
            _byRoom.TryAdd(room, null);
    }

    /// <summary>Removes a room that the catalog has removed, and its webhook.</summary>
    internal void RemoveRoom(string room)
    {
        lock (_gate)
            _byRoom.Remove(room);
    }

    internal bool HasWebhook(string room)
    {
        lock (_gate)
            return Find(room) is not null;
    }

    private Entry? Find(string room) => _byRoom.GetValueOrDefault(room);

    private Entry? FindSame(StoredWebhook webhook) =>
        Find(webhook.Room) is { } entry && entry.Webhook.Id == webhook.Id && entry.Webhook.Secret == webhook.Secret ? entry : null;

    private sealed class Entry(StoredWebhook webhook)
    {
        public StoredWebhook Webhook { get; set; } = webhook;

        public SortedDictionary<long, FailedEvent> Failed { get; } = [];

        public StoredWebhook Read() => Webhook with { HasRetries = Failed.Values.Any(failed => failed.IsRetried) };

        public void Mark(bool isRetried)
        {
            foreach (var failed in Failed.Values.ToArray())
                Failed[failed.Seq] = failed with { IsRetried = isRetried };
        }
    }
}
