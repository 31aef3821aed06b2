using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Support.ChatPeerExtensions;

namespace RawSocketChat.Tests.Rooms;

public sealed class PresenceTests
{
    [Test]
    public async Task User_with_two_connections_joins_once_and_leaves_once()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var (watcher, _) = await ChatClient.JoinAsync(server.HttpPort, "watcher");
        await using var __ = watcher;
        var phone = await ChatClient.ConnectAsync(server.HttpPort, "/ws?name=ann&room=lobby");
        var session = (await phone.Inbox.ExpectAsync<WelcomeFrame>()).Session;
        await phone.Inbox.ExpectAsync<JoinedFrame>();
        await using var desk = await ChatClient.ConnectAsync(server.HttpPort, $"/ws?session={session}&room=lobby");
        (await desk.Inbox.ExpectAsync<WelcomeFrame>()).Should().Match<WelcomeFrame>(welcome => welcome.Name == "ann" && welcome.Rooms.Contains("lobby"));
        (await desk.Inbox.ExpectAsync<JoinedFrame>()).MemberCount.Should().Be(2);

        await phone.DisposeAsync();
        await desk.SayAsync("still here, on the other connection");
        await watcher.Inbox.ExpectAsync<MessageFrame>();
        watcher.Inbox.All.OfType<PresenceFrame>().Select(presence => (presence.Name, presence.State)).Should().Equal(("ann", "joined"));

