using RawSocketChat.Protocol.Chat;
using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Support.ChatPeerVerbs;

namespace RawSocketChat.Tests.Limits;

/// <summary>Each limit at its setting: what is just within it passes, what is just beyond gets its error.</summary>
public sealed class LimitsTests
{
    [Test]
    public async Task TextLength_counts_as_JavaScript_counts()
    {
        await using var server = await ServerUnderTest.StartAsync("--Limits:TextLength", "10");
        var (ann, _) = await ChatClient.JoinAsync(server.HttpPort, "ann");
        await using var __ = ann;
        (await ann.SayAsync("😀😀😀😀😀")).Seq.Should().Be(1);
        (await ann.AskAsync<ErrorFrame>(Say("😀😀😀😀😀!", id: "x"))).Error.Code.Should().Be(ErrorCode.TooLong);
    }

    [Test]
    public async Task FrameBytes_holds_for_messages_and_lines_and_is_told_in_the_welcome()
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
    public async Task MessagesPerSecond_is_a_users_over_all_connections()
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
        await two.AskAsync<PongFrame>(new ClientFrame { Type = ClientFrameType.Ping, Id = FrameId.From(1) });
        one.Inbox.All.Concat(two.Inbox.All).OfType<AckFrame>().Should().HaveCountLessThan(10);
    }

    [Test]
    public async Task RequestsPerSecond_holds_for_what_is_no_message()
    {
        await using var server = await ServerUnderTest.StartAsync("--Limits:RequestsPerSecond", "1");
        await using var ann = await ChatClient.ConnectAsync(server.HttpPort);
        for (var i = 0; i < 20; i++)
            await ann.SendAsync("""{"type":"who","room":"lobby"}""");
        (await ann.Inbox.ExpectAsync<ErrorFrame>()).Error.Code.Should().Be(ErrorCode.RateLimited);
        ann.Inbox.All.OfType<WhoFrame>().Count().Should().BeInRange(10, 15);
    }

    [Test]
    public async Task Errors_are_forgiven_up_to_their_number()
    {
        await using var server = await ServerUnderTest.StartAsync("--Limits:Errors", "5");
        await using var ann = await ChatClient.ConnectAsync(server.HttpPort);
        for (var i = 0; i < 5; i++)
            await ann.SendAsync("{");
        await ann.AskAsync<PongFrame>(new ClientFrame { Type = ClientFrameType.Ping, Id = FrameId.From(1) });
        for (var i = 0; i < 5; i++)
            await ann.SendAsync("{");
        (await ann.Closed.OrFail("the close")).Code.Should().Be(4506);
    }

    [Test]
    public async Task Rooms_and_RoomsPerConnection_are_counted()
    {
        await using var server = await ServerUnderTest.StartAsync("--Limits:Rooms", "4", "--Limits:RoomsPerConnection", "2");
        await using var ann = await ChatClient.ConnectAsync(server.HttpPort);
        await ann.AskAsync<JoinedFrame>(Create("one"));
        await ann.AskAsync<JoinedFrame>(Create("two"));
        (await ann.AskAsync<ErrorFrame>(Create("three"))).Error.Code.Should().Be(ErrorCode.NotAllowed);
        (await ann.AskAsync<ErrorFrame>(Join("lobby"))).Error.Code.Should().Be(ErrorCode.NotAllowed);
        await ann.AskAsync<JoinedFrame>(Join("one"));

        await using var bob = await ChatClient.ConnectAsync(server.HttpPort);
        await bob.AskAsync<JoinedFrame>(Create("three"));
        (await bob.AskAsync<ErrorFrame>(Create("four"))).Error.Code.Should().Be(ErrorCode.NotAllowed);
    }

    [Test]
    public async Task RoomsPerUser_counts_what_one_has_made_and_not_what_one_is_in()
    {
        await using var server = await ServerUnderTest.StartAsync("--Limits:RoomsPerUser", "2");
        await using var ann = await ChatClient.ConnectAsync(server.HttpPort);
        await ann.AskAsync<JoinedFrame>(Join("lobby"));
        await ann.AskAsync<JoinedFrame>(Create("one"));
        await ann.AskAsync<JoinedFrame>(Create("two"));
        await ann.AskAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Leave, Room = "one", Id = FrameId.From("leave") });
        (await ann.AskAsync<ErrorFrame>(Create("three"))).Error.Code.Should().Be(ErrorCode.NotAllowed);
    }

    [Test]
    public async Task Speaking_too_fast_is_slowed_and_never_thrown_out()
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
    public async Task Lifted_limits_lift_rates_and_counts_but_no_size()
    {
        await using var server = await ServerUnderTest.StartAsync(
            "--Limits:Enabled", "false", "--Limits:MessageBurst", "1", "--Limits:RequestsPerSecond", "1", "--Limits:Errors", "1", "--Limits:RoomsPerConnection", "1", "--Limits:TextLength", "10");
        var (ann, _) = await ChatClient.JoinAsync(server.HttpPort, "ann");
        await using var __ = ann;
        for (var i = 0; i < 50; i++)
        {
            await ann.SayAsync("hi", room: "lobby");
            await ann.AskAsync<JoinedFrame>(Create($"room{i}"));
            await ann.SendAsync("{");
        }

        (await ann.AskAsync<ErrorFrame>(Say("more than ten", id: "x"))).Error.Code.Should().Be(ErrorCode.TooLong);
    }

    [Test]
    public async Task OutboxBytes_is_what_may_wait_with_a_notice_at_the_half()
    {
        await using var server = await ServerUnderTest.StartAsync("--Limits:Enabled", "false", "--Limits:OutboxBytes", "524288");
        var (speaker, _) = await ChatClient.JoinAsync(server.HttpPort, "ann");
        await using var __ = speaker;
        await using var slow = await ChatClient.ConnectAsync(server.HttpPort, "/ws?name=slow&room=lobby", read: false, receiveBuffer: 4096);
        await speaker.Inbox.ExpectAsync<PresenceFrame>(presence => presence.State == "joined");
        var connection = server.ConnectionOf("slow");
        for (var i = 0; i < 5_000 && connection.IsOpen; i++)
        {
            await speaker.AskAsync<AckFrame>(Say(new string('x', 7_000), id: $"{i}"));
            connection.Outbox.QueuedBytes.Should().BeLessThanOrEqualTo(524_288 + 1000, "the notice may come on top");
        }

        connection.Reason!.Code.Should().Be(4008);
        slow.Read();
        (await slow.Inbox.ExpectAsync<LagFrame>()).Limit.Should().Be(524_288);
        (await slow.Closed.OrFail("the close frame, since it reads now")).Code.Should().Be(4008);
        var seqs = slow.Inbox.All.OfType<MessageFrame>().Select(message => message.Seq).ToList();
        seqs.Should().Equal(Enumerable.Range(1, seqs.Count).Select(seq => (long)seq), "what came is a beginning without a hole");

        // It comes back with its cursor and has all of it.
        await using var back = await ChatClient.ConnectAsync(server.HttpPort);
        var joined = await back.AskAsync<JoinedFrame>(Join("lobby", after: seqs.Count));
        joined.Recovered.Should().BeTrue();
        if (joined.Messages.Count > 0)
            joined.Messages.MessagesOf()[0].Seq.Should().Be(seqs.Count + 1);
    }

    private static ClientFrame Create(string room) => new() { Type = ClientFrameType.Create, Room = room, Id = FrameId.From(room) };
}
