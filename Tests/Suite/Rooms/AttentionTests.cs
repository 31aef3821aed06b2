using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Support.ChatPeerExtensions;

namespace RawSocketChat.Tests.Rooms;

/// <summary>Unread messages, mentions, notification levels and <c>typing</c>.</summary>
public sealed class AttentionTests
{
    [Test]
    public async Task Server_counts_unread_messages_and_mentions_for_all_devices()
    {
        using var data = new TemporaryFolder();
        string session;
        await using (var server = await ServerUnderTest.StartAsync("--Data:Path", data.Path))
        {
            var (ann, _) = await ChatClient.JoinAsync(server.HttpPort, "ann");
            await ann.SayAsync("before bob came");
            var (bob, first) = await ChatClient.JoinAsync(server.HttpPort, "Bob");
            first.Should().Match<JoinedFrame>(joined => joined.Unread == 0 && joined.Mentions == 0 && joined.Read == 1 && joined.Notify == "all", "a newcomer has missed nothing");
            session = bob.Inbox.All.OfType<WelcomeFrame>().Single().Session;
            var id = bob.Inbox.All.OfType<WelcomeFrame>().Single().User;
            await ann.SayAsync("hello @bob");
            (await bob.Inbox.ExpectAsync<MessageFrame>()).Mentions.Should().Equal(id);
            await ann.SayAsync("no @bobby, no mail@bob.example");
            await bob.SayAsync("mine");
            await ann.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Edit, Seq = 3, Text = "yes, @Bob", Id = FrameId.From("e") });

            (await bob.RequestAsync<JoinedFrame>(Join("lobby"))).Should().Match<JoinedFrame>(joined => joined.Unread == 2 && joined.Mentions == 2);
            await bob.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Notify, Level = "mentions", Id = FrameId.From("n") });
            await ann.DisposeAsync();
            await bob.DisposeAsync();
        }

        await using var next = await ServerUnderTest.StartAsync("--Data:Path", data.Path);
        await using var phone = await ChatClient.ConnectAsync(next.HttpPort, $"/ws?session={session}&room=lobby");
        (await phone.Inbox.ExpectAsync<JoinedFrame>()).Should().Match<JoinedFrame>(joined => joined.Unread == 2 && joined.Mentions == 2 && joined.Notify == "mentions");
        await using var laptop = await ChatClient.ConnectAsync(next.HttpPort, $"/ws?session={session}&room=lobby");
        await laptop.Inbox.ExpectAsync<JoinedFrame>();
        await phone.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Read, Seq = 2, Id = FrameId.From("r") });
        (await laptop.Inbox.ExpectAsync<ReadFrame>()).Should().Be(new ReadFrame("lobby", 2, Unread: 1, Mentions: 1));
    }

    [Test]
    public async Task Only_moderators_can_mention_everybody()
    {
        await using var server = await ServerUnderTest.StartAsync();
        await using var ann = await ChatClient.ConnectAsync(server.HttpPort, "/ws?name=ann");
        await ann.RequestAsync<JoinedFrame>(new ClientFrame { Type = ClientFrameType.Create, Room = "garden", Id = FrameId.From("c") });
        var (bob, _) = await ChatClient.JoinAsync(server.HttpPort, "bob", "garden");
        await bob.SayAsync("@here I am", room: "garden");
        (await ann.Inbox.ExpectAsync<MessageFrame>(message => message.Seq == 1)).Mentions.Should().BeNullOrEmpty();
        await ann.SayAsync("@here lunch", room: "garden");
        (await bob.Inbox.ExpectAsync<MessageFrame>(message => message.Seq == 2)).Mentions.Should().Equal("here");
        (await bob.RequestAsync<JoinedFrame>(Join("garden"))).Mentions.Should().Be(1);
        await bob.DisposeAsync();
    }

    [TestCase("full")]
    [TestCase("none")]
    public async Task Users_own_message_does_not_count_as_a_mention_of_this_user(string durability)
    {
        await using var server = await ServerUnderTest.StartAsync("--Data:Durability", durability);
        await using var ann = await ChatClient.ConnectAsync(server.HttpPort, "/ws?name=ann");
        await ann.RequestAsync<JoinedFrame>(new ClientFrame { Type = ClientFrameType.Create, Room = "garden", Id = FrameId.From("c") });
        var (bob, _) = await ChatClient.JoinAsync(server.HttpPort, "bob", "garden");
        await ann.SayAsync("@here lunch, says @ann", room: "garden");
        (await ann.RequestAsync<JoinedFrame>(Join("garden"))).Should().Match<JoinedFrame>(joined => joined.Unread == 0 && joined.Mentions == 0);
        await bob.SayAsync("@ann I come", room: "garden");
        (await ann.RequestAsync<JoinedFrame>(Join("garden"))).Should().Match<JoinedFrame>(joined => joined.Unread == 1 && joined.Mentions == 1);
        (await bob.RequestAsync<JoinedFrame>(Join("garden"))).Should().Match<JoinedFrame>(joined => joined.Unread == 1 && joined.Mentions == 1);
        await bob.DisposeAsync();
    }

    [Test]
    public async Task Each_mentioned_name_that_no_connected_user_has_costs_points_of_the_authors_address()
    {
        await using var server = await ServerUnderTest.StartAsync("--Addresses:ChargeLoopback", "true", "--Addresses:PointBurst", "200", "--Addresses:PointsPerSecond", "1");
        var (ann, _) = await ChatClient.JoinAsync(server.HttpPort, "ann");
        await ann.SayAsync(string.Join(' ', Enumerable.Repeat("@ann", 200)));
        await ann.SayAsync(string.Join(' ', Enumerable.Range(0, 20).Select(i => $"@nobody{i}")));
        await ann.SayAsync(string.Join(' ', Enumerable.Range(0, 20).Select(i => $"@nobody{i}")));
        await ann.SayAsync(string.Join(' ', Enumerable.Range(0, 200).Select(i => $"@nobody{i}")));
        await ann.SayAsync(string.Join(' ', Enumerable.Range(0, 20).Select(i => $"@nobody{i}")));
        (await ann.RequestAsync<ErrorFrame>(Say("one more", "x"))).Error.Should().Match<ChatError>(error => error.Code == ErrorCode.RateLimited && error.Text.Contains("address"));
        await ann.DisposeAsync();
    }

    [Test]
    public async Task Other_members_see_that_somebody_is_typing()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var (ann, _) = await ChatClient.JoinAsync(server.HttpPort, "ann");
        var (bob, _) = await ChatClient.JoinAsync(server.HttpPort, "bob");
        await ann.SendAsync(new ClientFrame { Type = ClientFrameType.Typing });
        await ann.SendAsync(new ClientFrame { Type = ClientFrameType.Typing });
        await ann.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Typing, Off = true, Id = FrameId.From("off") });
        (await bob.Inbox.ExpectAsync<TypingFrame>()).Should().Match<TypingFrame>(told => told.Name == "ann" && told.Room == "lobby" && !told.Off);
        (await bob.Inbox.ExpectAsync<TypingFrame>()).Off.Should().BeTrue("the server drops a second typing frame that comes within three seconds");
        ann.Inbox.All.OfType<TypingFrame>().Should().BeEmpty();
        await ann.DisposeAsync();
        await bob.DisposeAsync();
    }
}
