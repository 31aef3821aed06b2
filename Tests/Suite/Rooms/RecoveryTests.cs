using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Support.ChatPeerExtensions;

namespace RawSocketChat.Tests.Rooms;

/// <summary>A client that joins with a cursor receives all events after the cursor. If some of these events are lost, a gap frame reports them.</summary>
[Category(Categories.Slow)] // recovers many messages
public sealed class RecoveryTests
{
    [Test]
    public async Task Gap_reports_the_trimmed_events_and_comes_before_the_remaining_events()
    {
        await using var server = await ServerUnderTest.StartAsync("--Limits:Enabled", "false", "--Data:KeepEvents", "10", "--Rooms:TailBytes", "0");
        await using var ann = await JoinAndSayAsync(server, 100);
        await using var bob = await ChatClient.ConnectAsync(server.HttpPort, "/ws?name=bob");

        var joined = await bob.RequestAsync<JoinedFrame>(Join("lobby", after: 20));

        joined.Recovered.Should().BeFalse();
        joined.Messages.DecodeMessages().Select(message => message.Seq).Should().Equal(Enumerable.Range(91, 10).Select(seq => (long)seq));
        var gap = bob.Inbox.All.OfType<GapFrame>().Should().ContainSingle().Subject;
        gap.Should().Be(new GapFrame("lobby", 21, 90));
        var received = bob.Inbox.All.ToList();
        received.IndexOf(gap).Should().BeLessThan(received.IndexOf(joined));
    }

    [TestCase(2)]
    [TestCase(long.MaxValue - 1)]
    [TestCase(long.MaxValue)]
    public async Task Client_with_a_cursor_of_another_epoch_receives_a_gap_and_the_whole_new_log(long after)
    {
        await using var server = await ServerUnderTest.StartAsync("--Limits:Enabled", "false");
        await using var ann = await JoinAndSayAsync(server, 3);
        await using var bob = await ChatClient.ConnectAsync(server.HttpPort, "/ws?name=bob");

        var joined = await bob.RequestAsync<JoinedFrame>(Join("lobby", after, epoch: "another"));

        joined.Recovered.Should().BeFalse();
        joined.Messages.DecodeMessages().Select(message => message.Seq).Should().Equal(1, 2, 3);
        var next = after == long.MaxValue ? after : after + 1;
        bob.Inbox.All.OfType<GapFrame>().Should().Equal(new GapFrame("lobby", next, next));
    }

    [Test]
    public async Task Client_that_joins_with_limit_0_receives_no_messages_in_the_joined_frame()
    {
        await using var server = await ServerUnderTest.StartAsync("--Limits:Enabled", "false");
        await using var ann = await JoinAndSayAsync(server, 3);
        await using var bob = await ChatClient.ConnectAsync(server.HttpPort, "/ws?name=bob");

        var joined = await bob.RequestAsync<JoinedFrame>(new ClientFrame { Type = ClientFrameType.Join, Room = "lobby", Limit = 0 });
        (joined.Messages.Count, joined.Seq).Should().Be((0, 3L));

        var again = await bob.RequestAsync<JoinedFrame>(new ClientFrame { Type = ClientFrameType.Join, Room = "lobby", After = 1, Limit = 0 });
        (again.Messages.Count, again.Recovered).Should().Be((0, true));
        await bob.Inbox.ExpectAsync<MessageFrame>(message => message.Seq == 3);
        bob.Inbox.All.OfType<MessageFrame>().Select(message => message.Seq).Should().Equal(2, 3);
    }

    [Test]
    public async Task Client_with_a_cursor_beyond_the_end_receives_a_gap_and_continues_from_the_end()
    {
        await using var server = await ServerUnderTest.StartAsync("--Limits:Enabled", "false");
        await using var ann = await JoinAndSayAsync(server, 3);
        await using var bob = await ChatClient.ConnectAsync(server.HttpPort, "/ws?name=bob");

        var joined = await bob.RequestAsync<JoinedFrame>(Join("lobby", after: 9));

        joined.Recovered.Should().BeFalse();
        joined.Messages.Should().BeEmpty();
        bob.Inbox.All.OfType<GapFrame>().Should().Equal(new GapFrame("lobby", 4, 9));
        await ann.SayAsync("next");
        (await bob.Inbox.ExpectAsync<MessageFrame>()).Seq.Should().Be(4);
    }

    [Test]
    public async Task Client_with_a_cursor_at_the_end_of_the_log_recovers_and_receives_no_events()
    {
        await using var server = await ServerUnderTest.StartAsync("--Limits:Enabled", "false");
        await using var ann = await JoinAndSayAsync(server, 3);
        var epoch = ann.Inbox.All.OfType<JoinedFrame>().First().Epoch;
        await using var bob = await ChatClient.ConnectAsync(server.HttpPort, "/ws?name=bob");

        var joined = await bob.RequestAsync<JoinedFrame>(Join("lobby", after: 3, epoch: epoch));

        joined.Recovered.Should().BeTrue();
        joined.Messages.Should().BeEmpty();
        bob.Inbox.All.OfType<GapFrame>().Should().BeEmpty();
    }

