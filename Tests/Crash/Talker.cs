using System.Net.Sockets;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Crash;

/// <summary>
/// Somebody who talks in some rooms as fast as the server acknowledges, over one connection after the other: comes back with
/// the session, to each room with the cursor, and says again by the same ids whatever was not acknowledged.
/// </summary>
internal sealed class Talker(int number, string[] rooms, Ledger ledger, int seed)
{
    // So many says wait for their acks at once.
    private const int Window = 24;

    private readonly Lock _gate = new();
    private readonly Random _random = new(seed);
    private readonly SortedDictionary<int, Unacknowledged> _pending = [];
    private readonly Dictionary<string, View> _views = rooms.ToDictionary(room => room, _ => new View());
    private string? _session;
    private string? _user;
    private int _said;
    private int _life;
    private int _again;

    public string Name { get; } = $"talker{number}";

    /// <summary>How often a say was sent again.</summary>
    public int SentAgain => _again;

    public int RoomCount => rooms.Length;

    private bool IsRaw => number % 2 == 1;

    /// <summary>Nothing is owed to it any more, as far as everybody together knows.</summary>
    public bool HasAll(Func<string, long> lastOf)
    {
        lock (_gate)
            return _pending.Count == 0 && _views.All(view => view.Value.Last == lastOf(view.Key));
    }

    public string Owed(Func<string, long> lastOf)
    {
        lock (_gate)
            return $"{Name}: {_pending.Count} unacknowledged; {string.Join(", ", _views.Select(view => $"{view.Key} up to {view.Value.Last} of {lastOf(view.Key)}"))}";
    }

    /// <summary>One connection, from its beginning until the server ends it, by whatever happens to it.</summary>
    public async Task LiveAsync(int httpPort, int rawPort, Pulse pulse)
    {
        _life++;
        foreach (var view in _views.Values)
            view.PresentFrom = null;
        try
        {
            await using IChatPeer peer = IsRaw
                ? await LineClient.ConnectAsync(rawPort)
                : await ChatClient.ConnectAsync(httpPort, _session is null ? $"/ws?name={Name}" : $"/ws?session={_session}");
            using var life = new CancellationTokenSource();
            using var window = new SemaphoreSlim(Window - Pending().Length);
            var speaking = SpeakAsync(peer, window, pulse, life.Token);
            await foreach (var frame in peer.Inbox.ReadAllAsync())
            {
                Take(frame, window, pulse);
                pulse.Add(Beat.Frame);
            }

            await life.CancelAsync();
            await speaking;
            await CheckEndAsync(peer);
        }
        catch (Exception fault) when (fault is SocketException or HandshakeRefusedException)
        {
            // The server was killed before or while it was spoken to.
        }
    }

    private async Task SpeakAsync(IChatPeer peer, SemaphoreSlim window, Pulse pulse, CancellationToken life)
    {
        try
        {
            if (IsRaw)
                await peer.SendAsync(new ClientFrame { Type = ClientFrameType.Hello, Session = _session, Name = _session is null ? Name : null });
            foreach (var (room, view) in _views)
                await peer.SendAsync(ChatPeerVerbs.Join(room, view.Epoch is null ? 0 : view.Last, view.Epoch));
            foreach (var (room, text) in Pending())
            {
                _again++;
                await peer.SendAsync(ChatPeerVerbs.Say(text, IdOf(text), room));
            }

            while (true)
            {
                await window.WaitAsync(life);
                if (pulse.IsQuiet)
                    return;
                var (room, text) = SomethingNew();
                await peer.SendAsync(ChatPeerVerbs.Say(text, IdOf(text), room));
            }
        }
        catch (Exception fault) when (fault is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The server is gone.
        }
    }

    private void Take(ServerFrame frame, SemaphoreSlim window, Pulse pulse)
    {
        switch (frame)
        {
            case WelcomeFrame welcome:
                Recognize(welcome);
                break;
            case JoinedFrame joined:
                Join(joined);
                pulse.Add(Beat.Joined);
                break;
            case MessageFrame message:
                if (See(message))
                    pulse.Add(Beat.CaughtUp);
                break;
            case AckFrame ack:
                Acknowledge(ack);
                window.Release();
                pulse.Add(Beat.Acked);
                break;
            case ErrorFrame or GapFrame or ByeFrame:
                ledger.Complain($"{Name} got {frame}");
                break;
        }
    }

