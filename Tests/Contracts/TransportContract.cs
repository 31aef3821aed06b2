using System.Security.Cryptography;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Support.ChatPeerVerbs;

namespace RawSocketChat.Tests.Contracts;

/// <summary>What every way in must keep. A new way in is one more subclass.</summary>
public abstract class TransportContract
{
    private ServerUnderTest _server = null!;

    [SetUp]
    public async Task StartServer() => _server = await StartAsync("--Limits:Enabled", "false");

    [TearDown]
    public async Task StopServer() => await _server.DisposeAsync();

    /// <summary>Starts a server that this way leads into.</summary>
    protected virtual Task<ServerUnderTest> StartAsync(params string[] settings) => ServerUnderTest.StartAsync(settings);

    /// <summary>Connects and is greeted, as the named person or as the bearer of the session.</summary>
    protected abstract Task<(IChatPeer Peer, WelcomeFrame Welcome)> ConnectAsync(ServerUnderTest server, string? name, string? session = null);

    /// <summary>Connects, is greeted, and reads nothing from then on.</summary>
    protected abstract Task<IChatPeer> ConnectDeafAsync(ServerUnderTest server);

    /// <summary>Where a session has one place to get its frames by this way, the code of the <c>bye</c> of who has lost it; else a second connection is another device.</summary>
    protected virtual int? TakenOver => null;

    [Test]
    public async Task A_welcome_tells_who_one_is_and_what_is_allowed()
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
    public async Task A_taken_name_is_refused_with_one_that_can_be_had()
    {
        var (ann, _) = await ConnectAsync(_server, "ann");
        await using var __ = ann;
        var (other, welcome) = await ConnectAsync(_server, "ANN");
        await using var ___ = other;

        welcome.Name.Should().StartWith("guest-");
        var error = await other.Inbox.ExpectAsync<ErrorFrame>();
        error.Error.Code.Should().Be(ErrorCode.NameTaken);
        await other.SendAsync(error.Error.Hint!);
        await other.Inbox.ExpectAsync<AckFrame>();
    }

    [Test]
    public async Task The_ack_comes_before_ones_own_copy_and_all_see_one_order()
    {
        var peers = new List<IChatPeer>();
        for (var i = 0; i < 4; i++)
        {
            var (peer, _) = await ConnectAsync(_server, $"p{i}");
            await peer.AskAsync<JoinedFrame>(Join("lobby"));
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

            var story = peer.Inbox.All.ToList();
            foreach (var ack in story.OfType<AckFrame>().Where(ack => ack.Seq is not null))
            {
                var own = story.FindIndex(frame => frame is MessageFrame message && message.Seq == ack.Seq);
                story.IndexOf(ack).Should().BeLessThan(own, $"the ack of {ack.Seq} comes before the copy, at peer {number}");
            }
        }

        foreach (var peer in peers)
            await peer.DisposeAsync();
    }

    [Test]
    public async Task A_repeated_id_posts_nothing_and_is_told_the_first_seq()
    {
        var (peer, welcome) = await ConnectAsync(_server, "ann");
        await peer.AskAsync<JoinedFrame>(Join("lobby"));
        var first = await peer.AskAsync<AckFrame>(Say("once", id: "x"));
        var again = await peer.AskAsync<AckFrame>(Say("once", id: "x"));
        again.Seq.Should().Be(first.Seq);
        again.Duplicate.Should().BeTrue();
        await peer.DisposeAsync();

        var (back, known) = await ConnectAsync(_server, name: null, welcome.Session);
        await using var _ = back;
        known.User.Should().Be(welcome.User);
        await back.AskAsync<JoinedFrame>(Join("lobby"));
        var after = await back.AskAsync<AckFrame>(Say("once", id: "x"));
        after.Seq.Should().Be(first.Seq);
        after.Duplicate.Should().BeTrue();
        after.Room.Should().Be("lobby");
        (await back.AskAsync<AckFrame>(Say("twice", id: "y"))).Seq.Should().Be(first.Seq + 1, "the repeats took no place in the log");
    }

    [Test]
    public async Task What_was_missed_comes_once_in_order_and_then_what_is_new()
    {
        var (speaker, _) = await ConnectAsync(_server, "ann");
        await using var __ = speaker;
        await speaker.AskAsync<JoinedFrame>(Join("lobby"));
        for (var i = 1; i <= 500; i++)
            await speaker.AskAsync<AckFrame>(Say($"m{i}", id: $"{i}"));

        var (late, _) = await ConnectAsync(_server, "bob");
        await using var ___ = late;
        var joined = await late.AskAsync<JoinedFrame>(Join("lobby", after: 20));
        joined.Recovered.Should().BeTrue();
        joined.Messages.MessagesOf().Select(message => message.Seq).Should().Equal(Enumerable.Range(21, 200).Select(seq => (long)seq));

        await speaker.SendAsync(Say("live"));
        await late.Inbox.ExpectAsync<MessageFrame>(message => message.Text == "live");
        late.Inbox.All.OfType<MessageFrame>().Select(message => message.Seq).Should().Equal(Enumerable.Range(221, 281).Select(seq => (long)seq));
    }

