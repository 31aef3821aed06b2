using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Support.ChatPeerVerbs;

namespace RawSocketChat.Tests.Connections;

/// <summary>Who is gone without a word is found; who only listens is left alone. Time is moved by hand.</summary>
public sealed class ConnectionWatchTests
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 23, 10, 2, 31, TimeSpan.Zero));
    private ServerUnderTest _server = null!;

    [SetUp]
    public async Task StartServer() => _server = await ServerUnderTest.StartAsync(
        services => services.AddSingleton<TimeProvider>(_time),
        "--Connections:PingSeconds", "30", "--Connections:PongSeconds", "10", "--Connections:FrameSeconds", "15", "--Connections:StallSeconds", "20", "--Limits:Enabled", "false");

    [TearDown]
    public async Task StopServer() => await _server.DisposeAsync();

    [Test]
    public async Task A_listener_is_pinged_and_stays_for_hours_without_a_word()
    {
        await using var ann = await ChatClient.ConnectAsync(_server.HttpPort, "/ws?name=ann&room=lobby");
        await ann.Inbox.ExpectAsync<JoinedFrame>();
        for (var minute = 0; minute < 120; minute++)
        {
            // In one step, since the answers come in real time, which does not pass while the hands are moved.
            var pings = ann.Pings;
            _time.Advance(TimeSpan.FromSeconds(31));
            await Patience.UntilAsync(() => ann.Pings > pings, "a ping");
            await PongArrivedAsync();
        }

        ann.Closed.IsCompleted.Should().BeFalse();
    }

    [Test]
    public async Task One_who_answers_no_ping_is_let_go_with_4010_and_may_come_back()
    {
        await using var ann = await ChatClient.ConnectAsync(_server.HttpPort, "/ws?name=ann", answerPings: false);
        await ann.Inbox.ExpectAsync<WelcomeFrame>();
        await AdvanceAsync(29);
        ann.Pings.Should().Be(0, "--Connections:PingSeconds is 30");
        await AdvanceAsync(2);
        await Patience.UntilAsync(() => ann.Pings == 1, "a ping");
        ann.Closed.IsCompleted.Should().BeFalse("--Connections:PongSeconds is 10");
        await AdvanceAsync(10);
        (await ann.Closed.OrFail("the close")).Code.Should().Be(4010);
        ann.Inbox.All.Last().Should().BeOfType<ByeFrame>().Which.Reconnect.Should().BeTrue();
    }

    [Test]
    public async Task Half_a_frame_and_then_silence_is_let_go_on_both_ways_in()
    {
        await using var ws = await ChatClient.ConnectAsync(_server.HttpPort, "/ws?name=ann");
        await ws.Inbox.ExpectAsync<WelcomeFrame>();
        await using var tcp = await LineClient.ConnectAsync(_server.RawPort);
        await tcp.SendAsync("""{"type":"hello"}""");
        await tcp.Inbox.ExpectAsync<WelcomeFrame>();

        await ws.SendBytesAsync(new byte[] { 0x81, 0xFE, 0xFF });
        await tcp.SendBytesAsync("{\"type\""u8.ToArray());
        await Patience.UntilAsync(() => _server.Connections.All.Count(connection => connection.IsMidFrame) == 2, "both halves to arrive");

        await AdvanceAsync(16);
        await tcp.Inbox.ExpectAsync<ByeFrame>(bye => bye.Code == 4010);
        (await ws.Closed.OrFail("the close")).Code.Should().Be(4010);
    }

    [Test]
    public async Task A_person_at_nc_may_think_for_as_long_as_they_like()
    {
        await using var tcp = await LineClient.ConnectAsync(_server.RawPort);
        await tcp.SendAsync("/join lobby");
        await tcp.ExpectLineAsync("lobby");
        for (var hour = 0; hour < 5; hour++)
            await AdvanceAsync(3600);
        await tcp.SendAsync("still here");
        await tcp.ExpectLineAsync("> still here");
    }

    [Test]
    public async Task One_who_takes_nothing_for_long_is_let_go_with_little_owed()
    {
        var (speaker, _) = await ChatClient.JoinAsync(_server.HttpPort, "ann");
        await using var __ = speaker;
        await using var deaf = await ChatClient.ConnectAsync(_server.HttpPort, "/ws?name=deaf&room=lobby", read: false, receiveBuffer: 4096);
        await speaker.Inbox.ExpectAsync<PresenceFrame>(presence => presence.State == "joined");
        var found = _server.ConnectionOf("deaf");
        for (var i = 0; i < 5_000 && found.Outbox.QueuedBytes == 0; i++)
            await speaker.AskAsync<AckFrame>(Say(new string('x', 7_000), id: $"{i}"));

        found.Outbox.QueuedBytes.Should().BePositive();
        found.Outbox.QueuedBytes.Should().BeLessThan(found.Outbox.LimitBytes / 2);
        await AdvanceAsync(21);
        await Patience.UntilAsync(() => found.Reason?.Code == 4008, "the end of the one who does not read");
        await AdvanceAsync(10);
        deaf.Read();
        await deaf.Inbox.ExpectAsync<ByeFrame>(bye => bye.Code == 4008);
    }

    // In steps of a second, as the watch looks once a second.
    private async Task AdvanceAsync(int seconds)
    {
        for (var i = 0; i < seconds; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            if (seconds < 100)
                await Task.Yield();
        }
    }

    private Task PongArrivedAsync() =>
        Patience.UntilAsync(() => _server.Connections.All.All(connection => !connection.IsProbed), "the pong");
}
