using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Support.ChatPeerExtensions;

namespace RawSocketChat.Tests.Rooms;

/// <summary>Roles, kicks, bans, mutes and the slow mode.</summary>
public sealed class ModerationTests
{
    private const string Room = "garden";

    private ServerUnderTest _server = null!;
    private ChatClient _owner = null!;

    [SetUp]
    public async Task StartAsync()
    {
        _server = await ServerUnderTest.StartAsync();
        _owner = await ChatClient.ConnectAsync(_server.HttpPort, "/ws?name=owner");
        await _owner.RequestAsync<JoinedFrame>(new ClientFrame { Type = ClientFrameType.Create, Room = Room, Id = FrameId.From("c") });
    }

    [TearDown]
    public async Task StopAsync()
    {
        await _owner.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Test]
    public async Task Owner_can_give_roles_and_the_last_owner_cannot_lose_the_role()
    {
        await using var bob = await EnterAsync("bob");
        (await bob.RequestAsync<ErrorFrame>(Act(ClientFrameType.Role, "bob", role: "owner"))).Error.Code.Should().Be(ErrorCode.NotAllowed);
        (await _owner.RequestAsync<ErrorFrame>(Act(ClientFrameType.Role, "owner", role: "member"))).Error.Text.Should().Contain("needs an owner");

        await _owner.RequestAsync<AckFrame>(Act(ClientFrameType.Role, "bob", role: "moderator"));
        (await bob.Inbox.ExpectAsync<ModeratedFrame>()).Should().Match<ModeratedFrame>(told => told.Action == "role" && told.User!.Name == "bob" && told.Role == "moderator");
        (await bob.RequestAsync<JoinedFrame>(Join(Room))).Role.Should().Be("moderator");
        (await bob.RequestAsync<ErrorFrame>(Act(ClientFrameType.Kick, "owner"))).Error.Code.Should().Be(ErrorCode.NotAllowed);
        (await bob.RequestAsync<ErrorFrame>(Act(ClientFrameType.Role, "bob", role: "owner"))).Error.Code.Should().Be(ErrorCode.NotAllowed);

        await _owner.RequestAsync<AckFrame>(Act(ClientFrameType.Role, "bob", role: "owner"));
        await _owner.RequestAsync<AckFrame>(Act(ClientFrameType.Role, "owner", role: "member"));
        (await _owner.RequestAsync<ErrorFrame>(Act(ClientFrameType.Kick, "bob"))).Error.Code.Should().Be(ErrorCode.NotAllowed);
    }

