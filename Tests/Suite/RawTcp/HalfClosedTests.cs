using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Support.ChatPeerExtensions;

namespace RawSocketChat.Tests.RawTcp;

/// <summary>A client that shuts down its sending side after its last request (half-close) still gets every answer before the stream ends.</summary>
[Category(Categories.Slow)] // waits for timeouts
public sealed class HalfClosedTests
{
    private ServerUnderTest _server = null!;

    [SetUp]
    public async Task StartServer() => _server = await ServerUnderTest.StartAsync("--Limits:Enabled", "false", "--Connections:LingerSeconds", "1");

    [TearDown]
    public async Task StopServer() => await _server.DisposeAsync();

    [Test]
    public async Task Half_closed_client_gets_every_ack_and_message()
    {
        await using var nc = await LineClient.ConnectAsync(_server.RawPort);
        await nc.SendAsync("""{"type":"join","room":"lobby"}""");
        for (var i = 1; i <= 300; i++)
            await nc.SendAsync(Say($"m{i}", id: $"{i}"));
        await nc.SendAsync("""{"type":"history","limit":200,"id":"h"}""");
        nc.EndSending();
        await nc.Ended.OrFail("the orderly end of the stream");
        nc.Inbox.All.OfType<AckFrame>().Select(ack => ack.Seq).Should().Equal(Enumerable.Range(1, 300).Select(seq => (long?)seq));
        nc.Inbox.All.OfType<MessageFrame>().Should().HaveCount(300);
        nc.Inbox.All.OfType<HistoryFrame>().Should().ContainSingle();
    }

    [Test]
    public async Task Half_closed_client_gets_the_whole_catch_up_even_if_it_reads_late()
    {
        const int Missed = 1500;
        var (speaker, _) = await ChatClient.JoinAsync(_server.HttpPort, "ann");
        await using var __ = speaker;
        var text = new string('x', 4_000);
        for (var i = 1; i <= Missed; i++)
        {
            await speaker.SendAsync(Say(text, id: $"{i}"));
            if (i % 50 == 0)
                await speaker.Inbox.ExpectAsync<AckFrame>(ack => ack.Id == FrameId.From($"{i}"));
        }

        // The catch-up has six megabytes. This is more than the kernel buffers for a client that does not read.
        await using var nc = await LineClient.ConnectAsync(_server.RawPort, read: false);
        await nc.SendAsync("""{"type":"hello","name":"nat"}""");
        await nc.SendAsync("""{"type":"join","room":"lobby","after":0}""");
        nc.EndSending();
        await TestWait.UntilAsync(() => _server.Connections.All.Any(connection => connection.TransportName == "tcp" && connection.Outbox.BlockedFor > TimeSpan.Zero), "the outbox to be blocked");

        nc.Read();
        await nc.Ended.OrFail("the orderly end of the stream");
        var joined = nc.Inbox.All.OfType<JoinedFrame>().Single();
        joined.Messages.DecodeMessages().Concat(nc.Inbox.All.OfType<MessageFrame>()).Select(message => message.Seq)
            .Should().Equal(Enumerable.Range(1, Missed).Select(seq => (long)seq));
    }

    [Test]
    public async Task Half_closed_client_may_read_the_last_answer_after_the_linger_timeout()
    {
        var time = new FakeTimeProvider();
        await using var server = await ServerUnderTest.StartAsync(
            services => services.AddSingleton<TimeProvider>(time), "--Limits:Enabled", "false", "--Connections:LingerSeconds", "1", "--Connections:StallSeconds", "20");
        var (ann, _) = await ChatClient.JoinAsync(server.HttpPort, "ann");
        await using var __ = ann;
        for (var i = 1; i <= 20; i++)
            await ann.SayAsync(new string('x', 4_000));

        await using var nc = await LineClient.ConnectAsync(server.RawPort, read: false);
        await nc.SendAsync("""{"type":"join","room":"lobby"}""");
        var asked = 0;
        Connection? connection = null;
        while (connection?.Outbox.QueuedBytes is not > 0)
        {
            await nc.SendAsync("""{"type":"history","before":21,"limit":20}""");
            await nc.SendAsync(Say($"asked {++asked}"));
            await ann.Inbox.ExpectAsync<MessageFrame>(message => message.Text == $"asked {asked}");
            connection ??= server.Connections.All.Single(found => found.TransportName == "tcp");
        }

        nc.EndSending();
        await TestWait.UntilAsync(() => connection.Reason == Disconnect.EndOfInput, "the end of the input");
        time.Advance(TimeSpan.FromSeconds(10));
        nc.Read();
        await nc.Ended.OrFail("the orderly end of the stream");
        nc.Inbox.All.OfType<HistoryFrame>().Should().HaveCount(asked);
        nc.Inbox.All.OfType<MessageFrame>().Last().Text.Should().Be($"asked {asked}");
    }

    [Test]
    public async Task Half_closed_client_leaves_its_room_after_it_has_received_its_answers()
    {
        var (ann, _) = await ChatClient.JoinAsync(_server.HttpPort, "ann");
        await using var __ = ann;
        await using var nc = await LineClient.ConnectAsync(_server.RawPort);
        await nc.SendAsync("/nick nat");
        await nc.SendAsync("/join lobby");
        await nc.SendAsync("the last word");
        nc.EndSending();
        await nc.Ended.OrFail("the orderly end of the stream");
        nc.Lines[^1].Should().EndWith("#lobby <nat> the last word");
        await ann.Inbox.ExpectAsync<MessageFrame>(message => message.Text == "the last word");
        await ann.Inbox.ExpectAsync<PresenceFrame>(presence => presence is { Name: "nat", State: "left" });
    }

    [Test]
    public async Task Server_ignores_an_incomplete_line_at_the_end_of_the_stream()
    {
        await using var nc = await LineClient.ConnectAsync(_server.RawPort);
        await nc.SendAsync("/join lobby");
        await nc.SendBytesAsync("I owe you 10"u8.ToArray());
        nc.EndSending();
        await nc.Ended.OrFail("the orderly end of the stream");
        nc.Lines.Should().NotContain(line => line.Contains("I owe you"));
    }
}
