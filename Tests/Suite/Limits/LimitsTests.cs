using RawSocketChat.Protocol.Chat;
using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Support.ChatPeerExtensions;

namespace RawSocketChat.Tests.Limits;

/// <summary>The server accepts requests within each limit of the settings, and rejects requests beyond the limit.</summary>
public sealed class LimitsTests
{
    [Test]
    public async Task TextLength_counts_UTF16_code_units_as_JavaScript_does()
    {
        await using var server = await ServerUnderTest.StartAsync("--Limits:TextLength", "10");
        var (ann, _) = await ChatClient.JoinAsync(server.HttpPort, "ann");
        await using var __ = ann;
        (await ann.SayAsync("😀😀😀😀😀")).Seq.Should().Be(1);
        (await ann.RequestAsync<ErrorFrame>(Say("😀😀😀😀😀!", id: "x"))).Error.Code.Should().Be(ErrorCode.TooLong);
    }

    [Test]
    public async Task FrameBytes_limits_messages_and_lines_and_is_in_the_welcome()
    {
        await using var server = await ServerUnderTest.StartAsync("--Limits:FrameBytes", "1024");
        await using var within = await ChatClient.ConnectAsync(server.HttpPort);
        (await within.Inbox.ExpectAsync<WelcomeFrame>()).Limits.FrameBytes.Should().Be(1024);
        await within.SendAsync("""{"type":"ping"}""".PadRight(1024));
        await within.Inbox.ExpectAsync<PongFrame>();
        await within.SendAsync("""{"type":"ping"}""".PadRight(1025));
        (await within.Closed.OrFail("the close")).Code.Should().Be(CloseCode.TooBig);

        await using var raw = await LineClient.ConnectAsync(server.RawPort);
        await raw.SendAsync("""{"type":"ping"}""".PadRight(1024));
        await raw.Inbox.ExpectAsync<PongFrame>();
        await raw.SendAsync("""{"type":"ping"}""".PadRight(1025));
        (await raw.Inbox.ExpectAsync<ErrorFrame>()).Error.Code.Should().Be(ErrorCode.TooBig);
    }

    [Test]
    public async Task MessagesPerSecond_limits_a_user_over_all_connections()
    {
        await using var server = await ServerUnderTest.StartAsync("--Limits:MessageBurst", "4", "--Limits:MessagesPerSecond", "1");
        await using var one = await ChatClient.ConnectAsync(server.HttpPort, "/ws?name=ann&room=lobby");
        var session = (await one.Inbox.ExpectAsync<WelcomeFrame>()).Session;
        await using var two = await ChatClient.ConnectAsync(server.HttpPort, $"/ws?session={session}&room=lobby");
        await two.Inbox.ExpectAsync<JoinedFrame>();

        for (var i = 0; i < 10; i++)
        {
            await one.SendAsync(Say("a", id: $"a{i}"));
            await two.SendAsync(Say("b", id: $"b{i}"));
        }

        var error = await one.Inbox.ExpectAsync<ErrorFrame>();
        error.Error.Code.Should().Be(ErrorCode.RateLimited);
        error.Error.RetryAfterMs.Should().BeInRange(1, 1000);
        await two.RequestAsync<PongFrame>(new ClientFrame { Type = ClientFrameType.Ping, Id = FrameId.From(1) });
        one.Inbox.All.Concat(two.Inbox.All).OfType<AckFrame>().Should().HaveCountLessThan(10);
    }

    [Test]
    public async Task RequestsPerSecond_limits_requests_that_are_not_messages()
    {
        await using var server = await ServerUnderTest.StartAsync("--Limits:RequestsPerSecond", "1");
        await using var ann = await ChatClient.ConnectAsync(server.HttpPort);
        for (var i = 0; i < 20; i++)
            await ann.SendAsync("""{"type":"who","room":"lobby"}""");
        (await ann.Inbox.ExpectAsync<ErrorFrame>()).Error.Code.Should().Be(ErrorCode.RateLimited);
        ann.Inbox.All.OfType<WhoFrame>().Count().Should().BeInRange(10, 15);
    }

