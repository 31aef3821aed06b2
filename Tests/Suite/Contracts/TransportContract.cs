using System.Security.Cryptography;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Support.ChatPeerExtensions;

namespace RawSocketChat.Tests.Contracts;

/// <summary>The rules that every transport must follow. A new transport adds one subclass.</summary>
public abstract class TransportContract
{
    private ServerUnderTest _server = null!;

    [SetUp]
    public async Task StartServer() => _server = await StartAsync("--Limits:Enabled", "false");

    [TearDown]
    public async Task StopServer() => await _server.DisposeAsync();

    /// <summary>Starts a server for this transport.</summary>
    protected virtual Task<ServerUnderTest> StartAsync(params string[] settings) => ServerUnderTest.StartAsync(settings);

    /// <summary>Connects with a name or with the token of a session, and receives the welcome.</summary>
    protected abstract Task<(IChatPeer Peer, WelcomeFrame Welcome)> ConnectAsync(ServerUnderTest server, string? name, string? session = null);

    /// <summary>Connects, joins the lobby, and reads nothing.</summary>
    protected abstract Task<IChatPeer> ConnectWithoutReadingAsync(ServerUnderTest server);

    /// <summary>
    /// The close code in the <c>bye</c> frame that a request receives when another request takes over the session. Null if the transport
    /// allows several connections of a session.
    /// </summary>
    protected virtual int? TakeoverCode => null;

    [Test]
    public async Task Welcome_contains_the_identity_and_the_limits()
    {
        var (peer, welcome) = await ConnectAsync(_server, "ann");
        await using var _ = peer;

        welcome.Name.Should().Be("ann");
        welcome.Guest.Should().BeTrue();
        welcome.Session.Should().HaveLength(64, "256 random bits in hexadecimal");
        welcome.Limits.FrameBytes.Should().Be(65_536);
        welcome.Limits.TextLength.Should().Be(8_000);
    }

    [Test]
    public async Task Server_rejects_a_taken_name_and_suggests_a_free_one()
    {
        var (ann, _) = await ConnectAsync(_server, "ann");
        await using var __ = ann;
        var (other, welcome) = await ConnectAsync(_server, "ANN");
        await using var ___ = other;

        welcome.Name.Should().StartWith("guest-");
        var error = await other.Inbox.ExpectAsync<ErrorFrame>();
        error.Error.Code.Should().Be(ErrorCode.NameTaken);
        // The hint is a nick request, or a hello request if the server rejected a POST to /session.
        await other.SendAsync(error.Error.Hint!);
        (await other.RequestAsync<WelcomeFrame>(new ClientFrame { Type = ClientFrameType.Whoami, Id = FrameId.From("who") })).Name.Should().Be("ANN2");
    }

    [Test]
    public async Task Ack_comes_before_the_senders_own_copy_and_all_members_see_the_same_order()
    {
        var peers = new List<IChatPeer>();
        for (var i = 0; i < 4; i++)
        {
            var (peer, _) = await ConnectAsync(_server, $"p{i}");
            await peer.RequestAsync<JoinedFrame>(Join("lobby"));
            peers.Add(peer);
        }

        await Task.WhenAll(peers.Select(async (peer, number) =>
        {
            for (var i = 0; i < 100; i++)
                await peer.SendAsync(Say($"{number}/{i}", id: $"{number}-{i}"));
        }));

        foreach (var (peer, number) in peers.Select((peer, number) => (peer, number)))
        {
            await peer.Inbox.ExpectAsync<MessageFrame>(message => message.Seq == 400);
            var log = peer.Inbox.All.OfType<MessageFrame>().ToList();
            log.Select(message => message.Seq).Should().Equal(Enumerable.Range(1, 400).Select(seq => (long)seq));
            log.Select(message => message.Text).Should().Equal(peers[0].Inbox.All.OfType<MessageFrame>().Select(message => message.Text));

            var frames = peer.Inbox.All.ToList();
            foreach (var ack in frames.OfType<AckFrame>().Where(ack => ack.Seq is not null))
            {
                var own = frames.FindIndex(frame => frame is MessageFrame message && message.Seq == ack.Seq);
                frames.IndexOf(ack).Should().BeLessThan(own, $"peer {number} gets the ack of {ack.Seq} before its own copy");
            }
        }

        foreach (var peer in peers)
            await peer.DisposeAsync();
    }

