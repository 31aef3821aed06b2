using Microsoft.Extensions.DependencyInjection;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Rooms;
using RawSocketChat.Server.Storage;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Support.ChatPeerExtensions;

namespace RawSocketChat.Tests.Rooms;

/// <summary>Only the two users of a direct room can find it. Only members and invited users can find a private room.</summary>
public sealed class DirectRoomTests
{
    private ServerUnderTest _server = null!;
    private ChatClient _ann = null!;
    private ChatClient _bob = null!;

    [SetUp]
    public async Task StartAsync()
    {
        _server = await ServerUnderTest.StartAsync();
        _ann = await ChatClient.ConnectAsync(_server.HttpPort, "/ws?name=ann");
        _bob = await ChatClient.ConnectAsync(_server.HttpPort, "/ws?name=bob");
        await _bob.Inbox.ExpectAsync<WelcomeFrame>();
    }

    [TearDown]
    public async Task StopAsync()
    {
        await _ann.DisposeAsync();
        await _bob.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Test]
    public async Task Two_users_find_the_same_direct_room_after_a_rename()
    {
        var joined = await _ann.RequestAsync<JoinedFrame>(Direct("bob", "hi bob"));
        joined.Should().Match<JoinedFrame>(room => room.Private && room.With!.Name == "bob" && room.Role == "member");
        (await _ann.Inbox.ExpectAsync<AckFrame>(ack => ack.Seq == 1)).Room.Should().Be(joined.Room);
        (await _bob.Inbox.ExpectAsync<InvitedFrame>()).Should().Match<InvitedFrame>(told => told.Room == joined.Room && told.From.Name == "ann");

        await _ann.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Nick, Name = "anna", Id = FrameId.From("n") });
        var other = await _bob.RequestAsync<JoinedFrame>(Direct("anna"));
        other.Room.Should().Be(joined.Room);
        other.Should().Match<JoinedFrame>(room => room.With!.Name == "anna" && room.Unread == 1);
        other.Messages.DecodeMessages().Single().Text.Should().Be("hi bob");
        (await _bob.RequestAsync<WelcomeFrame>(new ClientFrame { Type = ClientFrameType.Whoami, Id = FrameId.From("w") })).Rooms.Should().Equal(joined.Room);
    }

    [Test]
    public async Task Third_user_cannot_find_a_direct_room()
    {
        var room = (await _ann.RequestAsync<JoinedFrame>(Direct("bob"))).Room;
        await using var eve = await ChatClient.ConnectAsync(_server.HttpPort, "/ws?name=eve");
        foreach (var type in (ClientFrameType[])[ClientFrameType.Join, ClientFrameType.Who, ClientFrameType.History, ClientFrameType.Leave])
        {
            var error = (await eve.RequestAsync<ErrorFrame>(new ClientFrame { Type = type, Room = room, Id = FrameId.From($"{type}") })).Error;
            var missing = (await eve.RequestAsync<ErrorFrame>(new ClientFrame { Type = type, Room = room.Replace('1', '2') + "0", Id = FrameId.From($"no {type}") })).Error;
            error.Code.Should().Be(ErrorCode.NoRoom).And.Be(missing.Code);
        }

        (await eve.RequestAsync<RoomsFrame>(new ClientFrame { Type = ClientFrameType.Rooms, Id = FrameId.From("r") })).Rooms.Select(found => found.Room).Should().Equal("lobby");
        (await eve.RequestAsync<ErrorFrame>(new ClientFrame { Type = ClientFrameType.Create, Room = "dm-mine", Id = FrameId.From("c") })).Error.Code.Should().Be(ErrorCode.BadField);
        (await _ann.RequestAsync<ErrorFrame>(new ClientFrame { Type = ClientFrameType.Invite, User = "eve", Room = room, Id = FrameId.From("i") })).Error.Code.Should().Be(ErrorCode.NotAllowed);
    }

    [Test]
    public async Task Direct_room_needs_another_user_who_exists()
    {
        (await _ann.RequestAsync<ErrorFrame>(Direct("nobody"))).Error.Code.Should().Be(ErrorCode.NotFound);
        (await _ann.RequestAsync<ErrorFrame>(Direct("ann"))).Error.Code.Should().Be(ErrorCode.BadField);
    }

    [Test]
    public async Task Author_who_cannot_join_the_direct_room_gets_one_error_and_the_message_reaches_nobody()
    {
        await using var server = await ServerUnderTest.StartAsync("--Limits:RoomsPerConnection", "1");
        var (ann, _) = await ChatClient.JoinAsync(server.HttpPort, "ann");
        await using var bob = await ChatClient.ConnectAsync(server.HttpPort, "/ws?name=bob");
        await bob.Inbox.ExpectAsync<WelcomeFrame>();
        var request = Direct("bob", "hi bob");
        (await ann.RequestAsync<ErrorFrame>(request)).Error.Code.Should().Be(ErrorCode.TooMany);
        await ann.RequestAsync<PongFrame>(new ClientFrame { Type = ClientFrameType.Ping, Id = FrameId.From("p") });
        ann.Inbox.All.OfType<ErrorFrame>().Should().ContainSingle();
        await bob.RequestAsync<PongFrame>(new ClientFrame { Type = ClientFrameType.Ping, Id = FrameId.From("p") });
        bob.Inbox.All.OfType<InvitedFrame>().Should().BeEmpty();
        server.Services.GetRequiredService<RoomDirectory>().Count.Should().Be(1);
        await ann.DisposeAsync();
    }

    [Test]
    public async Task User_with_the_maximum_number_of_memberships_cannot_be_invited()
    {
        var catalog = _server.Services.GetRequiredService<IRoomCatalog>();
        await using var phone = await ChatClient.ConnectAsync(_server.HttpPort, "/ws?name=carol");
        var carol = await phone.Inbox.ExpectAsync<WelcomeFrame>();
        await phone.DisposeAsync();
        await TestWait.UntilAsync(() => !_server.HasConnection("carol"), "carol to leave");
        await Task.WhenAll(Enumerable.Range(0, Memberships.MaxRooms).Select(i => FillAsync($"room{i}")));

        await using var again = await ChatClient.ConnectAsync(_server.HttpPort, $"/ws?session={carol.Session}");
        (await again.Inbox.ExpectAsync<WelcomeFrame>()).Rooms.Should().HaveCount(Memberships.MaxRooms);
        await _ann.RequestAsync<JoinedFrame>(new ClientFrame { Type = ClientFrameType.Create, Room = "den", Private = true, Id = FrameId.From("c") });
        (await _ann.RequestAsync<ErrorFrame>(new ClientFrame { Type = ClientFrameType.Invite, User = "carol", Room = "den", Id = FrameId.From("i") })).Error.Code.Should().Be(ErrorCode.TooMany);
        (await _ann.RequestAsync<ErrorFrame>(Direct("carol", "hi"))).Error.Code.Should().Be(ErrorCode.TooMany);
        (await again.RequestAsync<ErrorFrame>(Direct("ann"))).Error.Code.Should().Be(ErrorCode.TooMany);
        (await catalog.GetRoomsAsync(carol.User, default)).Should().HaveCount(Memberships.MaxRooms);
        again.Inbox.All.OfType<InvitedFrame>().Should().BeEmpty();

        async Task FillAsync(string room)
        {
            await catalog.CreateRoomAsync(new StoredRoom(room, "", Owner: null, IsPrivate: false), int.MaxValue, default);
            await catalog.SetMemberAsync(room, carol.User, isMember: true, readSeq: 0, default);
        }
    }

    [Test]
    public async Task Invited_user_can_enter_a_private_room()
    {
        await _ann.RequestAsync<JoinedFrame>(new ClientFrame { Type = ClientFrameType.Create, Room = "den", Private = true, Id = FrameId.From("c") });
        (await _bob.RequestAsync<ErrorFrame>(Join("den"))).Error.Code.Should().Be(ErrorCode.NoRoom);
        await _ann.SayAsync("welcome, bob", room: "den");

        await _ann.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Invite, User = "bob", Room = "den", Id = FrameId.From("i") });
        (await _bob.Inbox.ExpectAsync<InvitedFrame>()).Room.Should().Be("den");
        (await _bob.RequestAsync<JoinedFrame>(Join("den"))).Should().Match<JoinedFrame>(joined => joined.Private && joined.Unread == 1);
        await _ann.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Kick, User = "bob", Room = "den", Id = FrameId.From("k") });
        await _bob.Inbox.ExpectAsync<ByeFrame>(bye => bye.Code == 4503);
        await using var again = await ChatClient.ConnectAsync(_server.HttpPort, $"/ws?session={_bob.Inbox.All.OfType<WelcomeFrame>().First().Session}");
        (await again.RequestAsync<ErrorFrame>(Join("den"))).Error.Code.Should().Be(ErrorCode.NoRoom, "a kick ends the invitation");
    }

    private static ClientFrame Direct(string to, string? text = null) => new() { Type = ClientFrameType.Dm, To = to, Text = text, Id = FrameId.From($"dm {to} {text}") };
}