    [Test]
    public async Task Members_see_who_is_an_owner_or_a_moderator()
    {
        await using var bob = await EnterAsync("bob");
        var joined = await bob.RequestAsync<JoinedFrame>(Join(Room));
        joined.Members.Select(person => (person.Name, person.Role)).Should().BeEquivalentTo([("owner", "owner"), ("bob", (string?)null)]);

        await _owner.RequestAsync<AckFrame>(Act(ClientFrameType.Role, "bob", role: "moderator"));
        await using var carol = await EnterAsync("carol");
        var who = await carol.RequestAsync<WhoFrame>(new ClientFrame { Type = ClientFrameType.Who, Room = Room, Id = FrameId.From("w") });
        who.Members.Select(person => (person.Name, person.Role)).Should().BeEquivalentTo([("owner", "owner"), ("bob", "moderator"), ("carol", (string?)null)]);
        (await bob.Inbox.ExpectAsync<PresenceFrame>(presence => presence is { Name: "carol", State: "joined" })).Role.Should().BeNull();

        await bob.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Leave, Room = Room, Id = FrameId.From("l") });
        await carol.Inbox.ExpectAsync<PresenceFrame>(presence => presence is { Name: "bob", State: "left" });
        await bob.RequestAsync<JoinedFrame>(Join(Room));
        (await carol.Inbox.ExpectAsync<PresenceFrame>(presence => presence is { Name: "bob", State: "joined" })).Role.Should().Be("moderator");

        // After the owner sets bob's role to member, the member list shows no role for bob.
        await _owner.RequestAsync<AckFrame>(Act(ClientFrameType.Role, "bob", role: "member"));
        (await carol.RequestAsync<JoinedFrame>(Join(Room))).Members.Single(person => person.Name == "bob").Role.Should().BeNull();
    }

    [Test]
    public async Task Members_see_which_owners_and_moderators_are_away_and_outsiders_do_not()
    {
        var session = (await _owner.RequestAsync<WelcomeFrame>(new ClientFrame { Type = ClientFrameType.Register, Name = "owner", Password = "a long password", Id = FrameId.From("r") })).Session;
        await using var bob = await EnterAsync("bob");
        await using var carol = await EnterAsync("carol");
        await _owner.RequestAsync<AckFrame>(Act(ClientFrameType.Role, "carol", role: "moderator"));
        (await AskWhoAsync(bob)).Away.Should().BeNull("nobody is away");

        await _owner.DisposeAsync();
        await carol.DisposeAsync(); // a guest, who has no name while away
        await bob.Inbox.ExpectAsync<PresenceFrame>(presence => presence is { Name: "owner", State: "left" });
        await bob.Inbox.ExpectAsync<PresenceFrame>(presence => presence is { Name: "carol", State: "left" });

        (await bob.RequestAsync<WhoFrame>(new ClientFrame { Type = ClientFrameType.Who, Limit = 1, Id = FrameId.From("w") })).Members.Should().HaveCount(1);
        (await AskWhoAsync(bob)).Away!.Select(person => (person.Name, person.Role)).Should().Equal(("owner", "owner"));
        await using var eve = await ChatClient.ConnectAsync(_server.HttpPort, "/ws?name=eve");
        (await AskWhoAsync(eve)).Should().Match<WhoFrame>(who => who.Away == null && who.Members.Single().Name == "bob");

        await using var owner = await ChatClient.ConnectAsync(_server.HttpPort, $"/ws?session={session}&room={Room}");
        await bob.Inbox.ExpectAsync<PresenceFrame>(presence => presence is { Name: "owner", State: "joined" });
        (await AskWhoAsync(bob)).Away.Should().BeNull();
    }

    [Test]
    public async Task Kicked_user_without_another_room_is_disconnected_and_may_come_back()
    {
        await using var bob = await EnterAsync("bob");
        await _owner.RequestAsync<AckFrame>(Act(ClientFrameType.Kick, "bob", reason: "too loud"));
        (await bob.Inbox.ExpectAsync<ModeratedFrame>()).Should().Match<ModeratedFrame>(told => told.Action == "kick" && told.Reason == "too loud");
        (await bob.Inbox.ExpectAsync<ByeFrame>()).Should().Match<ByeFrame>(bye => bye.Code == 4503 && !bye.Reconnect);
        await _owner.Inbox.ExpectAsync<PresenceFrame>(presence => presence is { Name: "bob", State: "left" });

        await using var again = await EnterAsync("bob");
    }

    [Test]
    public async Task Kicked_user_with_another_room_stays_connected()
    {
        await using var bob = await EnterAsync("bob");
        await bob.RequestAsync<JoinedFrame>(Join("lobby"));
        await _owner.RequestAsync<AckFrame>(Act(ClientFrameType.Kick, "bob"));
        await bob.Inbox.ExpectAsync<ModeratedFrame>();

        (await bob.RequestAsync<ErrorFrame>(Say("still here?", "s", Room))).Error.Code.Should().Be(ErrorCode.NotInRoom);
        await bob.RequestAsync<AckFrame>(Say("here I am", "t", "lobby"));
        (await bob.RequestAsync<JoinedFrame>(Join(Room))).MemberCount.Should().Be(2);
    }

    [Test]
    public async Task Ban_applies_to_a_new_name_and_a_new_guest_and_raw_TCP_until_the_unban()
    {
        await using var carol = await EnterAsync("carol");
        var bob = await EnterAsync("bob");
        var session = bob.Inbox.All.OfType<WelcomeFrame>().Single().Session;
        await _owner.RequestAsync<AckFrame>(Act(ClientFrameType.Ban, "bob", reason: "spam"));
        await bob.Inbox.ExpectAsync<ByeFrame>(bye => bye.Code == 4503);
        await bob.DisposeAsync();

        await using var back = await ChatClient.ConnectAsync(_server.HttpPort, $"/ws?session={session}");
        (await back.RequestAsync<ErrorFrame>(Join(Room))).Error.Code.Should().Be(ErrorCode.Banned);
        await back.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Nick, Name = "robert", Id = FrameId.From("n") });
        (await back.RequestAsync<ErrorFrame>(Join(Room))).Error.Code.Should().Be(ErrorCode.Banned);
        await using var newGuest = await ChatClient.ConnectAsync(_server.HttpPort, "/ws?name=somebody");
        (await newGuest.RequestAsync<ErrorFrame>(Join(Room))).Error.Code.Should().Be(ErrorCode.Banned, "the guest comes from the same address");
        await using var line = await LineClient.ConnectAsync(_server.RawPort);
        await line.SendAsync(new ClientFrame { Type = ClientFrameType.Hello, Session = session });
        (await line.RequestAsync<ErrorFrame>(Join(Room))).Error.Code.Should().Be(ErrorCode.Banned);
        await carol.RequestAsync<AckFrame>(Say("I was here before", "c", Room));
        (await carol.RequestAsync<JoinedFrame>(Join(Room))).MemberCount.Should().Be(2, "a guest who was in the room before stays");

        await _owner.RequestAsync<AckFrame>(Act(ClientFrameType.Unban, "robert"));
        await newGuest.RequestAsync<JoinedFrame>(Join(Room));
        await back.RequestAsync<JoinedFrame>(Join(Room));
    }

    [Test]
    public async Task Muted_user_may_read_and_may_not_write()
    {
        await using var bob = await EnterAsync("bob");
        await bob.RequestAsync<AckFrame>(Say("before", "b", Room));
        await _owner.RequestAsync<AckFrame>(Act(ClientFrameType.Mute, "bob", seconds: 60));

        foreach (var frame in (ClientFrame[])
        [
            Say("after", "a", Room),
            new() { Type = ClientFrameType.Edit, Seq = 1, Text = "changed", Id = FrameId.From("e") },
            new() { Type = ClientFrameType.React, Seq = 1, Emoji = "👍", Id = FrameId.From("r") },
            new() { Type = ClientFrameType.Topic, Text = "mine", Id = FrameId.From("t") },
        ])
        {
            (await bob.RequestAsync<ErrorFrame>(frame)).Error.Should().Match<ChatError>(error => error.Code == ErrorCode.Muted && error.RetryAfterMs > 50_000, $"{frame.Type}");
        }

        await _owner.RequestAsync<AckFrame>(Act(ClientFrameType.Unmute, "bob"));
        await bob.RequestAsync<AckFrame>(Say("again", "g", Room));
    }

    [Test]
    public async Task Slow_mode_limits_members_and_not_the_owner()
    {
        await using var bob = await EnterAsync("bob");
        await _owner.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Slow, Seconds = 600, Room = Room, Id = FrameId.From("slow") });
        (await bob.RequestAsync<JoinedFrame>(Join(Room))).Slow.Should().Be(600);
        await bob.RequestAsync<AckFrame>(Say("one", "1", Room));
        (await bob.RequestAsync<ErrorFrame>(Say("two", "2", Room))).Error.Should().Match<ChatError>(error => error.Code == ErrorCode.SlowMode && error.RetryAfterMs > 500_000);
        await _owner.RequestAsync<AckFrame>(Say("one", "o1", Room));
        await _owner.RequestAsync<AckFrame>(Say("two", "o2", Room));
        await _owner.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Slow, Seconds = 0, Room = Room, Id = FrameId.From("fast") });
        await bob.RequestAsync<AckFrame>(Say("three", "3", Room));
    }

    [TestCase(ClientFrameType.Slow)]
    [TestCase(ClientFrameType.Mute)]
    public async Task Message_that_is_sent_again_is_acknowledged_as_a_duplicate_even_if_its_author_may_not_post_now(ClientFrameType type)
    {
        await using var bob = await EnterAsync("bob");
        await _owner.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Slow, Seconds = 600, Room = Room, Id = FrameId.From("slow") });
        await bob.RequestAsync<AckFrame>(Say("one", "1", Room));
        if (type == ClientFrameType.Mute)
            await _owner.RequestAsync<AckFrame>(Act(ClientFrameType.Mute, "bob", seconds: 60));
        (await bob.RequestAsync<ErrorFrame>(Say("two", "2", Room))).Error.Code.Should().Be(type == ClientFrameType.Mute ? ErrorCode.Muted : ErrorCode.SlowMode);
        await bob.SendAsync(Say("one", "1", Room));
        (await bob.Inbox.ExpectAsync<AckFrame>(ack => ack.Duplicate)).Should().Match<AckFrame>(ack => ack.Id == FrameId.From("1") && ack.Room == Room);
    }

    [Test]
    public async Task Member_cannot_moderate_and_the_error_does_not_show_whether_a_user_exists()
    {
        await using var bob = await EnterAsync("bob");
        foreach (var type in (ClientFrameType[])[ClientFrameType.Kick, ClientFrameType.Ban, ClientFrameType.Unban, ClientFrameType.Mute, ClientFrameType.Unmute])
        {
            var known = (await bob.RequestAsync<ErrorFrame>(Act(type, "owner"))).Error;
            (await bob.RequestAsync<ErrorFrame>(Act(type, "nobody"))).Error.Should().Be(known);
            known.Code.Should().Be(ErrorCode.NotAllowed);
        }
    }

    [Test]
    public async Task Roles_bans_and_mutes_survive_a_restart()
    {
        using var data = new TemporaryFolder();
        string owner, bob, muted;
        await using (var server = await ServerUnderTest.StartAsync("--Data:Path", data.Path))
        {
            await using var ann = await ChatClient.ConnectAsync(server.HttpPort, "/ws?name=ann");
            owner = (await ann.Inbox.ExpectAsync<WelcomeFrame>()).Session;
            await ann.RequestAsync<JoinedFrame>(new ClientFrame { Type = ClientFrameType.Create, Room = Room, Id = FrameId.From("c") });
            var (member, _) = await ChatClient.JoinAsync(server.HttpPort, "bob", Room);
            bob = member.Inbox.All.OfType<WelcomeFrame>().Single().Session;
            var (carol, _) = await ChatClient.JoinAsync(server.HttpPort, "carol", Room);
            muted = carol.Inbox.All.OfType<WelcomeFrame>().Single().Session;
            await ann.RequestAsync<AckFrame>(Act(ClientFrameType.Role, "carol", role: "moderator"));
            await ann.RequestAsync<AckFrame>(Act(ClientFrameType.Mute, "carol"));
            await ann.RequestAsync<AckFrame>(Act(ClientFrameType.Ban, "bob"));
            await member.DisposeAsync();
            await carol.DisposeAsync();
        }

        await using var next = await ServerUnderTest.StartAsync("--Data:Path", data.Path);
        await using var banned = await ChatClient.ConnectAsync(next.HttpPort, $"/ws?session={bob}");
        (await banned.RequestAsync<ErrorFrame>(Join(Room))).Error.Code.Should().Be(ErrorCode.Banned);
        await using var carolAgain = await ChatClient.ConnectAsync(next.HttpPort, $"/ws?session={muted}");
        (await carolAgain.RequestAsync<JoinedFrame>(Join(Room))).Role.Should().Be("moderator");
        (await carolAgain.RequestAsync<ErrorFrame>(Say("hi", "1", Room))).Error.Code.Should().Be(ErrorCode.Muted);
        await using var back = await ChatClient.ConnectAsync(next.HttpPort, $"/ws?session={owner}");
        var joined = await back.RequestAsync<JoinedFrame>(Join(Room));
        joined.Role.Should().Be("owner");
        joined.Messages.Select(json => ChatCodec.TryReadServer(json.Span, out var frame) ? frame : null).OfType<ModeratedFrame>().Select(told => told.Action)
            .Should().Equal("role", "mute", "ban");
        await back.RequestAsync<AckFrame>(Act(ClientFrameType.Unban, "bob"));
        await banned.RequestAsync<JoinedFrame>(Join(Room));
    }

    [Test]
    public async Task Operators_account_has_the_role_owner_in_a_public_room()
    {
        await using var server = await ServerUnderTest.StartAsync("--Operator:Accounts:0", "boss");
        var (bob, _) = await ChatClient.JoinAsync(server.HttpPort, "bob");
        await using var boss = await ChatClient.ConnectAsync(server.HttpPort, "/ws");
        await boss.RequestAsync<WelcomeFrame>(new ClientFrame { Type = ClientFrameType.Register, Name = "boss", Password = "a long password", Id = FrameId.From("r") });
        (await boss.RequestAsync<JoinedFrame>(Join("lobby"))).Role.Should().Be("owner");
        await bob.SayAsync("spam");
        await boss.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Delete, Seq = 1, Id = FrameId.From("d") });
        await boss.RequestAsync<AckFrame>(Act(ClientFrameType.Ban, "bob") with { Room = "lobby" });
        await bob.Inbox.ExpectAsync<ByeFrame>(bye => bye.Code == 4503);
        await bob.DisposeAsync();
    }

    [Test]
    public async Task Log_of_a_room_is_removed_when_the_owner_closes_the_room()
    {
        await using var bob = await EnterAsync("bob");
        await bob.RequestAsync<AckFrame>(Say("secret", "s", Room));
        (await bob.RequestAsync<ErrorFrame>(Close(Room))).Error.Code.Should().Be(ErrorCode.NotAllowed);
        (await _owner.RequestAsync<ErrorFrame>(Close("lobby"))).Error.Code.Should().Be(ErrorCode.NotAllowed);

        await _owner.RequestAsync<AckFrame>(Close(Room));
        (await bob.Inbox.ExpectAsync<ModeratedFrame>()).Action.Should().Be("close");
        (await bob.RequestAsync<ErrorFrame>(Say("still there?", "t", Room))).Error.Code.Should().Be(ErrorCode.NoRoom);
        (await bob.RequestAsync<WelcomeFrame>(new ClientFrame { Type = ClientFrameType.Whoami, Id = FrameId.From("w") })).Rooms.Should().BeEmpty();

        var again = await bob.RequestAsync<JoinedFrame>(new ClientFrame { Type = ClientFrameType.Create, Room = Room, Id = FrameId.From("c") });
        again.Should().Match<JoinedFrame>(joined => joined.Seq == 0 && joined.Role == "owner" && joined.MemberCount == 1);
        (await bob.RequestAsync<AckFrame>(Say("secret", "s", Room))).Should().Match<AckFrame>(ack => ack.Seq == 1 && !ack.Duplicate, "the client ids of the closed room were removed with the room");
    }

    private static ClientFrame Close(string room) => new() { Type = ClientFrameType.Close, Room = room, Id = FrameId.From($"close {room}") };

    private static ClientFrame Act(ClientFrameType type, string user, string? role = null, int? seconds = null, string? reason = null) =>
        new() { Type = type, User = user, Room = Room, Role = role, Seconds = seconds, Reason = reason, Id = FrameId.From($"{type} {user} {role}") };

    private static Task<WhoFrame> AskWhoAsync(ChatClient client) => client.RequestAsync<WhoFrame>(new ClientFrame { Type = ClientFrameType.Who, Room = Room, Id = FrameId.From("w") });

    private async Task<ChatClient> EnterAsync(string name) => (await ChatClient.JoinAsync(_server.HttpPort, name, Room)).Client;
}