    [Test]
    public async Task Message_with_a_repeated_id_is_not_stored_and_gets_the_first_seq()
    {
        var (peer, welcome) = await ConnectAsync(_server, "ann");
        await peer.RequestAsync<JoinedFrame>(Join("lobby"));
        var first = await peer.RequestAsync<AckFrame>(Say("once", id: "x"));
        var again = await peer.RequestAsync<AckFrame>(Say("once", id: "x"));
        again.Seq.Should().Be(first.Seq);
        again.Duplicate.Should().BeTrue();
        await peer.DisposeAsync();

        var (back, known) = await ConnectAsync(_server, name: null, welcome.Session);
        await using var _ = back;
        known.User.Should().Be(welcome.User);
        await back.RequestAsync<JoinedFrame>(Join("lobby"));
        var after = await back.RequestAsync<AckFrame>(Say("once", id: "x"));
        after.Seq.Should().Be(first.Seq);
        after.Duplicate.Should().BeTrue();
        after.Room.Should().Be("lobby");
        (await back.RequestAsync<AckFrame>(Say("twice", id: "y"))).Seq.Should().Be(first.Seq + 1, "the log does not contain the repeated messages");
    }

    [Test]
    public async Task Joining_client_gets_missed_messages_before_new_ones_each_once_and_in_order()
    {
        var (speaker, _) = await ConnectAsync(_server, "ann");
        await using var __ = speaker;
        await speaker.RequestAsync<JoinedFrame>(Join("lobby"));
        for (var i = 1; i <= 500; i++)
            await speaker.RequestAsync<AckFrame>(Say($"m{i}", id: $"{i}"));

        var (late, _) = await ConnectAsync(_server, "bob");
        await using var ___ = late;
        var joined = await late.RequestAsync<JoinedFrame>(Join("lobby", after: 20));
        joined.Recovered.Should().BeTrue();
        joined.Messages.DecodeMessages().Select(message => message.Seq).Should().Equal(Enumerable.Range(21, 200).Select(seq => (long)seq));

        await speaker.SendAsync(Say("live"));
        await late.Inbox.ExpectAsync<MessageFrame>(message => message.Text == "live");
        late.Inbox.All.OfType<MessageFrame>().Select(message => message.Seq).Should().Equal(Enumerable.Range(221, 281).Select(seq => (long)seq));
    }

    [Test]
    public async Task Bad_frame_gets_an_error_and_the_connection_stays_open()
    {
        var (peer, _) = await ConnectAsync(_server, "ann");
        await using var __ = peer;
        foreach (var (bad, code) in new[]
        {
            ("{", ErrorCode.BadJson),
            ("{\"type\":7}", ErrorCode.BadField),
            ("{}", ErrorCode.MissingField),
            ("{\"type\":\"jion\"}", ErrorCode.UnknownType),
            ("{\"type\":\"join\"}", ErrorCode.MissingField),
            ("{\"type\":\"join\",\"room\":\"loby\"}", ErrorCode.NoRoom),
            ("{\"type\":\"say\",\"room\":\"lobby\",\"text\":\"hi\"}", ErrorCode.NotInRoom),
            ("{\"type\":\"edit\",\"seq\":1,\"text\":\"x\"}", ErrorCode.NotInRoom),
            ("{\"type\":\"search\",\"query\":\"in:\"}", ErrorCode.BadField),
            ("{\"type\":\"hello\",\"jwt\":\"x\"}", ErrorCode.NotOffered),
            ("/jion lobby", ErrorCode.UnknownType),
            ("{\"a\":" + new string('[', 30_000), ErrorCode.BadJson),
        })
        {
            await peer.SendAsync(bad);
            var error = await peer.Inbox.ExpectAsync<ErrorFrame>();
            error.Error.Code.Should().Be(code, $"the frame is {bad[..Math.Min(60, bad.Length)]}");
            error.Error.Text.Should().NotBeEmpty();
        }

        (await peer.RequestAsync<PongFrame>(new ClientFrame { Type = ClientFrameType.Ping, Id = FrameId.From(1) })).Id.Should().Be(FrameId.From(1));
    }

    [Test]
    public async Task Text_line_from_a_client_without_a_room_joins_the_lobby_and_is_posted_there()
    {
        var (peer, _) = await ConnectAsync(_server, "ann");
        await using var __ = peer;
        await peer.SendAsync("hello, is somebody here?");
        (await peer.Inbox.ExpectAsync<JoinedFrame>()).Room.Should().Be("lobby");
        (await peer.Inbox.ExpectAsync<MessageFrame>()).Text.Should().Be("hello, is somebody here?");
    }

