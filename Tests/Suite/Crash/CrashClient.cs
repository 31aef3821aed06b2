using System.Net.Sockets;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Crash;

/// <summary>
/// A client that sends messages to some rooms as fast as the server acknowledges them. When a connection ends, the client opens another
/// one: it resumes its session, rejoins each room with its cursor, and sends unacknowledged messages again with the same ids.
/// </summary>
internal sealed class CrashClient(int number, string[] rooms, Ledger ledger, int seed)
{
    // The maximum number of messages without an ack.
    private const int Window = 24;

    private readonly Lock _gate = new();
    private readonly Random _random = new(seed);
    private readonly SortedDictionary<int, Unacknowledged> _pending = [];
    private readonly Dictionary<string, RoomCursor> _cursors = rooms.ToDictionary(room => room, _ => new RoomCursor());
    private string? _session;
    private string? _user;
    private int _messageCount;
    private int _connectionNumber;
    private int _resentCount;

    public string Name { get; } = $"talker{number}";

    /// <summary>The number of messages that were sent again.</summary>
    public int ResentCount => _resentCount;

    public int RoomCount => rooms.Length;

    private bool IsRaw => number % 2 == 1;

    /// <summary>Whether the client has received all acks, and all messages of its rooms up to the highest seq that any client has received.</summary>
    public bool HasAll(Func<string, long> lastOf)
    {
        lock (_gate)
            return _pending.Count == 0 && _cursors.All(cursor => cursor.Value.Last == lastOf(cursor.Key));
    }

    public string DescribeMissing(Func<string, long> lastOf)
    {
        lock (_gate)
            return $"{Name}: {_pending.Count} unacknowledged; {string.Join(", ", _cursors.Select(cursor => $"{cursor.Key} up to {cursor.Value.Last} of {lastOf(cursor.Key)}"))}";
    }

    /// <summary>Runs one connection until the server ends it.</summary>
    public async Task RunConnectionAsync(int httpPort, int rawPort, ProgressCounter progress)
    {
        _connectionNumber++;
        foreach (var cursor in _cursors.Values)
            cursor.LiveFrom = null;
        try
        {
            await using IChatPeer peer = IsRaw
                ? await LineClient.ConnectAsync(rawPort)
                : await ChatClient.ConnectAsync(httpPort, _session is null ? $"/ws?name={Name}" : $"/ws?session={_session}");
            using var cancel = new CancellationTokenSource();
            using var window = new SemaphoreSlim(Window - GetPending().Length);
            var sending = SendMessagesAsync(peer, window, progress, cancel.Token);
            await foreach (var frame in peer.Inbox.ReadAllAsync())
            {
                Receive(frame, window, progress);
                progress.Add(ProgressEvent.Frame);
            }

            await cancel.CancelAsync();
            await sending;
            await CheckEndAsync(peer);
        }
        catch (Exception fault) when (fault is SocketException or HandshakeRefusedException)
        {
            // The server was killed before or during the handshake.
        }
    }

    private async Task SendMessagesAsync(IChatPeer peer, SemaphoreSlim window, ProgressCounter progress, CancellationToken cancel)
    {
        try
        {
            if (IsRaw)
                await peer.SendAsync(new ClientFrame { Type = ClientFrameType.Hello, Session = _session, Name = _session is null ? Name : null });
            foreach (var (room, cursor) in _cursors)
                await peer.SendAsync(ChatPeerExtensions.Join(room, cursor.Epoch is null ? 0 : cursor.Last, cursor.Epoch));
            foreach (var (room, text) in GetPending())
            {
                _resentCount++;
                await peer.SendAsync(ChatPeerExtensions.Say(text, GetId(text), room));
            }

            while (true)
            {
                await window.WaitAsync(cancel);
                if (progress.IsDraining)
                    return;
                var (room, text) = CreateMessage();
                await peer.SendAsync(ChatPeerExtensions.Say(text, GetId(text), room));
            }
        }
        catch (Exception fault) when (fault is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The server was killed.
        }
    }

    private void Receive(ServerFrame frame, SemaphoreSlim window, ProgressCounter progress)
    {
        switch (frame)
        {
            case WelcomeFrame welcome:
                CheckWelcome(welcome);
                break;
            case JoinedFrame joined:
                Join(joined);
                progress.Add(ProgressEvent.Joined);
                break;
            case MessageFrame message:
                if (RecordMessage(message))
                    progress.Add(ProgressEvent.CaughtUp);
                break;
            case AckFrame ack:
                Acknowledge(ack);
                window.Release();
                progress.Add(ProgressEvent.Acked);
                break;
            case ErrorFrame or GapFrame or ByeFrame:
                ledger.AddViolation($"{Name} received {frame}");
                break;
        }
    }

