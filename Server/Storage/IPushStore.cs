namespace RawSocketChat.Server.Storage;

/// <summary>
/// Stores the subscriptions of browsers to push messages (RFC 8030). A subscription belongs to a session, and is removed together with it. When a
/// task completes, the change is stored. If the change cannot be stored, the task throws <see cref="StorageException"/>. Thread-safe.
/// </summary>
public interface IPushStore
{
    /// <summary>
    /// Adds a subscription. Replaces a subscription with the same endpoint, even if it belongs to another session. The checks and the change are
    /// atomic.
    /// </summary>
    /// <param name="maxOfSession">The maximum number of subscriptions of the session. If there are more, the oldest are removed.</param>
    /// <param name="maxOfUser">The maximum number of subscriptions of all sessions of the user. If there are more, the oldest are removed.</param>
    /// <returns>False if there is no such session.</returns>
    ValueTask<bool> SaveAsync(StoredPushSubscription subscription, int maxOfSession, int maxOfUser, CancellationToken cancellationToken);

    /// <summary>Removes a subscription.</summary>
    /// <param name="endpoint">The endpoint of the subscription.</param>
    /// <param name="session">If not null, the subscription must belong to the session with this token hash.</param>
    /// <returns>False if there is no such subscription.</returns>
    ValueTask<bool> RemoveAsync(string endpoint, string? session, CancellationToken cancellationToken);

    /// <summary>Whether there is any subscription.</summary>
    ValueTask<bool> HasAnyAsync(CancellationToken cancellationToken);

    /// <summary>Lists the subscriptions of the members of a room.</summary>
    /// <param name="room">The room's name, in any letter case.</param>
    /// <param name="max">The maximum number of subscriptions.</param>
    ValueTask<IReadOnlyList<PushReceiver>> ListReceiversAsync(string room, int max, CancellationToken cancellationToken);
}

/// <summary>The subscription of a browser to push messages.</summary>
/// <param name="Endpoint">An address at the browser's push service. The server sends the browser's messages to this address.</param>
/// <param name="Session">SHA-256 of the token of the session, in hex.</param>
/// <param name="Key">The public key of the browser for the encryption: <c>p256dh</c>, in base64url.</param>
/// <param name="Secret">The authentication secret of the browser for the encryption: <c>auth</c>, in base64url.</param>
/// <param name="OnlyMentions">Whether rooms with the level <c>all</c> send only mentions. This does not apply to direct messages.</param>
/// <param name="QuietUntil">The server sends nothing before this time; null if it may send now.</param>
public sealed record StoredPushSubscription(string Endpoint, string Session, string Key, string Secret, bool OnlyMentions, DateTimeOffset? QuietUntil, DateTimeOffset CreatedAt);

/// <summary>A subscription of a member of a room.</summary>
/// <param name="User">The stable id of the user.</param>
/// <param name="Notify">Which messages of the room notify the user: <c>all</c>, <c>mentions</c> or <c>none</c>.</param>
/// <param name="ReadSeq">The user's read mark in the room.</param>
public sealed record PushReceiver(StoredPushSubscription Subscription, string User, string Notify, long ReadSeq);
