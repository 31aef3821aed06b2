using System.Collections.Concurrent;
using System.Globalization;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Support.ChatPeerVerbs;

namespace RawSocketChat.Tests.Transports;

/// <summary>
/// One session in the middle of a flood changes its way at random, by cuts and in good order, and speaks meanwhile. So many
/// changes are made in the suite; <c>RSC_ROAM_SECONDS=180 Tests/run Roaming</c> goes on for as long as wanted, and
/// <c>RSC_ROAM_SEED</c> repeats a run.
/// </summary>
public sealed class RoamingTests
{
    private const int Changes = 60;

    [Test]
    [CancelAfter(3_600_000)]
    public async Task Who_changes_the_way_in_mid_stream_loses_nothing_and_sees_nothing_twice(CancellationToken cancellation)
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
        var end = TimeProvider.System.GetTimestamp();
        for (var i = 0; i < Changes || TimeProvider.System.GetElapsedTime(end).TotalSeconds < seconds; i++)
            await roamer.ChangeAsync();
        await enough.CancelAsync();
        var said = await flood;
        await roamer.SettleAsync();

        TestContext.Out.WriteLine($"{roamer.Legs} ways taken ({roamer.Summary}), {said} messages by another, {roamer.Acked.Count} of its own, {roamer.Seen.Count} seen");
        roamer.Seen.Select(message => message.Seq).Should().Equal(Enumerable.Range(1, said + roamer.Acked.Count).Select(seq => (long)seq), "nothing is lost, doubled or out of order (seed {0})", seed);
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
            await speaker.AskAsync<AckFrame>(Say($"s{i}", $"s{i}"));
        }
    }

    /// <summary>A client as PROTOCOL wants it: a cursor in the room, ids for what it says, and no care for the way.</summary>
    private sealed class Roamer(ServerUnderTest server, Random random, Task flood) : IAsyncDisposable
    {
        private readonly Dictionary<string, int> _ways = [];
        private readonly ConcurrentDictionary<string, string> _unacked = new();
        private IChatPeer? _peer;
        private Task _taking = Task.CompletedTask;
        private string? _session;
        private string? _epoch;
        private int _said;
        private string _now = "nothing";

        public List<MessageFrame> Seen { get; } = [];

        public ConcurrentDictionary<string, long> Acked { get; } = new();

        public int Legs { get; private set; }

        public string Summary => string.Join(", ", _ways.OrderBy(way => way.Key).Select(way => $"{way.Key} {way.Value}"));

        /// <summary>Leaves the way it is on, somehow, and takes another; then speaks, and stays for some messages.</summary>
        public async Task ChangeAsync()
        {
            Legs++;
            var way = random.Next(7);
            if (_peer is HttpChatPeer http && way < 5)
            {
                // The same outbox by another request: no joining anew.
                Count($"{(HttpWay)way}");
                http.ChangeTo((HttpWay)way);
            }
            else
            {
                await LeaveAsync();
                await TakeUpAsync(way);
            }

            for (var i = random.Next(4); i > 0; i--)
            {
                var id = $"r{_said++}";
                _unacked[id] = id;
                // Whether it gets through is seen by its ack: the next way may be taken before.
                _ = SayAsync(_peer!, id);
            }

            var enough = Seen.Count + random.Next(60);
            await UntilAsync(() => Seen.Count >= enough, () => $"{enough} messages by {_now} after {Legs} ways; there are {Seen.Count}");
        }

        /// <summary>Stays where it is until all it said is acknowledged and all there is was seen.</summary>
        public async Task SettleAsync()
        {
            await LeaveAsync();
            await TakeUpAsync(5);
            _unacked["last"] = "last";
            await SayAsync(_peer!, "last");
            await UntilAsync(() => _unacked.IsEmpty, () => $"the acks of {string.Join(' ', _unacked.Keys)}");
            await UntilAsync(() => Seen.Count >= Acked["last"], () => $"all of {Acked["last"]}; there are {Seen.Count}");
        }

        public async ValueTask DisposeAsync() => await LeaveAsync();

        private async Task UntilAsync(Func<bool> condition, Func<string> what)
        {
            await Patience.UntilAsync(() => condition() || _taking.IsCompleted || flood.IsFaulted, what);
            if (_taking.IsCompleted && !condition())
            {
                await _taking;
                throw new AssertionException($"{_now} ended by itself; the last that came was {_peer!.Inbox.All.LastOrDefault()}");
            }

            if (flood.IsFaulted)
                await flood;
        }

        private void Count(string way)
        {
            _now = way;
            _ways[way] = _ways.GetValueOrDefault(way) + 1;
        }

        private async Task LeaveAsync()
        {
            if (_peer is null)
                return;
            if (_peer is ChatClient client && random.Next(2) == 0)
                await client.CloseAsync(1000);
            await _peer.DisposeAsync();
            await _taking;
        }

        private async Task TakeUpAsync(int way)
        {
            var name = way switch { 5 => "WebSocket", 6 => "raw TCP", _ => $"{(HttpWay)way}" };
            Count(name);
            WelcomeFrame welcome;
            switch (way)
            {
                case 5:
                    _peer = await ChatClient.ConnectAsync(server.HttpPort, $"/ws?session={_session}");
                    welcome = await _peer.Inbox.ExpectAsync<WelcomeFrame>();
                    break;
                case 6:
                    _peer = await LineClient.ConnectAsync(server.RawPort);
                    welcome = await _peer.AskAsync<WelcomeFrame>(new ClientFrame { Type = ClientFrameType.Hello, Session = _session });
                    break;
                default:
                    var peer = await HttpChatPeer.ConnectAsync(server.HttpPort, (HttpWay)way, session: _session);
                    (_peer, welcome) = (peer, peer.Welcome);
                    break;
            }

            _session ??= welcome.Session;
            welcome.Session.Should().Be(_session, "it is the same session by every way");
            _taking = TakeAsync(_peer);
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
                // The way was left meanwhile; it is said again by the next one.
            }
        }

        private async Task TakeAsync(IChatPeer peer)
        {
            var isIn = false;
            await foreach (var frame in peer.Inbox.ReadAllAsync())
            {
                switch (frame)
                {
                    case JoinedFrame joined:
                        joined.Recovered.Should().BeTrue();
                        _epoch = joined.Epoch;
                        isIn = true;
                        foreach (var message in joined.Messages.MessagesOf())
                            Take(message);
                        break;
                    case MessageFrame message when isIn:
                        Take(message);
                        break;
                    case GapFrame gap:
                        throw new AssertionException($"a gap from {gap.From} to {gap.To}");
                    case AckFrame { Seq: { } seq } ack when _unacked.TryRemove(ack.Id.ToString(), out _):
                        Acked[ack.Id.ToString()] = seq;
                        break;
                }
            }
        }

        // An HTTP session that was left behind may still hold what came while another way was taken: that is behind the cursor.
        private void Take(MessageFrame message)
        {
            if (message.Seq <= Seen.Count)
                return;
            if (message.Seq != Seen.Count + 1)
                throw new AssertionException($"{message.Seq} came after {Seen.Count} by {_now}");
            Seen.Add(message);
        }
    }
}
