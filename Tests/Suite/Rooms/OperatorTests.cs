using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Support.ChatPeerExtensions;

namespace RawSocketChat.Tests.Rooms;

/// <summary>The operator's accounts (<c>Operator:Accounts</c>) and private rooms.</summary>
public sealed class OperatorTests
{
    private ServerUnderTest _server = null!;
    private ChatClient _boss = null!;
    private ChatClient _ann = null!;

    [SetUp]
    public async Task StartAsync()
    {
        _server = await ServerUnderTest.StartAsync("--Operator:Accounts:0", "boss");
        _boss = await ChatClient.ConnectAsync(_server.HttpPort);
        await _boss.RequestAsync<WelcomeFrame>(new ClientFrame { Type = ClientFrameType.Register, Name = "boss", Password = "a long password", Id = FrameId.From("r") });
        _ann = await ChatClient.ConnectAsync(_server.HttpPort, "/ws?name=ann");
        await _ann.RequestAsync<JoinedFrame>(new ClientFrame { Type = ClientFrameType.Create, Room = "den", Private = true, Id = FrameId.From("c") });
    }

    [TearDown]
    public async Task StopAsync()
    {
        await _boss.DisposeAsync();
        await _ann.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Test]
    public async Task Operator_closes_a_private_room_by_its_name()
    {
        await using var eve = await ChatClient.ConnectAsync(_server.HttpPort, "/ws?name=eve");
        (await eve.RequestAsync<ErrorFrame>(Request(ClientFrameType.Close, "den"))).Error.Should().Match<ChatError>(error => error.Code == ErrorCode.NoRoom && !error.Hint!.Contains("join"));
        (await _boss.RequestAsync<RoomsFrame>(new ClientFrame { Type = ClientFrameType.Rooms, Id = FrameId.From("rooms") })).Rooms.Select(room => room.Room).Should().Equal("lobby");

        (await _boss.RequestAsync<WhoFrame>(Request(ClientFrameType.Who, "den"))).Members.Select(member => member.Name).Should().Equal("ann");
        await _boss.RequestAsync<AckFrame>(Request(ClientFrameType.Close, "den"));
        (await _ann.Inbox.ExpectAsync<ModeratedFrame>()).Should().Match<ModeratedFrame>(told => told.Action == "close" && told.From.Name == "boss");
        (await _ann.RequestAsync<ErrorFrame>(Join("den"))).Error.Code.Should().Be(ErrorCode.NoRoom);
    }

    [Test]
    public async Task Operator_joins_a_private_room_as_an_owner_and_leaves_it_when_the_connection_changes_its_session()
    {
        (await _boss.RequestAsync<JoinedFrame>(Join("den"))).Should().Match<JoinedFrame>(joined => joined.Private && joined.Role == "owner" && joined.MemberCount == 2);
        await using var eve = await ChatClient.ConnectAsync(_server.HttpPort, "/ws?name=eve");
        var session = (await eve.Inbox.ExpectAsync<WelcomeFrame>()).Session;
        await _boss.RequestAsync<WelcomeFrame>(new ClientFrame { Type = ClientFrameType.Hello, Session = session, Id = FrameId.From("h") });
        (await _boss.RequestAsync<ErrorFrame>(Request(ClientFrameType.Who, "den"))).Error.Code.Should().Be(ErrorCode.NoRoom);
    }

    [Test]
    public async Task User_who_is_banned_from_a_direct_room_gets_only_an_error_for_a_message()
    {
        await using var bob = await ChatClient.ConnectAsync(_server.HttpPort, "/ws?name=bob");
        await bob.Inbox.ExpectAsync<WelcomeFrame>();
        var room = (await _ann.RequestAsync<JoinedFrame>(new ClientFrame { Type = ClientFrameType.Dm, To = "bob", Id = FrameId.From("d") })).Room;
        (await _boss.RequestAsync<JoinedFrame>(Join(room))).With.Should().BeNull("the operator is not one of the two users of the direct room");
        await _boss.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Ban, User = "ann", Room = room, Id = FrameId.From("b") });
        (await _ann.RequestAsync<ErrorFrame>(new ClientFrame { Type = ClientFrameType.Dm, To = "bob", Text = "hi", Id = FrameId.From("t") })).Error.Code.Should().Be(ErrorCode.Banned);
        await _ann.RequestAsync<PongFrame>(new ClientFrame { Type = ClientFrameType.Ping, Id = FrameId.From("p") });
        _ann.Inbox.All.OfType<ErrorFrame>().Should().ContainSingle("the server sends no second error for the text");
    }

    private static ClientFrame Request(ClientFrameType type, string room) => new() { Type = type, Room = room, Id = FrameId.From($"{type} {room}") };
}
