using System.Buffers;
using System.Globalization;
using System.Text;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Rooms;
using RawSocketChat.Server.Storage;

namespace RawSocketChat.Server.Webhooks;

/// <summary>What a receiver gets for one event.</summary>
/// <param name="Id">
/// The id is the same in each attempt. No other event has this id, even after an older backup was restored. So a receiver can drop repetitions.
/// </param>
/// <param name="Body">JSON in UTF-8: the type, the time and the frame of the event.</param>
internal sealed record WebhookMessage(string Id, byte[] Body)
{
    /// <summary>Creates the message of an event. Read the event from the log just before this call, because its message may have been deleted.</summary>
    public static WebhookMessage ForEvent(StoredWebhook webhook, RoomEvent stored) => new(
        string.Create(CultureInfo.InvariantCulture, $"msg_{webhook.Id}_{stored.Seq}_{stored.At.ToUnixTimeMilliseconds()}"),
        Encode(RoomEventKindName.Format(stored.Content.Kind), stored.At, EventFrames.Create(webhook.Room, stored).Frame.Payload.Span));

    /// <summary>Creates the message that says that the log has lost events before their delivery.</summary>
    /// <param name="from">The seq of the first lost event.</param>
    /// <param name="to">The seq of the last lost event.</param>
    public static WebhookMessage ForGap(StoredWebhook webhook, long from, long to, DateTimeOffset now) => new(
        string.Create(CultureInfo.InvariantCulture, $"msg_{webhook.Id}_gap_{from}_{to}"),
        Encode("gap", now, ChatCodec.Encode(new GapFrame(webhook.Room, from, to))));

    private static byte[] Encode(string type, DateTimeOffset at, ReadOnlySpan<byte> frame)
    {
        var time = at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
        var body = new ArrayBufferWriter<byte>();
        body.Write(Encoding.UTF8.GetBytes($$"""{"type":"{{type}}","timestamp":"{{time}}","data":"""));
        body.Write(frame);
        body.Write("}"u8);
        return body.WrittenSpan.ToArray();
    }
}
