using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Support.ChatPeerExtensions;

namespace RawSocketChat.Tests.Rooms;

/// <summary>A moderator removes a user while the server handles a join of this user.</summary>
public sealed class RemovalRaceTests
{
    private CatalogGate _gate = null!;
    private ServerUnderTest _server = null!;
    private ChatClient _owner = null!;
    private ChatClient _bob = null!;

    [SetUp]
    public async Task StartAsync()
    {
        _gate = new CatalogGate();
        _server = await ServerUnderTest.StartAsync(_gate.Install);
        _owner = await ChatClient.ConnectAsync(_server.HttpPort, "/ws?name=owner");
        await _owner.RequestAsync<JoinedFrame>(new ClientFrame { Type = ClientFrameType.Create, Room = "garden", Id = FrameId.From("c") });
        (_bob, _) = await ChatClient.JoinAsync(_server.HttpPort, "bob");
        await _bob.RequestAsync<JoinedFrame>(Join("garden"));
    }

    [TearDown]
    public async Task StopAsync()
    {
        await _owner.DisposeAsync();
        await _bob.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Test]
    public async Task Connection_that_joins_again_after_a_kick_stays_in_the_room()
    {
        _gate.Hold("GetMemberAsync");
        var join = _bob.RequestAsync<JoinedFrame>(Join("garden"));
        await _gate.WaitForCallAsync();
        await _owner.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Kick, User = "bob", Room = "garden", Id = FrameId.From("k") });
        _gate.Continue();
        (await join).MemberCount.Should().Be(2);

        await _bob.RequestAsync<AckFrame>(Say("I am back", "b", "garden"));
        await _owner.Inbox.ExpectAsync<MessageFrame>(message => message.Text == "I am back");
        await _owner.RequestAsync<AckFrame>(Say("welcome back", "w", "garden"));
        await _bob.Inbox.ExpectAsync<MessageFrame>(message => message.Text == "welcome back");
    }

    [Test]
    public async Task Kick_from_a_private_room_ends_the_invitation_even_while_a_join_is_being_handled()
    {
        await _owner.RequestAsync<JoinedFrame>(new ClientFrame { Type = ClientFrameType.Create, Room = "den", Private = true, Id = FrameId.From("den") });
        await _owner.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Invite, User = "bob", Room = "den", Id = FrameId.From("i") });
        _gate.Hold("GetMemberAsync");
        var join = Join("den");
        var answer = _bob.RequestAsync<ErrorFrame>(join);
        await _gate.WaitForCallAsync();
        await _owner.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Kick, User = "bob", Room = "den", Id = FrameId.From("k") });
        _gate.Continue();

        (await answer).Error.Code.Should().Be(ErrorCode.NoRoom);
        _bob.Inbox.All.OfType<JoinedFrame>().Should().NotContain(joined => joined.Room == "den");
        (await _bob.RequestAsync<ErrorFrame>(Join("den"))).Error.Code.Should().Be(ErrorCode.NoRoom);
        (await _owner.RequestAsync<WhoFrame>(new ClientFrame { Type = ClientFrameType.Who, Room = "den", Id = FrameId.From("w") })).Members.Select(member => member.Name).Should().Equal("owner");
    }
}
