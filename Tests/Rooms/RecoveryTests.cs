using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Support.ChatPeerVerbs;

namespace RawSocketChat.Tests.Rooms;

/// <summary>What cannot be had is named, and nothing that can be had is left out.</summary>
public sealed class RecoveryTests
{
    [Test]
    public async Task What_was_trimmed_is_named_by_a_gap_before_what_is_left()
    {
        await using var server = await ServerUnderTest.StartAsync("--Limits:Enabled", "false", "--Data:KeepEvents", "10", "--Rooms:TailBytes", "0");
        await using var ann = await SpeakAsync(server, 100);
        await using var bob = await ChatClient.ConnectAsync(server.HttpPort, "/ws?name=bob");

        var joined = await bob.AskAsync<JoinedFrame>(Join("lobby", after: 20));

        joined.Recovered.Should().BeFalse();
        joined.Messages.MessagesOf().Select(message => message.Seq).Should().Equal(Enumerable.Range(91, 10).Select(seq => (long)seq));
        var gap = bob.Inbox.All.OfType<GapFrame>().Should().ContainSingle().Subject;
        gap.Should().Be(new GapFrame("lobby", 21, 90));
        var story = bob.Inbox.All.ToList();
        story.IndexOf(gap).Should().BeLessThan(story.IndexOf(joined));
    }

    [TestCase(2)]
    [TestCase(long.MaxValue - 1)]
    [TestCase(long.MaxValue)]
    public async Task A_cursor_of_another_epoch_gets_a_gap_and_the_whole_new_log(long after)
    {
        await using var server = await ServerUnderTest.StartAsync("--Limits:Enabled", "false");
        await using var ann = await SpeakAsync(server, 3);
        await using var bob = await ChatClient.ConnectAsync(server.HttpPort, "/ws?name=bob");

        var joined = await bob.AskAsync<JoinedFrame>(Join("lobby", after, epoch: "another"));

        joined.Recovered.Should().BeFalse();
        joined.Messages.MessagesOf().Select(message => message.Seq).Should().Equal(1, 2, 3);
        var next = after == long.MaxValue ? after : after + 1;
        bob.Inbox.All.OfType<GapFrame>().Should().Equal(new GapFrame("lobby", next, next));
    }

    [Test]
    public async Task A_cursor_beyond_the_end_gets_a_gap_and_goes_on_from_the_end()
    {
        await using var server = await ServerUnderTest.StartAsync("--Limits:Enabled", "false");
        await using var ann = await SpeakAsync(server, 3);
        await using var bob = await ChatClient.ConnectAsync(server.HttpPort, "/ws?name=bob");

        var joined = await bob.AskAsync<JoinedFrame>(Join("lobby", after: 9));

        joined.Recovered.Should().BeFalse();
        joined.Messages.Should().BeEmpty();
        bob.Inbox.All.OfType<GapFrame>().Should().Equal(new GapFrame("lobby", 4, 9));
        await ann.SayAsync("next");
        (await bob.Inbox.ExpectAsync<MessageFrame>()).Seq.Should().Be(4);
    }

    [Test]
    public async Task A_cursor_of_the_right_epoch_at_the_end_is_recovered_with_nothing()
    {
        await using var server = await ServerUnderTest.StartAsync("--Limits:Enabled", "false");
        await using var ann = await SpeakAsync(server, 3);
        var epoch = ann.Inbox.All.OfType<JoinedFrame>().First().Epoch;
        await using var bob = await ChatClient.ConnectAsync(server.HttpPort, "/ws?name=bob");

        var joined = await bob.AskAsync<JoinedFrame>(Join("lobby", after: 3, epoch: epoch));

        joined.Recovered.Should().BeTrue();
        joined.Messages.Should().BeEmpty();
        bob.Inbox.All.OfType<GapFrame>().Should().BeEmpty();
    }

