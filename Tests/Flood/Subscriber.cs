using System.Text;
using System.Text.Json;

namespace RawSocketChat.Tests.Flood;

/// <summary>Bytes to one text message; false where the connection has ended.</summary>
internal delegate bool SendText(ReadOnlySpan<byte> text);

/// <summary>
/// One person in the room: joins it when welcomed, checks every event, measures every message. One thread at a time.
/// </summary>
internal sealed class Subscriber(
    string room, FrameScan scan, Publications publications, ThreadLocal<Measurements> measurements, Complaints complaints)
{
    private static readonly HashSet<string> LogEvents = ["message", "edited", "deleted", "reacted", "topic", "moderated"];
    private readonly TaskCompletionSource _joined = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private DeliveryCheck? _check;
    private bool _made;

    /// <summary>Set by the connection.</summary>
    public SendText? SendText { private get; set; }

    /// <summary>Completed when the room is joined; fails with <see cref="FloodException"/>.</summary>
    public Task Joined => _joined.Task;

    /// <summary>Null before the room was joined.</summary>
    public DeliveryCheck? Check => _check;

    /// <summary>Messages that came at another place in the log than somebody else saw them.</summary>
    public long Disagreed { get; private set; }

    /// <summary>Whether the connection ended without our wish.</summary>
    public bool WasClosed { get; private set; }

    public void Take(ReadOnlySpan<byte> json, long now)
    {
        if (scan.TryMessage(json, out var seq, out var number)) Event(seq, number, now);
        else if (scan.TryAck(json, out number)) Ack(number, now);
        else if (scan.TryAny(json, out var frame)) TakeAny(frame, now);
        else complaints.Add("no JSON", Encoding.UTF8.GetString(json[..Math.Min(json.Length, 80)]));
    }

    /// <summary>The connection is over; <paramref name="why"/> is null where that was our wish.</summary>
    public void End(string? why)
    {
        if (_joined.TrySetException(new FloodException(why ?? "the connection ended")) || why is null) return;
        WasClosed = true;
        complaints.Add("closed", why);
    }

    private void TakeAny(in ScannedFrame frame, long now)
    {
        switch (frame.Type)
        {
            case "welcome":
                Send($$"""{"type":"join","id":"join","room":{{Quoted(room)}},"limit":1}""");
                break;
            case "joined" when frame.Id == "join":
                _check = new DeliveryCheck(frame.Seq, publications.Count);
                _joined.TrySetResult();
                break;
            case "ack" when frame.Number >= 0:
                Ack(frame.Number, now);
                break;
            case "error":
                Error(frame);
                break;
            case "lag" or "bye" or "gap":
                complaints.Add(frame.Type, frame.Text ?? "");
                break;
            case { } type when LogEvents.Contains(type) && frame.Room == room:
                Event(frame.Seq, frame.Number, now);
                break;
        }
    }

    private void Event(long seq, int number, long now)
    {
        if (_check is null) return;
        if (number >= 0 && !publications.IsAt(number, seq)) Disagreed++;
        if (_check.Observe(seq, number))
            measurements.Value!.Delivered(publications.DueAt(number), publications.SentAt(number), now);
    }

    private void Ack(int number, long now)
    {
        if (publications.Answer(number, accepted: true))
            Measurements.Record(measurements.Value!.Acks, now - publications.DueAt(number));
    }

    private void Error(in ScannedFrame frame)
    {
        var text = frame.Text ?? "";
        if (frame.Id == "join" && !_joined.Task.IsCompleted)
        {
            if (frame.Code == "no-room" && !_made)
            {
                _made = true;
                Send($$"""{"type":"create","id":"join","room":{{Quoted(room)}}}""");
                return;
            }
            _joined.TrySetException(new FloodException($"can't join {room}: {frame.Code}: {text}"));
        }
        if (frame.Number >= 0) publications.Answer(frame.Number, accepted: false);
        complaints.Add(frame.Code ?? "error", text);
    }

    private void Send(string json) => SendText?.Invoke(Encoding.UTF8.GetBytes(json));

    private static string Quoted(string text) => $"\"{JsonEncodedText.Encode(text)}\"";
}
