using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Text.Json;
using RawSocketChat.Tests.Flood.Load;
using RawSocketChat.Tests.Flood.Ways;

namespace RawSocketChat.Tests.Flood.Checks;

/// <summary>
/// What one person hears, by one connection after the other: joins its room whenever welcomed, checks every event, measures every
/// message. One thread at a time.
/// </summary>
internal sealed class Subscriber(
    string name, int room, FrameScan scan, Place place, Publications publications, ThreadLocal<Measurements> measurements, Complaints complaints)
    : IFrameListener
{
    // Characters of a text that nobody said.
    private const int MostShown = 40;

    private static readonly HashSet<string> LogEvents = ["message", "edited", "deleted", "reacted", "topic", "moderated"];
    private readonly TaskCompletionSource _joined = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private DeliveryCheck? _check;
    private string? _epoch;
    private long _backAt;
    private bool _made;
    private bool _isIn;

    /// <summary>Set by who it is.</summary>
    public Member Member { private get; set; } = null!;

    /// <summary>The room's number.</summary>
    public int Room => room;

    /// <summary>Completed when the room is joined for the first time; fails with <see cref="FloodException"/>.</summary>
    public Task Joined => _joined.Task;

    /// <summary>Null before the room was joined.</summary>
    public DeliveryCheck? Check => _check;

    /// <summary>Messages that came at another place in the log than somebody else saw them, or in another room.</summary>
    public long Disagreed { get; private set; }

    /// <summary>Messages that came with another text than was said.</summary>
    public long Altered { get; private set; }

    /// <summary>Whether the connection ended without our wish.</summary>
    public bool WasClosed { get; private set; }

    public void Take(ReadOnlySpan<byte> json, long now)
    {
        if (scan.TryMessage(json, out var seq, out var number, out var isAltered)) Event(seq, number, isAltered, json, now);
        else if (scan.TryAck(json, out number)) Ack(number, now);
        else if (scan.TryAny(json, out var frame)) TakeAny(frame, json, now);
        else complaints.Add("no JSON", Encoding.UTF8.GetString(json[..Math.Min(json.Length, 80)]));
    }

    public void Resumed(long now)
    {
        if (!_isIn && _check is not null) ComeIn(now);
    }

    public void Ended(string? why)
    {
        _isIn = false;
        var isOver = Member.Ends(why);
        if (_joined.TrySetException(new FloodException(why ?? "the connection ended")) || !isOver) return;
        WasClosed = true;
        complaints.Add("closed", why!);
    }

    /// <summary>It was cut, and could not come back.</summary>
    public void GoneFor(string why)
    {
        WasClosed = true;
        complaints.Add("closed", why);
    }

    private void TakeAny(in ScannedFrame frame, ReadOnlySpan<byte> json, long now)
    {
        switch (frame.Type)
        {
            case "welcome":
                if (frame.Session is { Length: > 0 }) place.Session = frame.Session;
                _isIn = false;
                Member.WentOut();
                Send(JoinFrame());
                break;
            case "joined" when frame.Id == "join":
                JoinedRoom(frame, json, now);
                break;
            case "ack" when frame.Number >= 0:
                Ack(frame.Number, now);
                break;
            case "error":
                Error(frame);
                break;
            case "bye" when Member.Pace is null && !(frame.Code == "4009" && Member.Cuts > 0):
                // On plain requests that is all that says so: the next one begins anew.
                WasClosed = true;
                complaints.Add(frame.Type, frame.Text ?? "");
                break;
            case "bye" when Member.Pace is not null:
                Member.SaidGoodbye();
                break;
            case "lag" when Member.Pace is null:
                complaints.Add(frame.Type, frame.Text ?? "");
                break;
            case "gap":
                complaints.Add(frame.Type, frame.Text ?? "");
                break;
            case "message" when frame.Number >= 0 && frame.Room != name:
                Disagreed++;
                complaints.Add("another room", $"a message of {frame.Room} came to somebody who is in {name}");
                break;
            case { } type when LogEvents.Contains(type) && frame.Room == name:
                Event(frame.Seq, frame.Number, frame.IsAltered, json, now);
                break;
        }
    }

    private string JoinFrame() => _check is null
        ? $$"""{"type":"join","id":"join","room":{{Quoted(name)}},"limit":1}"""
        : string.Create(CultureInfo.InvariantCulture, $$"""{"type":"join","id":"join","room":{{Quoted(name)}},"after":{{_check.Newest}}{{(_epoch is null ? "" : $",\"epoch\":{Quoted(_epoch)}")}}}""");

    private void JoinedRoom(in ScannedFrame frame, ReadOnlySpan<byte> json, long now)
    {
        if (_check is null)
        {
            // Frames bear the room's own name, in which a # before it or great letters are not.
            if (frame.Room is { } its && its != name)
            {
                _joined.TrySetException(new FloodException($"--room {name}: the server calls it {its}", FloodResult.BadOptions));
                return;
            }
            _check = new DeliveryCheck(frame.Seq, publications.CountIn(room));
            _epoch = frame.Epoch;
            _isIn = true;
            Member.CameIn();
            _joined.TrySetResult();
            return;
        }
        _backAt = now;
        foreach (var missed in FrameScan.Messages(json)) Take(json[missed], now);
        ComeIn(now);
    }

    // What was due before is caught up with, and its time is that of the absence.
    private void ComeIn(long now)
    {
        (_isIn, _backAt) = (true, now);
        Member.CameIn();
    }

    private void Event(long seq, int number, bool isAltered, ReadOnlySpan<byte> json, long now)
    {
        if (_check is null) return;
        if (number < 0)
        {
            _check.Observe(seq, -1);
            if (isAltered) CameAltered(number, json);
            return;
        }
        var (inRoom, itsRoom) = Math.DivRem(number, publications.Rooms);
        if (itsRoom != room || !publications.IsAt(number, seq)) Disagreed++;
        if (!_check.Observe(seq, itsRoom == room ? inRoom : -1)) return;
        if (isAltered) CameAltered(number, json);
        var measured = measurements.Value!;
        var due = publications.DueAt(number);
        if (Member.Pace is not null || !publications.IsTimed(number)) measured.Untimed(now);
        else if (due < _backAt) measured.CaughtUp(due, now);
        else measured.Delivered(due, publications.SentAt(number), now);
    }

    private void CameAltered(int number, ReadOnlySpan<byte> json)
    {
        Altered++;
        scan.TryAny(json, out var frame);
        var text = frame.Text ?? "";
        complaints.Add("altered", number < 0
            ? $"of {frame.From ?? "somebody"} came \"{text[..Math.Min(text.Length, MostShown)]}\", which is nothing that was said"
            : $"message {number} came with another text, of {Encoding.UTF8.GetByteCount(text)} bytes where {TextSum.Bytes(publications.TextOf(number))} were said");
    }

    private void Ack(int number, long now)
    {
        Member.Answered(number);
        if (publications.Answer(number, accepted: true) && publications.IsTimed(number))
            Measurements.Record(measurements.Value!.Acks, now - publications.DueAt(number));
    }

    private void Error(in ScannedFrame frame)
    {
        var text = frame.Text ?? "";
        if (frame.Id == "hello")
        {
            complaints.Add(frame.Code ?? "error", text);
            Send("""{"type":"hello"}"""); // a guest's name will do
            return;
        }
        if (frame.Id == "join" && !_joined.Task.IsCompleted)
        {
            if (frame.Code == "no-room" && !_made)
            {
                _made = true;
                Send($$"""{"type":"create","id":"join","room":{{Quoted(name)}}}""");
                return;
            }
            _joined.TrySetException(frame.Code == "bad-field"
                ? new FloodException($"--room {name}: {text}", FloodResult.BadOptions)
                : new FloodException($"can't join {name}: {frame.Code}: {text}"));
        }
        if (frame.Number >= 0)
        {
            // A session that has begun anew without our knowing yet: it is sent again as soon as the room is joined.
            if (frame.Code == "not-in-room" && (Member.IsByRequests || !_isIn)) return;
            Member.Answered(frame.Number);
            publications.Answer(frame.Number, accepted: false);
        }
        complaints.Add(frame.Code ?? "error", text);
    }

    private void Send(string json) => Member.Send(Encoding.UTF8.GetBytes(json));

    [SuppressMessage("Style", "IDE0071", Justification = "JsonEncodedText is no string")]
    private static string Quoted(string text) => $"\"{JsonEncodedText.Encode(text)}\"";
}