    [Test]
    public async Task Without_a_cursor_the_newest_come_and_nothing_is_said_of_recovery()
    {
        await using var server = await ServerUnderTest.StartAsync("--Limits:Enabled", "false");
        await using var ann = await SpeakAsync(server, 120);
        await using var bob = await ChatClient.ConnectAsync(server.HttpPort, "/ws?name=bob");

        (await bob.AskAsync<JoinedFrame>(Join("lobby", limit: 7))).Should().Match<JoinedFrame>(joined =>
            joined.Recovered == null && joined.Seq == 120 && joined.Messages.MessagesOf().Select(message => message.Seq).SequenceEqual(Enumerable.Range(114, 7).Select(seq => (long)seq)));
        (await bob.AskAsync<JoinedFrame>(Join("lobby"))).Messages.Should().HaveCount(50);
        (await bob.AskAsync<HistoryFrame>(new ClientFrame { Type = ClientFrameType.History, Before = 11, Limit = 200, Id = FrameId.From("h") }))
            .Should().Match<HistoryFrame>(page => !page.More && page.Messages.Count == 10);
        (await bob.AskAsync<HistoryFrame>(new ClientFrame { Type = ClientFrameType.History, Limit = 500, Id = FrameId.From("i") }))
            .Messages.Should().HaveCount(120);
    }

    [Test]
    public async Task Large_messages_come_in_smaller_pages_and_none_is_left_out()
    {
        await using var server = await ServerUnderTest.StartAsync("--Limits:Enabled", "false");
        await using var ann = await SpeakAsync(server, 150, new string('é', 7_900));
        await using var bob = await ChatClient.ConnectAsync(server.HttpPort, "/ws?name=bob");

        var joined = await bob.AskAsync<JoinedFrame>(Join("lobby", after: 0));
        var first = joined.Messages.MessagesOf().Select(message => message.Seq).ToList();
        first.Count.Should().BeInRange(1, 20, "an answer has at most 256 KiB");
        await bob.Inbox.ExpectAsync<MessageFrame>(message => message.Seq == 150);
        first.Concat(bob.Inbox.All.OfType<MessageFrame>().Select(message => message.Seq)).Should().Equal(Enumerable.Range(1, 150).Select(seq => (long)seq));
    }

    [Test]
    public async Task A_join_while_the_last_one_still_catches_up_begins_anew_with_nothing_of_it_after()
    {
        await using var server = await ServerUnderTest.StartAsync("--Limits:Enabled", "false", "--Rooms:TailBytes", "0");
        await using var ann = await SpeakAsync(server, 2_000);
        for (var round = 0; round < 30; round++)
        {
            await using var bob = await ChatClient.ConnectAsync(server.HttpPort);
            await bob.SendAsync(Join("lobby", after: 0));
            var joined = await bob.AskAsync<JoinedFrame>(Join("lobby", after: 1_000));
            joined.Messages.MessagesOf().Select(message => message.Seq).Should().Equal(Enumerable.Range(1_001, 200).Select(seq => (long)seq));
            for (var next = 1_201; next <= 2_000; next++)
                (await bob.Inbox.ExpectAsync<MessageFrame>()).Seq.Should().Be(next);
        }
    }

    [Test]
    public async Task One_who_asks_for_much_and_reads_late_gets_all_of_it()
    {
        await using var server = await ServerUnderTest.StartAsync("--Limits:Enabled", "false", "--Limits:OutboxBytes", "524288");
        await using var ann = await SpeakAsync(server, 30, new string('x', 7_000));
        await using var bob = await ChatClient.ConnectAsync(server.HttpPort, read: false, receiveBuffer: 4096);
        for (var i = 1; i <= 100; i++)
            await bob.SendAsync(new ClientFrame { Type = ClientFrameType.History, Room = "lobby", Id = FrameId.From(i) });

        await ann.SayAsync("nobody waits for bob");
        bob.Read();
        for (var i = 1; i <= 100; i++)
            (await bob.Inbox.ExpectAsync<HistoryFrame>()).Id.Should().Be(FrameId.From(i));
        bob.Closed.IsCompleted.Should().BeFalse("what it asked for waits in its own window, not in the server's memory");
    }

    private static async Task<ChatClient> SpeakAsync(ServerUnderTest server, int count, string text = "m")
    {
        var (ann, _) = await ChatClient.JoinAsync(server.HttpPort, "ann");
        for (var i = 0; i < count; i++)
            await ann.SayAsync(text);
        return ann;
    }
}
