using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Support.ChatPeerVerbs;

namespace RawSocketChat.Tests.Rooms;

public sealed class PresenceTests
{
    [Test]
    public async Task Two_devices_are_one_person_who_comes_once_and_goes_once()
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
        await desk.SayAsync("still here, on the other one");
        await watcher.Inbox.ExpectAsync<MessageFrame>();
        watcher.Inbox.All.OfType<PresenceFrame>().Select(presence => (presence.Name, presence.State)).Should().Equal(("ann", "joined"));

        await desk.DisposeAsync();
        await watcher.Inbox.ExpectAsync<PresenceFrame>(presence => presence is { Name: "ann", State: "left" });
    }

    [Test]
    public async Task A_new_name_is_told_in_every_room_and_events_bear_the_name_of_their_time()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var (ann, _) = await ChatClient.JoinAsync(server.HttpPort, "ann");
        await using var __ = ann;
        await ann.AskAsync<JoinedFrame>(new ClientFrame { Type = ClientFrameType.Create, Room = "garden", Id = FrameId.From(1) });
        var (bob, _) = await ChatClient.JoinAsync(server.HttpPort, "bob", "garden");
        await using var ___ = bob;
        await ann.SayAsync("by the old name", room: "garden");

        await ann.AskAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Nick, Name = "anna", Id = FrameId.From(2) });

        var told = await bob.Inbox.ExpectAsync<PresenceFrame>();
        told.Should().Match<PresenceFrame>(presence => presence.State == "renamed" && presence.Name == "anna" && presence.Was == "ann" && presence.Room == "garden");
        await ann.SayAsync("by the new one", room: "garden");
        await bob.Inbox.ExpectAsync<MessageFrame>(message => message.Text == "by the new one");
        bob.Inbox.All.OfType<MessageFrame>().Select(message => message.From.Name).Should().Equal("ann", "anna");
        (await bob.AskAsync<WhoFrame>(new ClientFrame { Type = ClientFrameType.Who, Id = FrameId.From(3) })).Members.Select(member => member.Name)
            .Should().BeEquivalentTo("anna", "bob");
    }

    [Test]
    public async Task A_storm_of_joins_is_told_by_name_up_to_a_number_and_then_by_count()
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
        others[0].Inbox.All.OfType<PresenceFrame>().Count().Should().BeLessThan(10, "one storm is one count");
        foreach (var other in others)
            await other.DisposeAsync();
    }

    [Test]
    public async Task Another_session_on_the_same_connection_stays_in_its_rooms_as_somebody_else()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var (bob, _) = await ChatClient.JoinAsync(server.HttpPort, "bob");
        await using var __ = bob;
        await using var other = await ChatClient.ConnectAsync(server.HttpPort, "/ws?name=ann");
        var session = (await other.Inbox.ExpectAsync<WelcomeFrame>()).Session;
        await using var here = await ChatClient.ConnectAsync(server.HttpPort, "/ws?name=temp&room=lobby");
        await here.Inbox.ExpectAsync<JoinedFrame>();

        var welcome = await here.AskAsync<WelcomeFrame>(new ClientFrame { Type = ClientFrameType.Hello, Session = session, Id = FrameId.From(1) });

        welcome.Should().Match<WelcomeFrame>(frame => frame.Name == "ann" && frame.Rooms.Contains("lobby"));
        await bob.Inbox.ExpectAsync<PresenceFrame>(presence => presence is { Name: "temp", State: "left" });
        await bob.Inbox.ExpectAsync<PresenceFrame>(presence => presence is { Name: "ann", State: "joined" });
        await here.SayAsync("it is me");
        (await bob.Inbox.ExpectAsync<MessageFrame>()).From.Name.Should().Be("ann");
    }

    [Test]
    public async Task Another_session_does_not_inherit_private_rooms()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await using var other = await ChatClient.ConnectAsync(server.HttpPort, "/ws?name=ann");
        var session = (await other.Inbox.ExpectAsync<WelcomeFrame>()).Session;
        await using var here = await ChatClient.ConnectAsync(server.HttpPort, "/ws?name=temp");
        await here.AskAsync<JoinedFrame>(new ClientFrame { Type = ClientFrameType.Create, Room = "attic", Private = true, Id = FrameId.From(1) });

        (await here.AskAsync<WelcomeFrame>(new ClientFrame { Type = ClientFrameType.Hello, Session = session, Id = FrameId.From(2) })).Rooms.Should().BeEmpty();
        (await here.AskAsync<ErrorFrame>(Say("am I in?", id: "3", room: "attic"))).Error.Code.Should().Be(ErrorCode.NoRoom);
    }

    [Test]
    public async Task A_private_room_is_there_for_its_maker_alone()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await using var ann = await ChatClient.ConnectAsync(server.HttpPort, "/ws?name=ann");
        (await ann.AskAsync<JoinedFrame>(new ClientFrame { Type = ClientFrameType.Create, Room = "attic", Private = true, Id = FrameId.From(1) })).Role.Should().Be("owner");
        await using var bob = await ChatClient.ConnectAsync(server.HttpPort, "/ws?name=bob");
        (await bob.AskAsync<RoomsFrame>(new ClientFrame { Type = ClientFrameType.Rooms, Id = FrameId.From(2) })).Rooms.Select(room => room.Room).Should().Equal("lobby");
        (await bob.AskAsync<ErrorFrame>(Join("attic"))).Error.Code.Should().Be(ErrorCode.NoRoom);
        (await ann.AskAsync<RoomsFrame>(new ClientFrame { Type = ClientFrameType.Rooms, Id = FrameId.From(3) })).Rooms.Select(room => room.Room).Should().Contain("attic");
    }

    [Test]
    public async Task A_topic_is_an_event_of_the_log_and_what_the_next_one_finds()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var (ann, _) = await ChatClient.JoinAsync(server.HttpPort, "ann");
        await using var __ = ann;
        var ack = await ann.AskAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Topic, Text = "Tea at four", Id = FrameId.From(1) });
        (await ann.Inbox.ExpectAsync<TopicFrame>()).Should().Match<TopicFrame>(topic => topic.Seq == ack.Seq && topic.Text == "Tea at four");
        var (bob, joined) = await ChatClient.JoinAsync(server.HttpPort, "bob");
        await using var ___ = bob;
        joined.Topic.Should().Be("Tea at four");
        joined.Seq.Should().Be(1);
    }
}