    // For each of these requests, the server sends a frame to everybody in the room.
    [TestCase("""{"type":"topic","room":"garden","text":"topic {n}","id":"{n}"}""", TestName = "{m}(topic)")]
    [TestCase("""{"type":"nick","name":"ann{n}","id":"{n}"}""", TestName = "{m}(nick)")]
    public async Task Changes_that_everybody_sees_count_as_messages(string request)
    {
        await using var server = await ServerUnderTest.StartAsync();
        await using var ann = await ChatClient.ConnectAsync(server.HttpPort);
        await ann.RequestAsync<JoinedFrame>(Create("garden"));
        await using var bob = await ChatClient.ConnectAsync(server.HttpPort, "/ws?name=bob&room=garden");
        await bob.Inbox.ExpectAsync<JoinedFrame>();
        for (var i = 0; i < 100; i++)
        {
            await ann.SendAsync(request.Replace("{n}", $"{i}", StringComparison.Ordinal));
            await ann.Inbox.ExpectAsync<ServerFrame>(frame => frame is AckFrame or ErrorFrame);
        }

        ann.Inbox.All.OfType<ErrorFrame>().Where(error => error.Error.Code == ErrorCode.RateLimited).Should().HaveCountGreaterThan(60);
        bob.Inbox.All.Should().HaveCountLessThan(60);
    }

    [Test]
    public async Task User_who_enters_and_leaves_a_room_again_and_again_is_limited()
    {
        await using var server = await ServerUnderTest.StartAsync("--Limits:RequestsPerSecond", "2");
        var (bob, _) = await ChatClient.JoinAsync(server.HttpPort, "bob");
        await using var __ = bob;
        await using var ann = await ChatClient.ConnectAsync(server.HttpPort);
        for (var i = 0; i < 100; i++)
        {
            await ann.SendAsync(new ClientFrame { Type = i % 2 == 0 ? ClientFrameType.Join : ClientFrameType.Leave, Room = "lobby", Id = FrameId.From($"{i}") });
            await ann.Inbox.ExpectAsync<ServerFrame>(frame => frame is JoinedFrame or AckFrame or ErrorFrame);
        }

        ann.Inbox.All.OfType<ErrorFrame>().Should().Contain(error => error.Error.Code == ErrorCode.RateLimited);
        bob.Inbox.All.OfType<PresenceFrame>().Should().HaveCountLessThan(40);
    }

    [Test]
    public async Task Server_closes_a_connection_after_too_many_errors()
    {
        await using var server = await ServerUnderTest.StartAsync("--Limits:Errors", "5");
        await using var ann = await ChatClient.ConnectAsync(server.HttpPort);
        for (var i = 0; i < 5; i++)
            await ann.SendAsync("{");
        await ann.RequestAsync<PongFrame>(new ClientFrame { Type = ClientFrameType.Ping, Id = FrameId.From(1) });
        for (var i = 0; i < 5; i++)
            await ann.SendAsync("{");
        (await ann.Closed.OrFail("the close")).Code.Should().Be(4506);
    }

    [Test]
    public async Task Rooms_and_RoomsPerConnection_limit_the_number_of_rooms()
    {
        await using var server = await ServerUnderTest.StartAsync("--Limits:Rooms", "4", "--Limits:RoomsPerConnection", "2");
        await using var ann = await ChatClient.ConnectAsync(server.HttpPort);
        await ann.RequestAsync<JoinedFrame>(Create("one"));
        await ann.RequestAsync<JoinedFrame>(Create("two"));
        (await ann.RequestAsync<ErrorFrame>(Create("three"))).Error.Code.Should().Be(ErrorCode.TooMany);
        (await ann.RequestAsync<ErrorFrame>(Join("lobby"))).Error.Code.Should().Be(ErrorCode.TooMany);
        await ann.RequestAsync<JoinedFrame>(Join("one"));

        await using var bob = await ChatClient.ConnectAsync(server.HttpPort);
        await bob.RequestAsync<JoinedFrame>(Create("three"));
        (await bob.RequestAsync<ErrorFrame>(Create("four"))).Error.Code.Should().Be(ErrorCode.TooMany);
    }

