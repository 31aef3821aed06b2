namespace RawSocketChat.Server.Storage;

/// <summary>
/// Stores the webhooks of rooms, the cursors of their delivery, and the events that could not be delivered. A room has at most one webhook. When
/// a task completes, the change is stored. If the change cannot be stored, the task throws <see cref="StorageException"/>. A room's webhook is
/// removed together with the room (<see cref="IRoomCatalog"/>). Thread-safe.
/// </summary>
public interface IWebhookStore
{
    /// <summary>
    /// Sets the address and the secret of a room's webhook. A new webhook begins with the next event of the room. A webhook that is not off keeps
    /// its id, its cursor and its failed events, and its next attempt is due now. A webhook that is off is replaced by a new one.
    /// </summary>
    /// <param name="room">The room's name, in any letter case.</param>
    /// <param name="id">The id for a new webhook. An id is never used again, even after its webhook was removed.</param>
    /// <returns>The webhook; null if there is no such room.</returns>
    ValueTask<StoredWebhook?> SetAsync(string room, string id, string url, string secret, CancellationToken cancellationToken);

    /// <summary>Removes the webhook of a room, with its failed events.</summary>
    /// <returns>False if the room has no webhook.</returns>
    ValueTask<bool> RemoveAsync(string room, CancellationToken cancellationToken);

    /// <summary>Finds the webhook of a room; null if there is none.</summary>
    ValueTask<StoredWebhook?> FindAsync(string room, CancellationToken cancellationToken);

    /// <summary>Lists the names of the rooms that have a webhook, in alphabetical order.</summary>
    /// <param name="after">The list begins after this name. If it is "", the list begins with the first name.</param>
    ValueTask<IReadOnlyList<string>> ListRoomsAsync(string after, int max, CancellationToken cancellationToken);

    /// <summary>
    /// Stores the progress of a webhook (<see cref="StoredWebhook.Progress"/>), and adds failed events. If there are more failed events than
    /// <paramref name="maxFailed"/>, the oldest ones are removed.
    /// </summary>
    /// <returns>False if the webhook was set again or removed since it was read. In this case nothing is stored.</returns>
    ValueTask<bool> UpdateAsync(StoredWebhook webhook, IReadOnlyList<FailedEvent> failed, int maxFailed, CancellationToken cancellationToken);

    /// <summary>Lists the failed events of a room's webhook, oldest first.</summary>
    ValueTask<IReadOnlyList<FailedEvent>> ListFailedAsync(string room, CancellationToken cancellationToken);

    /// <summary>Marks all failed events to be sent again, and makes the next attempt due now.</summary>
    /// <returns>The webhook; null if the room has none.</returns>
    ValueTask<StoredWebhook?> RetryAsync(string room, CancellationToken cancellationToken);

    /// <summary>Replaces a failed event, if it still exists.</summary>
    ValueTask UpdateFailedAsync(StoredWebhook webhook, FailedEvent failed, CancellationToken cancellationToken);

    /// <summary>Removes a failed event, because it is delivered, or can never be delivered.</summary>
    ValueTask RemoveFailedAsync(StoredWebhook webhook, long seq, CancellationToken cancellationToken);

    /// <summary>Removes the marks of <see cref="RetryAsync"/> from all failed events of a webhook.</summary>
    ValueTask StopRetryAsync(StoredWebhook webhook, CancellationToken cancellationToken);
}

/// <summary>A webhook of a room.</summary>
/// <param name="Id">A random id.</param>
/// <param name="Room">The name of the room.</param>
/// <param name="Url">The address of the receiver.</param>
/// <param name="Secret">The key of the signatures, in the form of Standard Webhooks. Each <see cref="IWebhookStore.SetAsync"/> sets a new key.</param>
public sealed record StoredWebhook(string Id, string Room, string Url, string Secret, WebhookProgress Progress)
{
    /// <summary>Whether a failed event is marked to be sent again.</summary>
    public bool HasRetries { get; init; }
}

/// <summary>How far the delivery of a webhook is.</summary>
/// <param name="DeliveredSeq">The delivery continues after the event with this seq.</param>
public sealed record WebhookProgress(long DeliveredSeq)
{
    /// <summary>The number of failed attempts since the last success.</summary>
    public int Failures { get; init; }

    /// <summary>The number of failed attempts to deliver the event after <see cref="DeliveredSeq"/>.</summary>
    public int Attempts { get; init; }

    /// <summary>The time of the first failed attempt since the last success; null if the newest attempt did not fail.</summary>
    public DateTimeOffset? FailingSince { get; init; }

    /// <summary>The time of the next attempt; null if it is due now.</summary>
    public DateTimeOffset? NextAttemptAt { get; init; }

    /// <summary>The error of the newest attempt; null if it did not fail.</summary>
    public string? Error { get; init; }

    /// <summary>Whether the receiver has turned the webhook off.</summary>
    public bool IsOff { get; init; }
}

/// <summary>An event that could not be delivered.</summary>
/// <param name="At">When the server stopped trying to deliver the event.</param>
/// <param name="Attempts">The number of attempts.</param>
/// <param name="Error">The last error.</param>
/// <param name="IsRetried">Whether the event is marked to be sent again.</param>
public sealed record FailedEvent(long Seq, DateTimeOffset At, int Attempts, string Error, bool IsRetried = false);