    [Test]
    public async Task A_bad_frame_gets_an_error_with_a_hint_and_the_connection_stays()
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
            ("{\"type\":\"edit\",\"seq\":1,\"text\":\"x\"}", ErrorCode.Unavailable),
            ("/jion lobby", ErrorCode.UnknownType),
            ("{\"a\":" + new string('[', 30_000), ErrorCode.BadJson),
        })
        {
            await peer.SendAsync(bad);
            var error = await peer.Inbox.ExpectAsync<ErrorFrame>();
            error.Error.Code.Should().Be(code, $"of {bad[..Math.Min(60, bad.Length)]}");
            error.Error.Text.Should().NotBeEmpty();
        }

        (await peer.AskAsync<PongFrame>(new ClientFrame { Type = ClientFrameType.Ping, Id = FrameId.From(1) })).Id.Should().Be(FrameId.From(1));
    }

    [Test]
    public async Task A_person_who_just_types_is_in_the_lobby()
    {
        var (peer, _) = await ConnectAsync(_server, "ann");
        await using var __ = peer;
        await peer.SendAsync("hello, is somebody here?");
        (await peer.Inbox.ExpectAsync<JoinedFrame>()).Room.Should().Be("lobby");
        (await peer.Inbox.ExpectAsync<MessageFrame>()).Text.Should().Be("hello, is somebody here?");
    }

    [Test]
    public async Task Of_two_connections_of_a_session_each_gets_all_or_is_told_that_the_other_does()
    {
        var (first, welcome) = await ConnectAsync(_server, "ann");
        await using var _ = first;
        await first.AskAsync<JoinedFrame>(Join("lobby"));
        var (second, known) = await ConnectAsync(_server, name: null, welcome.Session);
        await using var __ = second;
        known.User.Should().Be(welcome.User);
        await second.AskAsync<JoinedFrame>(Join("lobby", after: 0));

        var (speaker, _) = await ConnectAsync(_server, "bob");
        await using var ___ = speaker;
        await speaker.AskAsync<JoinedFrame>(Join("lobby"));
        for (var i = 0; i < 50; i++)
            await speaker.AskAsync<AckFrame>(Say($"m{i}", id: $"{i}"));
        IChatPeer[] readers = [first, second];
        await Patience.UntilAsync(() => readers.All(reader => HasAll(reader) || IsTakenOver(reader)), "each of the two to get all, or to be told that the other does");
        readers.Count(HasAll).Should().BePositive();
        foreach (var reader in readers)
            reader.Inbox.All.OfType<MessageFrame>().Select(message => message.Seq).Should().Equal(Enumerable.Range(1, reader.Inbox.All.OfType<MessageFrame>().Count()).Select(seq => (long)seq));

        static bool HasAll(IChatPeer reader) => reader.Inbox.All.OfType<MessageFrame>().LastOrDefault()?.Seq == 50;
        bool IsTakenOver(IChatPeer reader) => reader.Inbox.All.OfType<ByeFrame>().Any(bye => bye.Code == TakenOver && bye.Reconnect);
    }

    [Test]
    public async Task Who_logs_out_is_answered_then_let_go_and_the_token_is_worth_nothing()
    {
        var (peer, welcome) = await ConnectAsync(_server, "ann");
        await using var _ = peer;
        await peer.AskAsync<JoinedFrame>(Join("lobby"));
        var (witness, _) = await ConnectAsync(_server, "witness");
        await using var __ = witness;
        await witness.AskAsync<JoinedFrame>(Join("lobby"));
        await using var device = await LineClient.ConnectAsync(_server.RawPort);
        (await device.AskAsync<WelcomeFrame>(new ClientFrame { Type = ClientFrameType.Hello, Session = welcome.Session })).User.Should().Be(welcome.User);

        await peer.AskAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Logout, Id = FrameId.From("out") });
        (await peer.Inbox.ExpectAsync<ByeFrame>()).Should().Match<ByeFrame>(bye => bye.Code == 1000 && !bye.Reconnect);
        (await device.Inbox.ExpectAsync<ByeFrame>()).Should().Match<ByeFrame>(bye => bye.Code == 4501 && !bye.Reconnect);
        await witness.Inbox.ExpectAsync<PresenceFrame>(presence => presence is { State: "left", Name: "ann" });
        await using var late = await LineClient.ConnectAsync(_server.RawPort);
        (await late.AskAsync<WelcomeFrame>(new ClientFrame { Type = ClientFrameType.Hello, Session = welcome.Session })).User.Should().NotBe(welcome.User);
    }

    [Test]
    public async Task A_reader_that_stops_costs_nobody_anything_and_is_let_go()
    {
        var (speaker, _) = await ConnectAsync(_server, "ann");
        await using var __ = speaker;
        await speaker.AskAsync<JoinedFrame>(Join("lobby"));
        await using var deaf = await ConnectDeafAsync(_server);
        await speaker.Inbox.ExpectAsync<PresenceFrame>(presence => presence.State == "joined");

        // Nothing that could be compressed to next to nothing.
        var text = Convert.ToHexString(RandomNumberGenerator.GetBytes(3_750));
        var gone = false;
        for (var i = 0; i < 5_000 && !gone; i++)
        {
            await speaker.AskAsync<AckFrame>(Say(text, id: $"{i}"));
            gone = speaker.Inbox.All.OfType<PresenceFrame>().Any(presence => presence.State == "left");
        }

        gone.Should().BeTrue("what waits for one reader is bounded");
        deaf.Inbox.All.Should().BeEmpty("it has read nothing yet");

        deaf.Read();
        await deaf.Inbox.ExpectAsync<LagFrame>();
        (await deaf.Inbox.ExpectAsync<ByeFrame>()).Should().Match<ByeFrame>(bye => bye.Code == 4008 && bye.Reconnect);
    }
}