        await desk.DisposeAsync();
        await watcher.Inbox.ExpectAsync<PresenceFrame>(presence => presence is { Name: "ann", State: "left" });
    }

    [Test]
    public async Task New_name_is_announced_in_a_room_and_earlier_messages_keep_the_old_name()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var (ann, _) = await ChatClient.JoinAsync(server.HttpPort, "ann");
        await using var __ = ann;
        await ann.RequestAsync<JoinedFrame>(new ClientFrame { Type = ClientFrameType.Create, Room = "garden", Id = FrameId.From(1) });
        var (bob, _) = await ChatClient.JoinAsync(server.HttpPort, "bob", "garden");
        await using var ___ = bob;
        await ann.SayAsync("by the old name", room: "garden");

        await ann.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Nick, Name = "anna", Id = FrameId.From(2) });

        var told = await bob.Inbox.ExpectAsync<PresenceFrame>();
        told.Should().Match<PresenceFrame>(presence => presence.State == "renamed" && presence.Name == "anna" && presence.Was == "ann" && presence.Room == "garden");
        await ann.SayAsync("by the new one", room: "garden");
        await bob.Inbox.ExpectAsync<MessageFrame>(message => message.Text == "by the new one");
        bob.Inbox.All.OfType<MessageFrame>().Select(message => message.From.Name).Should().Equal("ann", "anna");
        (await bob.RequestAsync<WhoFrame>(new ClientFrame { Type = ClientFrameType.Who, Id = FrameId.From(3) })).Members.Select(member => member.Name)
            .Should().BeEquivalentTo("anna", "bob");
    }

    [Test]
    public async Task Room_announces_joins_by_name_up_to_the_limit_and_then_by_count()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 11, 23, 10, 2, 31, TimeSpan.Zero));
        await using var server = await ServerUnderTest.StartAsync(services => services.AddSingleton<TimeProvider>(time), "--Rooms:NamedMembers", "10");
        var (watcher, _) = await ChatClient.JoinAsync(server.HttpPort, "watcher");
        await using var __ = watcher;

        var others = new List<ChatClient>();
        for (var i = 2; i <= 60; i++)
            others.Add((await ChatClient.JoinAsync(server.HttpPort, $"p{i}")).Client);

        var told = watcher.Inbox.All.OfType<PresenceFrame>().ToList();
        told.Should().HaveCount(9).And.OnlyContain(presence => presence.State == "joined");
        time.Advance(TimeSpan.FromSeconds(1));
        (await watcher.Inbox.ExpectAsync<PresenceFrame>(presence => presence.State == "count")).MemberCount.Should().Be(60);
        others[0].Inbox.All.OfType<PresenceFrame>().Count().Should().BeLessThan(10, "many joins in a short time are announced as one count");
        foreach (var other in others)
            await other.DisposeAsync();
    }

    [Test]
    public async Task NamedMembers_limits_the_members_in_the_joined_frame()
    {
        await using var server = await ServerUnderTest.StartAsync("--Rooms:NamedMembers", "3");
        var clients = new List<ChatClient>();
        for (var i = 1; i <= 5; i++)
            clients.Add((await ChatClient.JoinAsync(server.HttpPort, $"p{i}")).Client);

        clients[^1].Inbox.All.OfType<WelcomeFrame>().Single().Limits.NamedMembers.Should().Be(3);
        clients[^1].Inbox.All.OfType<JoinedFrame>().Single().Should().Match<JoinedFrame>(joined => joined.Members.Count == 3 && joined.MemberCount == 5);
        foreach (var client in clients)
            await client.DisposeAsync();
    }

    [Test]
    public async Task Connection_that_changes_its_session_stays_in_its_rooms_as_the_new_user()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var (bob, _) = await ChatClient.JoinAsync(server.HttpPort, "bob");
        await using var __ = bob;
        await using var other = await ChatClient.ConnectAsync(server.HttpPort, "/ws?name=ann");
        var session = (await other.Inbox.ExpectAsync<WelcomeFrame>()).Session;
        await using var here = await ChatClient.ConnectAsync(server.HttpPort, "/ws?name=temp&room=lobby");
        await here.Inbox.ExpectAsync<JoinedFrame>();

        var welcome = await here.RequestAsync<WelcomeFrame>(new ClientFrame { Type = ClientFrameType.Hello, Session = session, Id = FrameId.From(1) });

        welcome.Should().Match<WelcomeFrame>(frame => frame.Name == "ann" && frame.Rooms.Contains("lobby"));
        await bob.Inbox.ExpectAsync<PresenceFrame>(presence => presence is { Name: "temp", State: "left" });
        await bob.Inbox.ExpectAsync<PresenceFrame>(presence => presence is { Name: "ann", State: "joined" });
        await here.SayAsync("it is me");
        (await bob.Inbox.ExpectAsync<MessageFrame>()).From.Name.Should().Be("ann");
    }

    [Test]
    public async Task Connection_leaves_private_rooms_of_the_old_user_when_it_changes_its_session()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await using var other = await ChatClient.ConnectAsync(server.HttpPort, "/ws?name=ann");
        var session = (await other.Inbox.ExpectAsync<WelcomeFrame>()).Session;
        await using var here = await ChatClient.ConnectAsync(server.HttpPort, "/ws?name=temp");
        await here.RequestAsync<JoinedFrame>(new ClientFrame { Type = ClientFrameType.Create, Room = "attic", Private = true, Id = FrameId.From(1) });

        (await here.RequestAsync<WelcomeFrame>(new ClientFrame { Type = ClientFrameType.Hello, Session = session, Id = FrameId.From(2) })).Rooms.Should().BeEmpty();
        (await here.RequestAsync<ErrorFrame>(Say("am I in?", id: "3", room: "attic"))).Error.Code.Should().Be(ErrorCode.NoRoom);
    }

    [Test]
    public async Task New_private_room_is_visible_only_to_its_creator()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await using var ann = await ChatClient.ConnectAsync(server.HttpPort, "/ws?name=ann");
        (await ann.RequestAsync<JoinedFrame>(new ClientFrame { Type = ClientFrameType.Create, Room = "attic", Private = true, Id = FrameId.From(1) })).Role.Should().Be("owner");
        await using var bob = await ChatClient.ConnectAsync(server.HttpPort, "/ws?name=bob");
        (await bob.RequestAsync<RoomsFrame>(new ClientFrame { Type = ClientFrameType.Rooms, Id = FrameId.From(2) })).Rooms.Select(room => room.Room).Should().Equal("lobby");
        (await bob.RequestAsync<ErrorFrame>(Join("attic"))).Error.Code.Should().Be(ErrorCode.NoRoom);
        (await ann.RequestAsync<RoomsFrame>(new ClientFrame { Type = ClientFrameType.Rooms, Id = FrameId.From(3) })).Rooms.Select(room => room.Room).Should().Contain("attic");
    }

    [Test]
    public async Task Topic_is_a_log_event_and_appears_in_later_joined_frames()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var (ann, _) = await ChatClient.JoinAsync(server.HttpPort, "ann");
        await using var __ = ann;
        var ack = await ann.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Topic, Text = "Tea at four", Id = FrameId.From(1) });
        (await ann.Inbox.ExpectAsync<TopicFrame>()).Should().Match<TopicFrame>(topic => topic.Seq == ack.Seq && topic.Text == "Tea at four");
        var (bob, joined) = await ChatClient.JoinAsync(server.HttpPort, "bob");
        await using var ___ = bob;
        joined.Topic.Should().Be("Tea at four");
        joined.Seq.Should().Be(1);
    }
}
