using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Support.ChatPeerVerbs;

namespace RawSocketChat.Tests.Rooms;

/// <summary>What is known of a user beyond any connection and any server's end: which rooms they belong to, how far they have read.</summary>
public sealed class BelongingTests
{
    private static readonly ClientFrame Whoami = new() { Type = ClientFrameType.Whoami, Id = FrameId.From("w") };

    [Test]
    public async Task Who_comes_back_is_told_the_rooms_that_they_joined_and_did_not_leave()
    {
        using var data = new TemporaryFolder();
        string session;
        await using (var server = await ServerUnderTest.StartAsync("--Data:Path", data.Path))
        {
            var (ann, _) = await ChatClient.JoinAsync(server.HttpPort, "ann");
            session = ann.Inbox.All.OfType<WelcomeFrame>().Single().Session;
            ann.Inbox.All.OfType<WelcomeFrame>().Single().Rooms.Should().BeEmpty();
            await ann.AskAsync<JoinedFrame>(Create("garden"));
            await ann.AskAsync<JoinedFrame>(Create("den", isPrivate: true));
            await ann.AskAsync<AckFrame>(Leave("lobby"));
            (await ann.AskAsync<WelcomeFrame>(Whoami)).Rooms.Should().Equal("garden", "den");
            await ann.DisposeAsync();
        }

        await using var next = await ServerUnderTest.StartAsync("--Data:Path", data.Path);
        await using var back = await ChatClient.ConnectAsync(next.HttpPort, $"/ws?session={session}");
        (await back.Inbox.ExpectAsync<WelcomeFrame>()).Rooms.Should().Equal("garden", "den");
        (await back.AskAsync<JoinedFrame>(Join("den"))).Role.Should().Be("owner");
    }

    [Test]
    public async Task One_device_that_leaves_takes_no_room_from_the_other()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var (phone, _) = await ChatClient.JoinAsync(server.HttpPort, "ann");
        var session = phone.Inbox.All.OfType<WelcomeFrame>().Single().Session;
        await using var laptop = await ChatClient.ConnectAsync(server.HttpPort, $"/ws?session={session}&room=lobby");
        await laptop.Inbox.ExpectAsync<JoinedFrame>();
        await phone.AskAsync<AckFrame>(Leave("lobby"));
        (await phone.AskAsync<WelcomeFrame>(Whoami)).Rooms.Should().Equal("lobby");
        await laptop.AskAsync<AckFrame>(Leave("lobby"));
        (await phone.AskAsync<WelcomeFrame>(Whoami)).Rooms.Should().BeEmpty();
        await phone.DisposeAsync();
    }

    [Test]
    public async Task How_far_somebody_has_read_is_told_kept_and_never_goes_back()
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

            (await bob.AskAsync<AckFrame>(Read(3))).Seq.Should().Be(3);
            (await ann.Inbox.ExpectAsync<ReadFrame>()).Should().Match<ReadFrame>(read => read.Name == "bob" && read.Seq == 3 && read.Room == "lobby");
            (await bob.AskAsync<AckFrame>(Read(2))).Seq.Should().Be(3);
            (await bob.AskAsync<AckFrame>(Read(long.MaxValue))).Seq.Should().Be(5, "nobody has read what was not said");
            (await ann.Inbox.ExpectAsync<ReadFrame>()).Seq.Should().Be(5, "a mark that stays is not told again");
            (await ann.AskAsync<JoinedFrame>(Join("lobby"))).Read.Should().BeNull();
            await ann.DisposeAsync();
            await bob.DisposeAsync();
        }

        await using var next = await ServerUnderTest.StartAsync("--Data:Path", data.Path);
        await using var back = await ChatClient.ConnectAsync(next.HttpPort, $"/ws?session={session}");
        (await back.AskAsync<JoinedFrame>(Join("lobby"))).Read.Should().Be(5);
    }

    [Test]
    public async Task In_a_large_room_reading_is_kept_and_not_told()
    {
        await using var server = await ServerUnderTest.StartAsync("--Rooms:NamedMembers", "1");
        var (ann, _) = await ChatClient.JoinAsync(server.HttpPort, "ann");
        var (bob, _) = await ChatClient.JoinAsync(server.HttpPort, "bob");
        await ann.SayAsync("hi");
        await bob.AskAsync<AckFrame>(Read(1));
        await ann.SayAsync("and on");
        ann.Inbox.All.OfType<ReadFrame>().Should().BeEmpty();
        (await bob.AskAsync<JoinedFrame>(Join("lobby"))).Read.Should().Be(1);
        await ann.DisposeAsync();
        await bob.DisposeAsync();
    }

    private static ClientFrame Create(string room, bool isPrivate = false) =>
        new() { Type = ClientFrameType.Create, Room = room, Private = isPrivate, Id = FrameId.From(room) };

    private static ClientFrame Leave(string room) => new() { Type = ClientFrameType.Leave, Room = room, Id = FrameId.From($"leave {room}") };

    private static ClientFrame Read(long seq) => new() { Type = ClientFrameType.Read, Seq = seq, Id = FrameId.From($"read {seq}") };
}
