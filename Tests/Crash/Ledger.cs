using System.Collections.Concurrent;
using RawSocketChat.Protocol.Chat;

namespace RawSocketChat.Tests.Crash;

/// <summary>
/// What the server has promised so far: every event that anybody was shown, and every ack. Whatever contradicts it later is
/// a complaint. Used from the threads of all clients.
/// </summary>
internal sealed class Ledger
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, List<Event?>> _rooms = [];
    private readonly Dictionary<string, (string Room, long Seq)> _texts = [];
    private readonly Dictionary<string, string> _epochs = [];
    private readonly ConcurrentQueue<string> _complaints = new();

    /// <summary>Says that were acknowledged, each once.</summary>
    public int Acknowledged { get; private set; }

    /// <summary>Acks of a say that was sent again and stored before.</summary>
    public int Duplicates { get; private set; }

    public IReadOnlyCollection<string> Complaints => _complaints;

    public void Complain(string what)
    {
        if (_complaints.Count < 20)
            _complaints.Enqueue(what);
    }

    public void Opened(string room, string epoch)
    {
        lock (_gate)
        {
            if (!_epochs.TryAdd(room, epoch) && _epochs[room] != epoch)
                Complain($"the epoch of {room} was {_epochs[room]} and is {epoch}");
        }
    }

    /// <summary>Somebody was shown an event: so it is stored, and stays what and where it is.</summary>
    public void Shown(MessageFrame message, string by) => Note(message.Room, message.Seq, message.Text, message.At, by, author: message.From.User);

    /// <summary>A say was acknowledged to its author.</summary>
    public void Acked(AckFrame ack, string room, string text, string author, string by)
    {
        if (ack is not { Room: { } at, Seq: { } seq, At: { } time })
        {
            Complain($"{by} got an ack without room, seq and time: {ack}");
            return;
        }

        if (at != room)
            Complain($"{by} said \"{Start(text)}\" in {room}, and the ack says {at}");
        Note(at, seq, text, time, by, author);
        lock (_gate)
        {
            Acknowledged++;
            if (ack.Duplicate)
                Duplicates++;
        }
    }

    public IReadOnlyList<Event> EventsOf(string room)
    {
        lock (_gate)
            return [.. _rooms.GetValueOrDefault(room, []).OfType<Event>()];
    }

    /// <summary>The newest seq that anybody was told of.</summary>
    public long LastOf(string room)
    {
        lock (_gate)
            return _rooms.GetValueOrDefault(room, []).Count;
    }

    private void Note(string room, long seq, string text, DateTimeOffset at, string by, string author)
    {
        var told = new Event(seq, text, at, author);
        lock (_gate)
        {
            if (!_rooms.TryGetValue(room, out var events))
                _rooms.Add(room, events = []);
            while (events.Count < seq)
                events.Add(null);
            if (events[(int)seq - 1] is { } known)
            {
                if (known != told)
                    Complain($"{by} was told that {seq} in {room} is {told}; before, it was {known}");
                return;
            }

            events[(int)seq - 1] = told;
            if (!_texts.TryAdd(text, (room, seq)))
                Complain($"{by} was told that \"{Start(text)}\" is {seq} in {room}; it is {_texts[text]} too");
        }
    }

    private static string Start(string text) => text.Length > 40 ? text[..40] + "…" : text;

    public sealed record Event(long Seq, string Text, DateTimeOffset At, string Author)
    {
        public override string ToString() => $"\"{Start(Text)}\" of {Author} at {At:O} ({Text.Length} characters)";
    }
}