    [Test]
    public async Task Two_connections_of_a_session_get_every_message_or_one_takes_over_the_session()
    {
        var (first, welcome) = await ConnectAsync(_server, "ann");
        await using var _ = first;
        await first.RequestAsync<JoinedFrame>(Join("lobby"));
        var (second, known) = await ConnectAsync(_server, name: null, welcome.Session);
        await using var __ = second;
        known.User.Should().Be(welcome.User);
        await second.RequestAsync<JoinedFrame>(Join("lobby", after: 0));

        var (speaker, _) = await ConnectAsync(_server, "bob");
        await using var ___ = speaker;
        await speaker.RequestAsync<JoinedFrame>(Join("lobby"));
        for (var i = 0; i < 50; i++)
            await speaker.RequestAsync<AckFrame>(Say($"m{i}", id: $"{i}"));
        IChatPeer[] readers = [first, second];
        await TestWait.UntilAsync(() => readers.All(reader => HasAll(reader) || IsTakenOver(reader)), "each connection to get all messages or to be taken over");
        readers.Count(HasAll).Should().BePositive();
        foreach (var reader in readers)
            reader.Inbox.All.OfType<MessageFrame>().Select(message => message.Seq).Should().Equal(Enumerable.Range(1, reader.Inbox.All.OfType<MessageFrame>().Count()).Select(seq => (long)seq));

        static bool HasAll(IChatPeer reader) => reader.Inbox.All.OfType<MessageFrame>().LastOrDefault()?.Seq == 50;
        bool IsTakenOver(IChatPeer reader) => reader.Inbox.All.OfType<ByeFrame>().Any(bye => bye.Code == TakeoverCode && bye.Reconnect);
    }

    [Test]
    public async Task Logout_gets_an_ack_and_ends_all_connections_and_the_token()
    {
        var (peer, welcome) = await ConnectAsync(_server, "ann");
        await using var _ = peer;
        await peer.RequestAsync<JoinedFrame>(Join("lobby"));
        var (witness, _) = await ConnectAsync(_server, "witness");
        await using var __ = witness;
        await witness.RequestAsync<JoinedFrame>(Join("lobby"));
        await using var device = await LineClient.ConnectAsync(_server.RawPort);
        (await device.RequestAsync<WelcomeFrame>(new ClientFrame { Type = ClientFrameType.Hello, Session = welcome.Session })).User.Should().Be(welcome.User);

        await peer.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Logout, Id = FrameId.From("out") });
        (await peer.Inbox.ExpectAsync<ByeFrame>()).Should().Match<ByeFrame>(bye => bye.Code == 1000 && !bye.Reconnect);
        (await device.Inbox.ExpectAsync<ByeFrame>()).Should().Match<ByeFrame>(bye => bye.Code == 4501 && !bye.Reconnect);
        await witness.Inbox.ExpectAsync<PresenceFrame>(presence => presence is { State: "left", Name: "ann" });
        await using var late = await LineClient.ConnectAsync(_server.RawPort);
        (await late.RequestAsync<WelcomeFrame>(new ClientFrame { Type = ClientFrameType.Hello, Session = welcome.Session })).User.Should().NotBe(welcome.User);
    }

    [Test]
    public async Task Server_closes_a_slow_consumer_and_delivers_to_the_other_clients()
    {
        var (speaker, _) = await ConnectAsync(_server, "ann");
        await using var __ = speaker;
        await speaker.RequestAsync<JoinedFrame>(Join("lobby"));
        await using var reader = await ConnectWithoutReadingAsync(_server);
        await speaker.Inbox.ExpectAsync<PresenceFrame>(presence => presence.State == "joined");

        // Random text, so that compression can't make it small.
        var text = Convert.ToHexString(RandomNumberGenerator.GetBytes(3_750));
        var hasLeft = false;
        for (var i = 0; i < 5_000 && !hasLeft; i++)
        {
            await speaker.RequestAsync<AckFrame>(Say(text, id: $"{i}"));
            hasLeft = speaker.Inbox.All.OfType<PresenceFrame>().Any(presence => presence.State == "left");
        }

        hasLeft.Should().BeTrue("the outbox of each connection is bounded");
        reader.Inbox.All.Should().BeEmpty("the client has read nothing yet");

        reader.Read();
        await reader.Inbox.ExpectAsync<LagFrame>();
        (await reader.Inbox.ExpectAsync<ByeFrame>()).Should().Match<ByeFrame>(bye => bye.Code == 4008 && bye.Reconnect);
    }
}
