using System.Collections.Concurrent;
using System.Globalization;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Support.ChatPeerExtensions;

namespace RawSocketChat.Tests.Transports;

/// <summary>
/// A client changes its transport at random while another client sends many messages to the room. The first client closes its connections
/// with and without a close handshake, and posts messages all the time. The suite makes a fixed number of changes. <c>RSC_ROAM_SECONDS=180
/// Tests/run Roaming</c> runs longer, and <c>RSC_ROAM_SEED</c> repeats a run.
/// </summary>
[Category(Categories.Slow)] // switches transports many times
public sealed class RoamingTests
{
    private const int MinChanges = 60;

    [Test]
    [CancelAfter(3_600_000)]
    public async Task Client_that_changes_its_transport_loses_no_message_and_gets_all_messages_in_order(CancellationToken cancellation)
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("RSC_ROAM_SEED"), CultureInfo.InvariantCulture, out var given) ? given : Random.Shared.Next();
        var seconds = int.TryParse(Environment.GetEnvironmentVariable("RSC_ROAM_SECONDS"), CultureInfo.InvariantCulture, out var wanted) ? wanted : 0;
        TestContext.Out.WriteLine($"seed {seed}");
        await using var server = await ServerUnderTest.StartAsync("--Limits:Enabled", "false");

        var (speaker, _) = await ChatClient.JoinAsync(server.HttpPort, "speaker");
        await using var __ = speaker;
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var flood = FloodAsync(speaker, enough.Token);

        await using var roamer = new Roamer(server, new Random(seed), flood);
        var began = TimeProvider.System.GetTimestamp();
        for (var i = 0; i < MinChanges || TimeProvider.System.GetElapsedTime(began).TotalSeconds < seconds; i++)
            await roamer.ChangeAsync();
        await enough.CancelAsync();
        var said = await flood;
        await roamer.SettleAsync();

        TestContext.Out.WriteLine($"{roamer.Changes} transport changes ({roamer.Summary}), {said} messages of the speaker, {roamer.Acked.Count} of the roamer, {roamer.Seen.Count} received");
        roamer.Seen.Select(message => message.Seq).Should().Equal(Enumerable.Range(1, said + roamer.Acked.Count).Select(seq => (long)seq), "no message is lost or out of order (seed {0})", seed);
        foreach (var (id, ack) in roamer.Acked)
            roamer.Seen[(int)ack - 1].Text.Should().Be(id);
        roamer.Seen.Where(message => message.From.Name == "speaker").Select(message => message.Text).Should().Equal(Enumerable.Range(0, said).Select(i => $"s{i}"));
    }

    private static async Task<int> FloodAsync(ChatClient speaker, CancellationToken enough)
    {
        for (var i = 0; ; i++)
        {
            if (enough.IsCancellationRequested)
                return i;
            await speaker.RequestAsync<AckFrame>(Say($"s{i}", $"s{i}"));
        }
    }

    /// <summary>A client that follows the protocol: it resumes a room after its last seq, posts with ids, and works with every transport.</summary>
    private sealed class Roamer(ServerUnderTest server, Random random, Task flood) : IAsyncDisposable
    {
        // A choice below 5 is a value of HttpTransport.
        private const int WebSocketChoice = 5;
        private const int RawTcpChoice = 6;

        private readonly Dictionary<string, int> _transports = [];
        private readonly ConcurrentDictionary<string, string> _unacked = new();
        private IChatPeer? _peer;
        private Task _receiving = Task.CompletedTask;
        private string? _session;
        private string? _epoch;
        private int _said;
        private string _transport = "no transport";

        public List<MessageFrame> Seen { get; } = [];

        public ConcurrentDictionary<string, long> Acked { get; } = new();

        public int Changes { get; private set; }

        public string Summary => string.Join(", ", _transports.OrderBy(used => used.Key).Select(used => $"{used.Key} {used.Value}"));

        /// <summary>Changes to a random transport, posts some messages, and receives some.</summary>
        public async Task ChangeAsync()
        {
            Changes++;
            var choice = random.Next(RawTcpChoice + 1);
            if (_peer is HttpChatPeer http && choice < WebSocketChoice)
            {
                // The new transport reads the same outbox, so the client does not join again.
                CountTransport($"{(HttpTransport)choice}");
                http.SwitchTo((HttpTransport)choice);
            }
            else
            {
                await DisconnectAsync();
                await ConnectAsync(choice);
            }

            for (var i = random.Next(4); i > 0; i--)
            {
                var id = $"r{_said++}";
                _unacked[id] = id;
                // Do not await this task, because the transport may change first. The ack shows whether the message was posted.
                _ = SayAsync(_peer!, id);
            }

            var enough = Seen.Count + random.Next(60);
            await WaitUntilAsync(() => Seen.Count >= enough, () => $"{enough} messages over {_transport} after {Changes} changes; received {Seen.Count}");
        }

        /// <summary>Connects over WebSocket. Waits until all own messages are acknowledged and all messages of the room have arrived.</summary>
        public async Task SettleAsync()
        {
            await DisconnectAsync();
            await ConnectAsync(WebSocketChoice);
            _unacked["last"] = "last";
            await SayAsync(_peer!, "last");
            await WaitUntilAsync(() => _unacked.IsEmpty, () => $"the acks of {string.Join(' ', _unacked.Keys)}");
            await WaitUntilAsync(() => Seen.Count >= Acked["last"], () => $"{Acked["last"]} messages; received {Seen.Count}");
        }

        public async ValueTask DisposeAsync() => await DisconnectAsync();

        private async Task WaitUntilAsync(Func<bool> condition, Func<string> what)
        {
            await TestWait.UntilAsync(() => condition() || _receiving.IsCompleted || flood.IsFaulted, what);
            if (_receiving.IsCompleted && !condition())
            {
                await _receiving;
                throw new AssertionException($"{_transport} ended unexpectedly; the last frame was {_peer!.Inbox.All.LastOrDefault()}");
            }

            if (flood.IsFaulted)
                await flood;
        }

        private void CountTransport(string name)
        {
            _transport = name;
            _transports[name] = _transports.GetValueOrDefault(name) + 1;
        }

        private async Task DisconnectAsync()
        {
            if (_peer is null)
                return;
            if (_peer is ChatClient client && random.Next(2) == 0)
                await client.CloseAsync(1000);
            await _peer.DisposeAsync();
            await _receiving;
        }

        private async Task ConnectAsync(int choice)
        {
            var name = choice switch { WebSocketChoice => "WebSocket", RawTcpChoice => "raw TCP", _ => $"{(HttpTransport)choice}" };
            CountTransport(name);
            WelcomeFrame welcome;
            switch (choice)
            {
                case WebSocketChoice:
                    _peer = await ChatClient.ConnectAsync(server.HttpPort, $"/ws?session={_session}");
                    welcome = await _peer.Inbox.ExpectAsync<WelcomeFrame>();
                    break;
                case RawTcpChoice:
                    _peer = await LineClient.ConnectAsync(server.RawPort);
                    welcome = await _peer.RequestAsync<WelcomeFrame>(new ClientFrame { Type = ClientFrameType.Hello, Session = _session });
                    break;
                default:
                    var peer = await HttpChatPeer.ConnectAsync(server.HttpPort, (HttpTransport)choice, session: _session);
                    (_peer, welcome) = (peer, peer.Welcome);
                    break;
            }

            _session ??= welcome.Session;
            welcome.Session.Should().Be(_session, "the session is the same on every transport");
            _receiving = ReceiveAsync(_peer);
            await _peer.SendAsync(Join("lobby", after: Seen.Count, epoch: _epoch));
            foreach (var id in _unacked.Keys)
                _ = SayAsync(_peer, id);
        }

        private static async Task SayAsync(IChatPeer peer, string id)
        {
            try
            {
                await peer.SendAsync(Say(id, id, "lobby"));
            }
            catch (Exception fault) when (fault is IOException or HttpRequestException or OperationCanceledException or ObjectDisposedException or System.Net.Sockets.SocketException)
            {
                // The transport changed before the ack arrived. The client posts the message again over the next transport.
            }
        }

        private async Task ReceiveAsync(IChatPeer peer)
        {
            var isJoined = false;
            await foreach (var frame in peer.Inbox.ReadAllAsync())
            {
                switch (frame)
                {
                    case JoinedFrame joined:
                        joined.Recovered.Should().BeTrue();
                        _epoch = joined.Epoch;
                        isJoined = true;
                        foreach (var message in joined.Messages.DecodeMessages())
                            Receive(message);
                        break;
                    case MessageFrame message when isJoined:
                        Receive(message);
                        break;
                    case GapFrame gap:
                        throw new AssertionException($"a gap from {gap.From} to {gap.To}");
                    case AckFrame { Seq: { } seq } ack when _unacked.TryRemove(ack.Id.ToString(), out _):
                        Acked[ack.Id.ToString()] = seq;
                        break;
                }
            }
        }

        // If the client returns to an HTTP session, the session may hold messages that the client has already received over another
        // transport.
        private void Receive(MessageFrame message)
        {
            if (message.Seq <= Seen.Count)
                return;
            if (message.Seq != Seen.Count + 1)
                throw new AssertionException($"message {message.Seq} came after {Seen.Count} over {_transport}");
            Seen.Add(message);
        }
    }
}
