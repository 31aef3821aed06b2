using System.Security.Cryptography;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Rooms;

/// <summary>
/// Handles <c>webhook</c>: an owner or a moderator sets the address to which the server sends the events of a room, sees the state of the
/// delivery, sends failed events again, or removes the address. The server shows the secret of the signatures once, in the answer to <c>set</c>.
/// </summary>
internal sealed class WebhookHandler(ChatServices services)
{
    private const string ExampleUrl = "https://example.org/chat";

    /// <summary>Handles <c>webhook</c> with <c>set</c>, <c>show</c>, <c>retry</c> or <c>remove</c>.</summary>
    public async ValueTask HandleAsync(ChatContext context, ClientFrame frame, IFrameSink answers)
    {
        var (room, error) = await services.RoomAccess.ResolveModeratedRoomAsync(context, frame, "set, show and remove its webhook");
        if (room is null)
            context.Reject(answers, frame.Id, error!);
        else if (frame is { Do: "set" })
            await SetAsync(context, frame, room, answers);
        else if (frame is { Do: "show" })
            await AnswerAsync(frame, room.Name, await services.Webhooks.FindAsync(room.Name, CancellationToken.None), answers);
        else if (frame is { Do: "retry" })
            await RetryAsync(context, frame, room, answers);
        else
            await RemoveAsync(context, frame, room, answers);
    }

    private async ValueTask SetAsync(ChatContext context, ClientFrame frame, RoomLoop room, IFrameSink answers)
    {
        if (frame.Url is not { } url)
        {
            context.Reject(answers, frame.Id, new ChatError(ErrorCode.MissingField, "to set a webhook, give its url", CreateHint(frame, "set")));
            return;
        }

        // The look-up of a host name costs the server more than most requests, so it costs more points.
        context.Connection.Account.Charge(Cost.UnknownName);
        if (await services.WebhookDelivery.FindUrlErrorAsync(url, CancellationToken.None) is { } reason)
        {
            context.Reject(answers, frame.Id, new ChatError(ErrorCode.BadField, $"\"url\" {reason}", CreateHint(frame, "set")));
            return;
        }

        var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
        if (await services.Webhooks.SetAsync(room.Name, id, url, services.WebhookDelivery.CreateSecret(), CancellationToken.None) is not { } webhook)
        {
            context.Reject(answers, frame.Id, new ChatError(ErrorCode.NoRoom, $"no such room \"{room.Name}\"", frame.CreateHint(ClientFrameType.Rooms)));
            return;
        }

        await AnswerAsync(frame, room.Name, webhook, answers, webhook.Secret);
        services.WebhookDelivery.OnChanged(room.Name);
    }

    private async ValueTask RetryAsync(ChatContext context, ClientFrame frame, RoomLoop room, IFrameSink answers)
    {
        if (await services.Webhooks.RetryAsync(room.Name, CancellationToken.None) is not { } webhook)
        {
            RejectMissing(context, frame, room, answers);
            return;
        }

        await AnswerAsync(frame, room.Name, webhook, answers);
        services.WebhookDelivery.OnChanged(room.Name);
    }

    private async ValueTask RemoveAsync(ChatContext context, ClientFrame frame, RoomLoop room, IFrameSink answers)
    {
        if (!await services.Webhooks.RemoveAsync(room.Name, CancellationToken.None))
        {
            RejectMissing(context, frame, room, answers);
            return;
        }

        await AnswerAsync(frame, room.Name, webhook: null, answers);
        services.WebhookDelivery.OnChanged(room.Name);
    }

    private async ValueTask AnswerAsync(ClientFrame frame, string room, StoredWebhook? webhook, IFrameSink answers, string? secret = null)
    {
        var failed = webhook is null ? [] : await services.Webhooks.ListFailedAsync(room, CancellationToken.None);
        answers.Send(new WebhookFrame(
            frame.Id, frame.Do!, room, [.. failed.Select(given => new WebhookFailedEvent(given.Seq, given.At, given.Attempts, given.Error))], webhook?.Url, secret,
            webhook?.Progress.DeliveredSeq, CreateFailing(webhook?.Progress)));
    }

    private WebhookFailing? CreateFailing(WebhookProgress? progress) => progress is { Error: { } error, FailingSince: { } since }
        ? new WebhookFailing(error, since, progress.IsOff ? null : progress.NextAttemptAt ?? services.Time.GetUtcNow())
        : null;

    private static void RejectMissing(ChatContext context, ClientFrame frame, RoomLoop room, IFrameSink answers) =>
        context.Reject(answers, frame.Id, new ChatError(ErrorCode.NotFound, $"\"{room.Name}\" has no webhook", CreateHint(frame, "set")));

    private static string CreateHint(ClientFrame frame, string what) =>
        Hint.Create(new ClientFrame { Type = ClientFrameType.Webhook, Do = what, Url = ExampleUrl, Room = frame.Room }, frame.IsTyped);
}
