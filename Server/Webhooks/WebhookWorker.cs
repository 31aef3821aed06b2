using Microsoft.Extensions.Options;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Webhooks;

/// <summary>
/// Delivers the events of one room in order, one at a time. It stores each result, and reads the state again before each attempt, so it keeps
/// nothing in memory. If the server is killed between an attempt and its result, the event is sent again with the same id.
/// </summary>
internal sealed class WebhookWorker(
    IWebhookStore store, IRoomLog log, WebhookClient client, IOptions<WebhookOptions> options, ServerMetrics metrics, ClockGuard clock, TimeProvider time)
{
    // The number of waiting events that the worker reads together when it gives them up.
    private const int ExpiredEvents = 200;
    private const int MaxBytes = 256 * 1024;

    private readonly TimeSpan _retryTime = TimeSpan.FromHours(options.Value.RetryHours);
    private readonly int _maxFailed = options.Value.FailedEvents;

    /// <summary>Makes the next attempt of a room's webhook, if one is due.</summary>
    /// <exception cref="StorageException">The state cannot be read or stored. If it cannot be stored, the attempt may already have been made.</exception>
    public async Task<WebhookStep> StepAsync(string room, CancellationToken cancellationToken)
    {
        if (await store.FindAsync(room, cancellationToken) is not { } webhook)
            return WebhookStep.Removed;
        if (webhook.Progress.IsOff)
            return WebhookStep.Idle;
        var now = time.GetUtcNow();
        if (webhook.Progress.NextAttemptAt is { } next && RetrySchedule.Limit(next, now) > now)
            return WebhookStep.WaitUntil(next);
        return webhook.HasRetries ? await SendFailedAgainAsync(webhook, cancellationToken) : await DeliverNextAsync(webhook, cancellationToken);
    }

    // Sends the next event of the log, or a report about events that were removed before their delivery.
    private async Task<WebhookStep> DeliverNextAsync(StoredWebhook webhook, CancellationToken cancellationToken)
    {
        var delivered = webhook.Progress.DeliveredSeq;
        if (await log.ReadAfterAsync(webhook.Room, delivered, 1, MaxBytes, cancellationToken) is not [var next, ..])
            return WebhookStep.Idle;
        var isGap = next.Seq > delivered + 1;
        var message = isGap ? WebhookMessage.ForGap(webhook, delivered + 1, next.Seq - 1, time.GetUtcNow()) : WebhookMessage.ForEvent(webhook, next);
        if (!await IsCurrentAsync(webhook, cancellationToken))
            return WebhookStep.Continue;
        var result = await SendAsync(webhook, message, cancellationToken);
        var seq = isGap ? next.Seq - 1 : next.Seq;
        return result.Outcome switch
        {
            WebhookOutcome.Delivered => await SaveAsync(webhook, new WebhookProgress(seq)),
            WebhookOutcome.Gone => await TurnOffAsync(webhook, result),
            _ => await RecordFailureAsync(webhook, next.At, seq, isGap, result),
        };
    }

    // Stores the failure, and decides whether the event is tried again or becomes a failed event.
    private async Task<WebhookStep> RecordFailureAsync(StoredWebhook webhook, DateTimeOffset eventAt, long seq, bool isGap, WebhookResult result)
    {
        var now = time.GetUtcNow();
        var progress = webhook.Progress with
        {
            Failures = webhook.Progress.Failures + 1,
            Attempts = webhook.Progress.Attempts + 1,
            FailingSince = webhook.Progress.FailingSince ?? now,
            Error = result.Error,
        };

        // The receiver answers, but refuses this event. So the server gives the event up, and tries the next event immediately.
        if (result.Outcome == WebhookOutcome.Refused && progress.Failures >= RetrySchedule.RefusedAttempts)
        {
            FailedEvent[] refused = isGap ? [] : [new FailedEvent(seq, now, progress.Attempts, result.Error!)];
            return await SaveAsync(webhook, progress with { DeliveredSeq = seq, Attempts = 0, NextAttemptAt = null }, refused);
        }

        progress = progress with { NextAttemptAt = now + RetrySchedule.GetDelay(progress.Failures, result.RetryAfter, Random.Shared.NextDouble()) };
        if (clock.IsTrusted() && RetrySchedule.IsExpired(eventAt, progress.FailingSince.Value, now, _retryTime))
            return await GiveUpExpiredAsync(webhook, progress, now);
        await SaveAsync(webhook, progress);
        return WebhookStep.WaitUntil(progress.NextAttemptAt.Value);
    }

    // The event that was just tried has expired. The worker gives up this event and all later events that have expired. It does not try each of them,
    // because the receiver does not work, and more events would expire during the attempts.
    private async Task<WebhookStep> GiveUpExpiredAsync(StoredWebhook webhook, WebhookProgress progress, DateTimeOffset now)
    {
        while (true)
        {
            var page = await log.ReadAfterAsync(webhook.Room, progress.DeliveredSeq, ExpiredEvents, MaxBytes, CancellationToken.None);
            var expired = page.TakeWhile(waiting => RetrySchedule.IsExpired(waiting.At, progress.FailingSince!.Value, now, _retryTime)).ToList();
            if (expired.Count == 0)
                return WebhookStep.WaitUntil(progress.NextAttemptAt!.Value);
            var attempts = progress.Attempts;
            var failed = expired.Select((given, index) => new FailedEvent(given.Seq, now, index == 0 ? attempts : 0, progress.Error!)).TakeLast(_maxFailed).ToArray();
            progress = progress with { DeliveredSeq = expired[^1].Seq, Attempts = 0 };
            if (!await store.UpdateAsync(webhook with { Progress = progress }, failed, _maxFailed, CancellationToken.None))
                return WebhookStep.Continue;
        }
    }

    // Sends the first failed event that an owner or a moderator wants to send again.
    private async Task<WebhookStep> SendFailedAgainAsync(StoredWebhook webhook, CancellationToken cancellationToken)
    {
        if ((await store.ListFailedAsync(webhook.Room, cancellationToken)).FirstOrDefault(waiting => waiting.IsRetried) is not { } failed)
            return WebhookStep.Continue;
        var page = await log.ReadAfterAsync(webhook.Room, failed.Seq - 1, 1, MaxBytes, cancellationToken);
        if (!await IsCurrentAsync(webhook, cancellationToken))
            return WebhookStep.Continue;
        if (page is not [var stored, ..] || stored.Seq != failed.Seq)
        {
            // The log no longer has the event, so it cannot be sent again.
            await store.RemoveFailedAsync(webhook, failed.Seq, CancellationToken.None);
            return WebhookStep.Continue;
        }

        var result = await SendAsync(webhook, WebhookMessage.ForEvent(webhook, stored), cancellationToken);
        if (result.Outcome == WebhookOutcome.Gone)
            return await TurnOffAsync(webhook, result);
        if (result.Outcome == WebhookOutcome.Delivered)
        {
            await store.RemoveFailedAsync(webhook, failed.Seq, CancellationToken.None);
            return await SaveAsync(webhook, new WebhookProgress(webhook.Progress.DeliveredSeq));
        }

        await store.UpdateFailedAsync(webhook, new FailedEvent(failed.Seq, time.GetUtcNow(), failed.Attempts + 1, result.Error!), CancellationToken.None);
        // The receiver does not work, so it gets no further failed event. The delivery continues with the waiting events.
        if (result.Outcome == WebhookOutcome.Failed)
            await store.StopRetryAsync(webhook, CancellationToken.None);
        return WebhookStep.Continue;
    }

    // Sends a message, and counts the result.
    private async Task<WebhookResult> SendAsync(StoredWebhook webhook, WebhookMessage message, CancellationToken cancellationToken)
    {
        var result = await client.SendAsync(webhook, message, cancellationToken);
        metrics.CountWebhook(result.Outcome == WebhookOutcome.Delivered ? "delivered" : "failed");
        return result;
    }

    // The log is found by the name of the room. After the event was read, this room may have been replaced by a new room with the same name. The
    // receiver must not get the events of the new room. But the webhook is removed together with its room, and no other webhook has its id.
    private async Task<bool> IsCurrentAsync(StoredWebhook webhook, CancellationToken cancellationToken) =>
        await store.FindAsync(webhook.Room, cancellationToken) is { } now && now.Id == webhook.Id && now.Secret == webhook.Secret;

    private Task<WebhookStep> TurnOffAsync(StoredWebhook webhook, WebhookResult result) => SaveAsync(
        webhook, webhook.Progress with { IsOff = true, Error = result.Error, FailingSince = webhook.Progress.FailingSince ?? time.GetUtcNow(), NextAttemptAt = null });

    private async Task<WebhookStep> SaveAsync(StoredWebhook webhook, WebhookProgress progress, params FailedEvent[] failed)
    {
        await store.UpdateAsync(webhook with { Progress = progress }, failed, _maxFailed, CancellationToken.None);
        return WebhookStep.Continue;
    }
}

/// <summary>What to do after <see cref="WebhookWorker.StepAsync"/>.</summary>
/// <param name="Kind">What to do.</param>
/// <param name="Until">When the next attempt is due; only for <see cref="WebhookStepKind.Wait"/>.</param>
internal readonly record struct WebhookStep(WebhookStepKind Kind, DateTimeOffset Until = default)
{
    public static WebhookStep Continue => new(WebhookStepKind.Continue);

    public static WebhookStep Idle => new(WebhookStepKind.Idle);

    public static WebhookStep Removed => new(WebhookStepKind.Removed);

    public static WebhookStep WaitUntil(DateTimeOffset until) => new(WebhookStepKind.Wait, until);
}

internal enum WebhookStepKind
{
    /// <summary>There may be more to send.</summary>
    Continue,

    /// <summary>There is nothing to send until the room has a new event, or until the webhook is changed.</summary>
    Idle,

    /// <summary>The next attempt is due later.</summary>
    Wait,

    /// <summary>The room has no webhook.</summary>
    Removed,
}