    // The server sends a welcome only after it has stored the session. So the session and its user must survive the kill.
    private void CheckWelcome(WelcomeFrame welcome)
    {
        if (_session is not null && (_session, _user) != (welcome.Session, welcome.User))
            ledger.AddViolation($"{Name} reconnected as {_user} and was welcomed as {welcome.User}, with {(_session == welcome.Session ? "the same" : "another")} session");
        (_session, _user) = (welcome.Session, welcome.User);
    }

    private void Join(JoinedFrame joined)
    {
        var cursor = _cursors[joined.Room];
        ledger.RecordEpoch(joined.Room, joined.Epoch);
        if (joined.Recovered != true)
            ledger.AddViolation($"{Name} did not recover all of {joined.Room} after {cursor.Last}");
        if (joined.Seq < cursor.Last)
            ledger.AddViolation($"{Name} has {joined.Room} up to {cursor.Last}, but now it ends at {joined.Seq}");
        cursor.Epoch = joined.Epoch;
        foreach (var message in joined.Messages.DecodeMessages())
            RecordMessage(message);
        cursor.LiveFrom = joined.Seq + 1;
    }

    /// <returns>Whether the message was part of a catch-up.</returns>
    private bool RecordMessage(MessageFrame message)
    {
        var cursor = _cursors[message.Room];
        lock (_gate)
        {
            if (message.Seq != cursor.Last + 1)
                ledger.AddViolation($"{Name} received {message.Seq} in {message.Room} after {cursor.Last}");
            cursor.Last = Math.Max(cursor.Last, message.Seq);
            if (message.From.User == _user && ParseNumber(message.Text) is { } messageNumber && _pending.TryGetValue(messageNumber, out var pending) && pending.ConnectionNumber == _connectionNumber)
                ledger.AddViolation($"{Name} received its own {message.Seq} in {message.Room} before the ack");
        }

        ledger.RecordMessage(message, Name);
        return message.Seq < cursor.LiveFrom;
    }

    private void Acknowledge(AckFrame ack)
    {
        Unacknowledged? pending;
        lock (_gate)
        {
            if (ParseNumber(ack.Id.ToString()) is not { } messageNumber || !_pending.Remove(messageNumber, out pending))
            {
                ledger.AddViolation($"{Name} received an unexpected ack: {ack}");
                return;
            }
        }

        if (ack.Duplicate && pending.ConnectionNumber == _connectionNumber)
            ledger.AddViolation($"{Name} sent a message once, but the ack says duplicate: {ack}");
        ledger.RecordAck(ack, pending.Room, pending.Text, _user!, Name);
    }

    private (string Room, string Text) CreateMessage()
    {
        lock (_gate)
        {
            var room = rooms[_random.Next(rooms.Length)];
            // Most texts are short and some are long, so that commits and checkpoints vary in size.
            var length = _random.Next(20) == 0 ? _random.Next(4000) : _random.Next(160);
            var text = $"{number}.{++_messageCount} {new string((char)('a' + _random.Next(26)), length)}";
            _pending.Add(_messageCount, new Unacknowledged(room, text, _connectionNumber));
            return (room, text);
        }
    }

    private (string Room, string Text)[] GetPending()
    {
        lock (_gate)
            return [.. _pending.Values.Select(pending => (pending.Room, pending.Text))];
    }

    private async Task CheckEndAsync(IChatPeer peer)
    {
        try
        {
            await (peer is LineClient line ? line.Ended : ((ChatClient)peer).Closed);
        }
        catch (SocketException)
        {
            // The kill has reset the stream.
        }
        catch (AssertionException fault)
        {
            ledger.AddViolation($"{Name}: {fault.Message}");
        }
    }

    private static string GetId(string text) => text[..text.IndexOf(' ', StringComparison.Ordinal)];

    // For client 3, "3.17 words" and "3.17" are both message 17.
    private int? ParseNumber(string text) =>
        text.Split(' ')[0].Split('.') is [var clientNumber, var messageNumber] && clientNumber == $"{number}" && int.TryParse(messageNumber, out var found) ? found : null;

    private sealed record Unacknowledged(string Room, string Text, int ConnectionNumber);

    /// <summary>The client's position in a room. The client has received every seq from 1 to <see cref="Last"/>; a hole is a violation.</summary>
    private sealed class RoomCursor
    {
        public string? Epoch { get; set; }

        public long Last { get; set; }

        /// <summary>The first seq after the catch-up; null before the client has received <c>joined</c>.</summary>
        public long? LiveFrom { get; set; }
    }
}
