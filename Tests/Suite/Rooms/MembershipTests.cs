using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Support.ChatPeerExtensions;

namespace RawSocketChat.Tests.Rooms;

/// <summary>The data of a user that the server keeps across connections and restarts: memberships in rooms, and read marks.</summary>
public sealed class MembershipTests
{
    private static readonly ClientFrame Whoami = new() { Type = ClientFrameType.Whoami, Id = FrameId.From("w") };

    [Test]
    public async Task Welcome_lists_the_rooms_that_a_returning_user_joined_and_did_not_leave()
    {
        using var data = new TemporaryFolder();
        string session;
        await using (var server = await ServerUnderTest.StartAsync("--Data:Path", data.Path))
        {
            var (ann, _) = await ChatClient.JoinAsync(server.HttpPort, "ann");
            session = ann.Inbox.All.OfType<WelcomeFrame>().Single().Session;
            ann.Inbox.All.OfType<WelcomeFrame>().Single().Rooms.Should().BeEmpty();
            await ann.RequestAsync<JoinedFrame>(Create("garden"));
            await ann.RequestAsync<JoinedFrame>(Create("den", isPrivate: true));
            await ann.RequestAsync<AckFrame>(Leave("lobby"));
            (await ann.RequestAsync<WelcomeFrame>(Whoami)).Rooms.Should().Equal("garden", "den");
            await ann.DisposeAsync();
        }

        await using var next = await ServerUnderTest.StartAsync("--Data:Path", data.Path);
        await using var back = await ChatClient.ConnectAsync(next.HttpPort, $"/ws?session={session}");
        (await back.Inbox.ExpectAsync<WelcomeFrame>()).Rooms.Should().Equal("garden", "den");
        (await back.RequestAsync<JoinedFrame>(Join("den"))).Role.Should().Be("owner");
    }

    [Test]
    public async Task User_stays_a_member_until_the_last_connection_leaves()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var (phone, _) = await ChatClient.JoinAsync(server.HttpPort, "ann");
        var session = phone.Inbox.All.OfType<WelcomeFrame>().Single().Session;
        await using var laptop = await ChatClient.ConnectAsync(server.HttpPort, $"/ws?session={session}&room=lobby");
        await laptop.Inbox.ExpectAsync<JoinedFrame>();
        await phone.RequestAsync<AckFrame>(Leave("lobby"));
        (await phone.RequestAsync<WelcomeFrame>(Whoami)).Rooms.Should().Equal("lobby");
        await laptop.RequestAsync<AckFrame>(Leave("lobby"));
        (await phone.RequestAsync<WelcomeFrame>(Whoami)).Rooms.Should().BeEmpty();
        await phone.DisposeAsync();
    }

    [Test]
    public async Task Server_stores_read_marks_and_never_decreases_them()
    {
        using var data = new TemporaryFolder();
        string session;
        await using (var server = await ServerUnderTest.StartAsync("--Data:Path", data.Path))
        {
            var (ann, _) = await ChatClient.JoinAsync(server.HttpPort, "ann");
            var (bob, _) = await ChatClient.JoinAsync(server.HttpPort, "bob");
            session = bob.Inbox.All.OfType<WelcomeFrame>().Single().Session;
            for (var i = 0; i < 5; i++)
                await ann.SayAsync($"{i}");

            (await bob.RequestAsync<AckFrame>(Read(3))).Seq.Should().Be(3);
            (await bob.RequestAsync<AckFrame>(Read(2))).Seq.Should().Be(3);
            (await bob.RequestAsync<AckFrame>(Read(long.MaxValue))).Seq.Should().Be(5, "a read mark cannot be higher than the newest event");
            (await ann.RequestAsync<JoinedFrame>(Join("lobby"))).Read.Should().BeNull();
            ann.Inbox.All.OfType<ReadFrame>().Should().BeEmpty("only a user's own connections get the mark");
            await ann.DisposeAsync();
            await bob.DisposeAsync();
        }

        await using var next = await ServerUnderTest.StartAsync("--Data:Path", data.Path);
        await using var back = await ChatClient.ConnectAsync(next.HttpPort, $"/ws?session={session}");
        (await back.RequestAsync<JoinedFrame>(Join("lobby"))).Read.Should().Be(5);
    }

    private static ClientFrame Create(string room, bool isPrivate = false) =>
        new() { Type = ClientFrameType.Create, Room = room, Private = isPrivate, Id = FrameId.From(room) };

    private static ClientFrame Leave(string room) => new() { Type = ClientFrameType.Leave, Room = room, Id = FrameId.From($"leave {room}") };

    private static ClientFrame Read(long seq) => new() { Type = ClientFrameType.Read, Seq = seq, Id = FrameId.From($"read {seq}") };
}
