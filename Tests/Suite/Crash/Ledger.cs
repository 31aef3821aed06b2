using System.Collections.Concurrent;
using RawSocketChat.Protocol.Chat;

namespace RawSocketChat.Tests.Crash;

/// <summary>
/// Records every event that a client received, and every ack. The server must keep these events. An event or ack that contradicts an
/// earlier one is a violation. Thread-safe.
/// </summary>
internal sealed class Ledger
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, List<Event?>> _rooms = [];
    private readonly Dictionary<string, (string Room, long Seq)> _texts = [];
    private readonly Dictionary<string, string> _epochs = [];
    private readonly ConcurrentQueue<string> _violations = new();

    /// <summary>The number of acknowledged messages.</summary>
    public int Acknowledged { get; private set; }

    /// <summary>The number of acks for messages that were sent again and had been stored before.</summary>
    public int Duplicates { get; private set; }

    public IReadOnlyCollection<string> Violations => _violations;

    public void AddViolation(string what)
    {
        if (_violations.Count < 20)
            _violations.Enqueue(what);
    }

    public void RecordEpoch(string room, string epoch)
    {
        lock (_gate)
        {
            if (!_epochs.TryAdd(room, epoch) && _epochs[room] != epoch)
                AddViolation($"the epoch of {room} was {_epochs[room]} and is {epoch}");
        }
    }

    /// <summary>Records that a client received a message. The server must have stored this message, and must never change it.</summary>
    public void RecordMessage(MessageFrame message, string by) => Record(message.Room, message.Seq, message.Text, message.At, by, author: message.From.User);

    /// <summary>Records that the server acknowledged a message to its author.</summary>
    public void RecordAck(AckFrame ack, string room, string text, string author, string by)
    {
        if (ack is not { Room: { } ackRoom, Seq: { } seq, At: { } time })
        {
            AddViolation($"{by} got an ack without room, seq and time: {ack}");
            return;
        }

        if (ackRoom != room)
            AddViolation($"{by} sent \"{Truncate(text)}\" to {room}, but the ack names {ackRoom}");
        Record(ackRoom, seq, text, time, by, author);
        lock (_gate)
        {
            Acknowledged++;
            if (ack.Duplicate)
                Duplicates++;
        }
    }

    public IReadOnlyList<Event> GetEvents(string room)
    {
        lock (_gate)
            return [.. _rooms.GetValueOrDefault(room, []).OfType<Event>()];
    }

    /// <summary>The highest seq that any client has received.</summary>
    public long GetLastSeq(string room)
    {
        lock (_gate)
            return _rooms.GetValueOrDefault(room, []).Count;
    }

    private void Record(string room, long seq, string text, DateTimeOffset at, string by, string author)
    {
        var received = new Event(seq, text, at, author);
        lock (_gate)
        {
            if (!_rooms.TryGetValue(room, out var events))
                _rooms.Add(room, events = []);
            while (events.Count < seq)
                events.Add(null);
            if (events[(int)seq - 1] is { } known)
            {
                if (known != received)
                    AddViolation($"{by} received {seq} in {room} as {received}; earlier it was {known}");
                return;
            }

            events[(int)seq - 1] = received;
            if (!_texts.TryAdd(text, (room, seq)))
                AddViolation($"{by} received \"{Truncate(text)}\" as {seq} in {room}; it is also {_texts[text]}");
        }
    }

    private static string Truncate(string text) => text.Length > 40 ? text[..40] + "…" : text;

    public sealed record Event(long Seq, string Text, DateTimeOffset At, string Author)
    {
        public override string ToString() => $"\"{Truncate(Text)}\" by {Author} at {At:O} ({Text.Length} characters)";
    }
}
