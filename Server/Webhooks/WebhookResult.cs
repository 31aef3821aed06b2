namespace RawSocketChat.Server.Webhooks;

/// <summary>The result of one attempt.</summary>
/// <param name="Error">For owners and moderators; null if the message was delivered.</param>
/// <param name="RetryAfter">How long the receiver wants the server to wait; null if it says nothing.</param>
internal sealed record WebhookResult(WebhookOutcome Outcome, string? Error = null, TimeSpan? RetryAfter = null)
{
    /// <summary>The receiver could not be reached, or has not answered in time.</summary>
    public static WebhookResult Failed(string error) => new(WebhookOutcome.Failed, error);

    /// <summary>Interprets the status of an answer, as Standard Webhooks says.</summary>
    public static WebhookResult FromStatus(int status, TimeSpan? retryAfter = null) => status switch
    {
        >= 200 and < 300 => new(WebhookOutcome.Delivered),
        >= 300 and < 400 => new(WebhookOutcome.Failed, $"the receiver answered {status}, but the server follows no redirects"),
        410 => new(WebhookOutcome.Gone, "the receiver answered 410 (gone), which turns the webhook off"),
        400 or 413 or 415 or 422 => new(WebhookOutcome.Refused, $"the receiver answered {status}", retryAfter),
        _ => new(WebhookOutcome.Failed, $"the receiver answered {status}", retryAfter),
    };
}

internal enum WebhookOutcome
{
    Delivered,

    /// <summary>The attempt does not show whether the receiver accepts this message. A later attempt may succeed.</summary>
    Failed,

    /// <summary>The receiver works, but does not accept this message.</summary>
    Refused,

    /// <summary>The receiver wants no more messages.</summary>
    Gone,
}