    // A session that a welcome told of is stored: it survives, and so does who it is.
    private void Recognize(WelcomeFrame welcome)
    {
        if (_session is not null && (_session, _user) != (welcome.Session, welcome.User))
            ledger.Complain($"{Name} came back as {_user} and was welcomed as {welcome.User}, {(_session == welcome.Session ? "by the same" : "by another")} session");
        (_session, _user) = (welcome.Session, welcome.User);
    }

    private void Join(JoinedFrame joined)
    {
        var view = _views[joined.Room];
        ledger.Opened(joined.Room, joined.Epoch);
        if (joined.Recovered != true)
            ledger.Complain($"{Name} was not given all of {joined.Room} after {view.Last}");
        if (joined.Seq < view.Last)
            ledger.Complain($"{Name} had seen {joined.Room} up to {view.Last}, and now it ends at {joined.Seq}");
        view.Epoch = joined.Epoch;
        foreach (var message in joined.Messages.MessagesOf())
            See(message);
        view.PresentFrom = joined.Seq + 1;
    }

    /// <returns>Whether it came to catch up.</returns>
    private bool See(MessageFrame message)
    {
        var view = _views[message.Room];
        lock (_gate)
        {
            if (message.Seq != view.Last + 1)
                ledger.Complain($"{Name} got {message.Seq} in {message.Room} after {view.Last}");
            view.Last = Math.Max(view.Last, message.Seq);
            if (message.From.User == _user && NumberOf(message.Text) is { } mine && _pending.TryGetValue(mine, out var own) && own.Life == _life)
                ledger.Complain($"{Name} saw its own {message.Seq} in {message.Room} before the ack");
        }

        ledger.Shown(message, Name);
        return message.Seq < view.PresentFrom;
    }

    private void Acknowledge(AckFrame ack)
    {
        Unacknowledged? said;
        lock (_gate)
        {
            if (NumberOf(ack.Id.ToString()) is not { } mine || !_pending.Remove(mine, out said))
            {
                ledger.Complain($"{Name} got an ack that it does not wait for: {ack}");
                return;
            }
        }

        if (ack.Duplicate && said.Life == _life)
            ledger.Complain($"{Name} said something for the first time and was told that it is a repeat: {ack}");
        ledger.Acked(ack, said.Room, said.Text, _user!, Name);
    }

    private (string Room, string Text) SomethingNew()
    {
        lock (_gate)
        {
            var room = rooms[_random.Next(rooms.Length)];
            // Mostly a line; now and then a page, so that commits and checkpoints are of all sizes.
            var length = _random.Next(20) == 0 ? _random.Next(4000) : _random.Next(160);
            var text = $"{number}.{++_said} {new string((char)('a' + _random.Next(26)), length)}";
            _pending.Add(_said, new Unacknowledged(room, text, _life));
            return (room, text);
        }
    }

    private (string Room, string Text)[] Pending()
    {
        lock (_gate)
            return [.. _pending.Values.Select(said => (said.Room, said.Text))];
    }

    private async Task CheckEndAsync(IChatPeer peer)
    {
        try
        {
            await (peer is LineClient line ? line.Ended : ((ChatClient)peer).Closed);
        }
        catch (SocketException)
        {
            // A killed server's streams are reset.
        }
        catch (AssertionException fault)
        {
            ledger.Complain($"{Name}: {fault.Message}");
        }
    }

    private static string IdOf(string text) => text[..text.IndexOf(' ', StringComparison.Ordinal)];

    // "3.17 words" and "3.17" are both the 17th.
    private int? NumberOf(string text) =>
        text.Split(' ')[0].Split('.') is [var who, var which] && who == $"{number}" && int.TryParse(which, out var found) ? found : null;

    private sealed record Unacknowledged(string Room, string Text, int Life);

    /// <summary>What it has seen of a room: everything from 1 to <see cref="Last"/>, else there was a complaint.</summary>
    private sealed class View
    {
        public string? Epoch { get; set; }

        public long Last { get; set; }

        /// <summary>The first seq that is no catching up; null before <c>joined</c>.</summary>
        public long? PresentFrom { get; set; }
    }
}
