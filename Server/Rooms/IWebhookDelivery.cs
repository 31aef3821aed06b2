namespace RawSocketChat.Server.Rooms;

/// <summary>Delivers the events of rooms to their webhooks. Thread-safe.</summary>
public interface IWebhookDelivery
{
    /// <summary>Whether the operator offers webhooks.</summary>
    bool IsEnabled { get; }

    /// <summary>Creates the secret of a webhook.</summary>
    string CreateSecret();

    /// <summary>
    /// Looks up the name of the receiver. Returns the reason why the server cannot send webhooks to an address; null if it can. The reason is the end
    /// of a sentence that begins with <c>url</c>.
    /// </summary>
    ValueTask<string?> FindUrlErrorAsync(string url, CancellationToken cancellationToken);

    /// <summary>Call this after the webhook of a room was set or removed, or when its failed events must be sent again.</summary>
    void OnChanged(string room);
}