    [Test]
    public async Task Client_without_a_cursor_receives_the_newest_events_and_no_recovered_field()
    {
        await using var server = await ServerUnderTest.StartAsync("--Limits:Enabled", "false");
        await using var ann = await JoinAndSayAsync(server, 120);
        await using var bob = await ChatClient.ConnectAsync(server.HttpPort, "/ws?name=bob");

        (await bob.RequestAsync<JoinedFrame>(Join("lobby", limit: 7))).Should().Match<JoinedFrame>(joined =>
            joined.Recovered == null && joined.Seq == 120 && joined.Messages.DecodeMessages().Select(message => message.Seq).SequenceEqual(Enumerable.Range(114, 7).Select(seq => (long)seq)));
        (await bob.RequestAsync<JoinedFrame>(Join("lobby"))).Messages.Should().HaveCount(50);
        (await bob.RequestAsync<HistoryFrame>(new ClientFrame { Type = ClientFrameType.History, Before = 11, Limit = 200, Id = FrameId.From("h") }))
            .Should().Match<HistoryFrame>(page => !page.More && page.Messages.Count == 10);
        (await bob.RequestAsync<HistoryFrame>(new ClientFrame { Type = ClientFrameType.History, Limit = 500, Id = FrameId.From("i") }))
            .Messages.Should().HaveCount(120);
    }

    [Test]
    public async Task Server_sends_large_messages_in_smaller_pages_without_loss()
    {
        await using var server = await ServerUnderTest.StartAsync("--Limits:Enabled", "false");
        await using var ann = await JoinAndSayAsync(server, 150, new string('é', 7_900));
        await using var bob = await ChatClient.ConnectAsync(server.HttpPort, "/ws?name=bob");

        var joined = await bob.RequestAsync<JoinedFrame>(Join("lobby", after: 0));
        var first = joined.Messages.DecodeMessages().Select(message => message.Seq).ToList();
        first.Count.Should().BeInRange(1, 20, "an answer has at most 256 KiB");
        await bob.Inbox.ExpectAsync<MessageFrame>(message => message.Seq == 150);
        first.Concat(bob.Inbox.All.OfType<MessageFrame>().Select(message => message.Seq)).Should().Equal(Enumerable.Range(1, 150).Select(seq => (long)seq));
    }

    [Test]
    public async Task Second_join_replaces_a_catch_up_that_still_runs()
    {
        await using var server = await ServerUnderTest.StartAsync("--Limits:Enabled", "false", "--Rooms:TailBytes", "0");
        await using var ann = await JoinAndSayAsync(server, 2_000);
        for (var round = 0; round < 30; round++)
        {
            await using var bob = await ChatClient.ConnectAsync(server.HttpPort);
            await bob.SendAsync(Join("lobby", after: 0));
            var joined = await bob.RequestAsync<JoinedFrame>(Join("lobby", after: 1_000));
            joined.Messages.DecodeMessages().Select(message => message.Seq).Should().Equal(Enumerable.Range(1_001, 200).Select(seq => (long)seq));
            for (var next = 1_201; next <= 2_000; next++)
                (await bob.Inbox.ExpectAsync<MessageFrame>()).Seq.Should().Be(next);
        }
    }

    [Test]
    public async Task Client_that_requests_much_history_and_reads_late_receives_all_of_it()
    {
        await using var server = await ServerUnderTest.StartAsync("--Limits:Enabled", "false", "--Limits:OutboxBytes", "524288");
        await using var ann = await JoinAndSayAsync(server, 30, new string('x', 7_000));
        await using var bob = await ChatClient.ConnectAsync(server.HttpPort, read: false, receiveBuffer: 4096);
        for (var i = 1; i <= 100; i++)
            await bob.SendAsync(new ClientFrame { Type = ClientFrameType.History, Room = "lobby", Id = FrameId.From(i) });

        await ann.SayAsync("nobody waits for bob");
        bob.Read();
        for (var i = 1; i <= 100; i++)
            (await bob.Inbox.ExpectAsync<HistoryFrame>()).Id.Should().Be(FrameId.From(i));
        bob.Closed.IsCompleted.Should().BeFalse("the server reads no further requests while many answers wait for the client");
    }

    private static async Task<ChatClient> JoinAndSayAsync(ServerUnderTest server, int count, string text = "m")
    {
        var (ann, _) = await ChatClient.JoinAsync(server.HttpPort, "ann");
        for (var i = 0; i < count; i++)
            await ann.SayAsync(text);
        return ann;
    }
}
