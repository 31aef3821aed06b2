using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Text.Json;
using RawSocketChat.Tests.Flood.Load;
using RawSocketChat.Tests.Flood.Transports;

namespace RawSocketChat.Tests.Flood.Checks;

/// <summary>
/// Handles the frames of one member, on all connections that the member uses one after another. It joins the room after each welcome,
/// checks every event, and measures every message. Not thread-safe.
/// </summary>
internal sealed class Subscriber(
    string name, int room, FrameScanner scanner, SessionState state, Publications publications, ThreadLocal<Measurements> measurements, ProblemCounter problems)
    : IFrameListener
{
    // How many characters of an unpublished text the report shows.
    private const int MaxShownCharacters = 40;

    // The close code for a session that another connection took over.
    private const string SessionTakenOver = "4009";

    private static readonly HashSet<string> LogEvents = ["message", "edited", "deleted", "reacted", "topic", "moderated"];
    private readonly TaskCompletionSource _joined = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private DeliveryCheck? _check;
    private string? _epoch;
    private long _rejoinedAt;
    private bool _createSent;
    private bool _isJoined;

    /// <summary>The member that owns this subscriber. The constructor of <see cref="Member"/> sets it.</summary>
    public Member Member { private get; set; } = null!;

    /// <summary>The index of the room.</summary>
    public int RoomIndex => room;

    /// <summary>Completes when the room is joined for the first time. Fails with <see cref="FloodException"/>.</summary>
    public Task Joined => _joined.Task;

    /// <summary>The check of received events; null before the room is joined.</summary>
    public DeliveryCheck? Check => _check;

    /// <summary>Messages that came from another room, or whose <c>seq</c> differs between subscribers.</summary>
    public long SeqConflicts { get; private set; }

    /// <summary>Messages whose text differs from the published text.</summary>
    public long Altered { get; private set; }

    /// <summary>
    /// Whether the member could not reconnect, or the server ended the connection or the session although the member does not read slowly.
    /// </summary>
    public bool WasClosed { get; private set; }

    public void OnFrame(ReadOnlySpan<byte> json, long now)
    {
        if (scanner.TryReadMessage(json, out var seq, out var number, out var isAltered)) HandleEvent(seq, number, isAltered, json, now);
        else if (scanner.TryReadAck(json, out number)) HandleAck(number, now);
        else if (scanner.TryReadAny(json, out var frame)) HandleFrame(frame, json, now);
        else problems.Add("not JSON", Encoding.UTF8.GetString(json[..Math.Min(json.Length, 80)]));
    }

    public void OnResumed(long now)
    {
        if (!_isJoined && _check is not null) MarkJoined(now);
    }

    public void OnEnded(string? why)
    {
        _isJoined = false;
        var isOver = Member.OnConnectionEnded(why);
        if (_joined.TrySetException(new FloodException(why ?? "the connection ended")) || !isOver) return;
        WasClosed = true;
        problems.Add("closed", why!);
    }

    /// <summary>Called when the member could not reconnect after a cut, or after the server closed a slow reader.</summary>
    public void OnReconnectFailed(string why)
    {
        WasClosed = true;
        problems.Add("closed", why);
    }

    private void HandleFrame(in ScannedFrame frame, ReadOnlySpan<byte> json, long now)
    {
        switch (frame.Type)
        {
            case "welcome":
                if (frame.Session is { Length: > 0 }) state.Session = frame.Session;
                _isJoined = false;
                Member.OnSessionRestarted();
                Send(CreateJoinFrame());
                break;
            case "joined" when frame.Id == "join":
                HandleJoined(frame, json, now);
                break;
            case "ack" when frame.Number >= 0:
                HandleAck(frame.Number, now);
                break;
            case "error":
                HandleError(frame);
                break;
            case "bye" when Member.Pace is null && !(frame.Code == SessionTakenOver && Member.Cuts > 0):
                // With an HTTP transport, only the bye shows that the server closed the session: the connection stays open, and the next
                // request starts a new session.
                WasClosed = true;
                problems.Add(frame.Type, frame.Text ?? "");
                break;
            case "bye" when Member.Pace is not null:
                Member.OnBye();
                break;
            case "lag" when Member.Pace is null:
                problems.Add(frame.Type, frame.Text ?? "");
                break;
            case "gap":
                problems.Add(frame.Type, frame.Text ?? "");
                break;
            case "message" when frame.Number >= 0 && frame.Room != name:
                SeqConflicts++;
                problems.Add("another room", $"a message of {frame.Room} arrived at a member of {name}");
                break;
            case { } type when LogEvents.Contains(type) && frame.Room == name:
                HandleEvent(frame.Seq, frame.Number, frame.IsAltered, json, now);
                break;
        }
    }

    private string CreateJoinFrame() => _check is null
        ? $$"""{"type":"join","id":"join","room":{{Quote(name)}},"limit":1}"""
        : string.Create(CultureInfo.InvariantCulture, $$"""{"type":"join","id":"join","room":{{Quote(name)}},"after":{{_check.Newest}}{{(_epoch is null ? "" : $",\"epoch\":{Quote(_epoch)}")}}}""");

    private void HandleJoined(in ScannedFrame frame, ReadOnlySpan<byte> json, long now)
    {
        if (_check is null)
        {
            // The server normalizes a room name: it removes a leading # and uses small letters. All frames contain the normalized name.
            if (frame.Room is { } normalized && normalized != name)
            {
                _joined.TrySetException(new FloodException($"--room {name}: the server calls it {normalized}", FloodResult.BadOptions));
                return;
            }
            _check = new DeliveryCheck(frame.Seq, publications.GetMessageCount(room));
            _epoch = frame.Epoch;
            _isJoined = true;
            Member.OnJoined();
            _joined.TrySetResult();
            return;
        }
        _rejoinedAt = now;
        foreach (var range in FrameScanner.FindMessages(json)) OnFrame(json[range], now);
        MarkJoined(now);
    }

    // Messages that were scheduled before this join count as catch-up.
    private void MarkJoined(long now)
    {
        (_isJoined, _rejoinedAt) = (true, now);
        Member.OnJoined();
    }

    private void HandleEvent(long seq, int number, bool isAltered, ReadOnlySpan<byte> json, long now)
    {
        if (_check is null) return;
        if (number < 0)
        {
            _check.Observe(seq, -1);
            if (isAltered) ReportAltered(number, json);
            return;
        }
        var (numberInRoom, messageRoom) = Math.DivRem(number, publications.RoomCount);
        if (messageRoom != room || !publications.HasConsistentSeq(number, seq)) SeqConflicts++;
        if (!_check.Observe(seq, messageRoom == room ? numberInRoom : -1)) return;
        if (isAltered) ReportAltered(number, json);
        var threadMeasurements = measurements.Value!;
        var due = publications.GetDueTime(number);
        if (Member.Pace is not null || !publications.IsMeasured(number)) threadMeasurements.RecordUntimed(now);
        else if (due < _rejoinedAt) threadMeasurements.RecordRecovery(due, now);
        else threadMeasurements.RecordDelivery(due, publications.GetSentTime(number), now);
    }

    private void ReportAltered(int number, ReadOnlySpan<byte> json)
    {
        Altered++;
        scanner.TryReadAny(json, out var frame);
        var text = frame.Text ?? "";
        problems.Add("altered", number < 0
            ? $"{frame.From ?? "an unknown user"} sent \"{text[..Math.Min(text.Length, MaxShownCharacters)]}\", which was not published"
            : $"message {number} arrived with another text: {Encoding.UTF8.GetByteCount(text)} bytes, {TextChecksum.GetByteCount(publications.GetChecksum(number))} were published");
    }

    private void HandleAck(int number, long now)
    {
        Member.MarkAnswered(number);
        if (publications.TryMarkAnswered(number, accepted: true) && publications.IsMeasured(number))
            Measurements.Record(measurements.Value!.Acks, now - publications.GetDueTime(number));
    }

    private void HandleError(in ScannedFrame frame)
    {
        var text = frame.Text ?? "";
        if (frame.Id == RawTcpConnection.HelloId)
        {
            problems.Add(frame.Code ?? "error", text);
            Send("""{"type":"hello"}"""); // without a name: the server assigns a guest name
            return;
        }
        if (frame.Id == "join" && !_joined.Task.IsCompleted)
        {
            if (frame.Code == "no-room" && !_createSent)
            {
                _createSent = true;
                Send($$"""{"type":"create","id":"join","room":{{Quote(name)}}}""");
                return;
            }
            _joined.TrySetException(frame.Code == "bad-field"
                ? new FloodException($"--room {name}: {text}", FloodResult.BadOptions)
                : new FloodException($"can't join {name}: {frame.Code}: {text}"));
        }
        if (frame.Number >= 0)
        {
            // The message reached the server in a new session that had not joined the room yet. The member sends the message again after the
            // join.
            if (frame.Code == "not-in-room" && (Member.UsesRequests || !_isJoined)) return;
            Member.MarkAnswered(frame.Number);
            publications.TryMarkAnswered(frame.Number, accepted: false);
        }
        problems.Add(frame.Code ?? "error", text);
    }

    private void Send(string json) => Member.Send(Encoding.UTF8.GetBytes(json));

    [SuppressMessage("Style", "IDE0071", Justification = "JsonEncodedText is not a string")]
    private static string Quote(string text) => $"\"{JsonEncodedText.Encode(text)}\"";
}