    [Test]
    public async Task RoomsPerUser_counts_created_rooms_and_not_joined_ones()
    {
        await using var server = await ServerUnderTest.StartAsync("--Limits:RoomsPerUser", "2");
        await using var ann = await ChatClient.ConnectAsync(server.HttpPort);
        await ann.RequestAsync<JoinedFrame>(Join("lobby"));
        await ann.RequestAsync<JoinedFrame>(Create("one"));
        await ann.RequestAsync<JoinedFrame>(Create("two"));
        await ann.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Leave, Room = "one", Id = FrameId.From("leave") });
        (await ann.RequestAsync<ErrorFrame>(Create("three"))).Error.Code.Should().Be(ErrorCode.TooMany);
    }

    [Test]
    public async Task Server_does_not_close_a_connection_when_its_user_sends_too_fast()
    {
        await using var server = await ServerUnderTest.StartAsync("--Limits:Errors", "5");
        var (ann, _) = await ChatClient.JoinAsync(server.HttpPort, "ann");
        await using var __ = ann;
        for (var i = 0; i < 500; i++)
            await ann.SendAsync(Say("a pasted line", id: $"{i}"));
        await ann.Inbox.ExpectAsync<ErrorFrame>(error => error.Id.ToString() == "499" && error.Error.Code == ErrorCode.RateLimited);
        ann.Closed.IsCompleted.Should().BeFalse();
    }

    [Test]
    public async Task Limits_Enabled_false_disables_limits_on_rates_and_counts_but_not_on_sizes()
    {
        await using var server = await ServerUnderTest.StartAsync(
            "--Limits:Enabled", "false", "--Limits:MessageBurst", "1", "--Limits:RequestsPerSecond", "1", "--Limits:Errors", "1", "--Limits:RoomsPerConnection", "1", "--Limits:TextLength", "10");
        var (ann, _) = await ChatClient.JoinAsync(server.HttpPort, "ann");
        await using var __ = ann;
        for (var i = 0; i < 50; i++)
        {
            await ann.SayAsync("hi", room: "lobby");
            await ann.RequestAsync<JoinedFrame>(Create($"room{i}"));
            await ann.SendAsync("{");
        }

        (await ann.RequestAsync<ErrorFrame>(Say("more than ten", id: "x"))).Error.Code.Should().Be(ErrorCode.TooLong);
    }

    [Test]
    public async Task Server_sends_a_notice_at_half_of_OutboxBytes_and_closes_the_connection_at_OutboxBytes()
    {
        await using var server = await ServerUnderTest.StartAsync("--Limits:Enabled", "false", "--Limits:OutboxBytes", "524288");
        var (speaker, _) = await ChatClient.JoinAsync(server.HttpPort, "ann");
        await using var __ = speaker;
        await using var slow = await ChatClient.ConnectAsync(server.HttpPort, "/ws?name=slow&room=lobby", read: false, receiveBuffer: 4096);
        await speaker.Inbox.ExpectAsync<PresenceFrame>(presence => presence.State == "joined");
        var connection = server.FindConnection("slow");
        for (var i = 0; i < 5_000 && connection.IsOpen; i++)
        {
            await speaker.RequestAsync<AckFrame>(Say(new string('x', 7_000), id: $"{i}"));
            connection.Outbox.QueuedBytes.Should().BeLessThanOrEqualTo(524_288 + 1000, "the notice may exceed the limit");
        }

        connection.Reason!.Code.Should().Be(4008);
        slow.Read();
        (await slow.Inbox.ExpectAsync<LagFrame>()).Limit.Should().Be(524_288);
        (await slow.Closed.OrFail("the close frame")).Code.Should().Be(4008);
        var seqs = slow.Inbox.All.OfType<MessageFrame>().Select(message => message.Seq).ToList();
        seqs.Should().Equal(Enumerable.Range(1, seqs.Count).Select(seq => (long)seq), "the client received the first messages without a hole");

        // The client reconnects with its cursor and recovers the rest.
        await using var back = await ChatClient.ConnectAsync(server.HttpPort);
        var joined = await back.RequestAsync<JoinedFrame>(Join("lobby", after: seqs.Count));
        joined.Recovered.Should().BeTrue();
        if (joined.Messages.Count > 0)
            joined.Messages.DecodeMessages()[0].Seq.Should().Be(seqs.Count + 1);
    }

    private static ClientFrame Create(string room) => new() { Type = ClientFrameType.Create, Room = room, Id = FrameId.From(room) };
}
