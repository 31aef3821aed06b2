using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Protocol.WebSocket;
using RawSocketChat.Server.Connections;
using RawSocketChat.Tests.Support;
using RawSocketChat.Tests.WebSocketLayer;
using static RawSocketChat.Tests.Support.ChatPeerExtensions;

namespace RawSocketChat.Tests.Connections;

/// <summary>
/// The server closes a connection if the peer is gone, but not if the peer is only silent. The tests advance the time.
/// </summary>
[Category(Categories.Slow)] // waits for timeouts
public sealed class ConnectionWatchTests
{
    private static readonly string[] Settings =
        ["--Connections:PingSeconds", "30", "--Connections:PongSeconds", "10", "--Connections:FrameSeconds", "15", "--Connections:StallSeconds", "20", "--Limits:Enabled", "false"];

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 23, 10, 2, 31, TimeSpan.Zero));
    private ServerUnderTest _server = null!;

    [SetUp]
    public async Task StartServer() => _server = await ServerUnderTest.StartAsync(ConfigureTime, Settings);

    [TearDown]
    public async Task StopServer() => await _server.DisposeAsync();

    [Test]
    public async Task Server_pings_a_silent_client_and_keeps_it_connected_for_hours()
    {
        await using var ann = await ChatClient.ConnectAsync(_server.HttpPort, "/ws?name=ann&room=lobby");
        await ann.Inbox.ExpectAsync<JoinedFrame>();
        for (var minute = 0; minute < 120; minute++)
        {
            // Advance the fake time in one step, and then wait for the pong, which needs real time. With small steps, the fake time could pass the
            // pong's time limit before the pong arrives.
            var pings = ann.Pings;
            _time.Advance(TimeSpan.FromSeconds(31));
            await TestWait.UntilAsync(() => ann.Pings > pings, "a ping");
            await PongArrivedAsync();
        }

        ann.Closed.IsCompleted.Should().BeFalse();
    }

    [Test]
    public async Task Server_closes_a_connection_with_4010_when_the_client_answers_no_ping()
    {
        await using var ann = await ChatClient.ConnectAsync(_server.HttpPort, "/ws?name=ann", answerPings: false);
        await ann.Inbox.ExpectAsync<WelcomeFrame>();
        await AdvanceAsync(29);
        ann.Pings.Should().Be(0, "--Connections:PingSeconds is 30");
        await AdvanceAsync(2);
        await TestWait.UntilAsync(() => ann.Pings == 1, "a ping");
        ann.Closed.IsCompleted.Should().BeFalse("--Connections:PongSeconds is 10");
        await AdvanceAsync(10);
        (await ann.Closed.OrFail("the close")).Code.Should().Be(4010);
        ann.Inbox.All.Last().Should().BeOfType<ByeFrame>().Which.Reconnect.Should().BeTrue();
    }

    [Test]
    public async Task Server_closes_the_connection_of_a_client_that_stops_in_the_middle_of_a_frame()
    {
        await using var ws = await ChatClient.ConnectAsync(_server.HttpPort, "/ws?name=ann");
        await ws.Inbox.ExpectAsync<WelcomeFrame>();
        await using var tcp = await LineClient.ConnectAsync(_server.RawPort);
        await tcp.SendAsync("""{"type":"hello"}""");
        await tcp.Inbox.ExpectAsync<WelcomeFrame>();

        await ws.SendBytesAsync(new byte[] { 0x81, 0xFE, 0xFF });
        await tcp.SendBytesAsync("{\"type\""u8.ToArray());
        await TestWait.UntilAsync(() => _server.Connections.All.Count(connection => connection.IsMidFrame) == 2, "both incomplete frames to arrive");

        await AdvanceAsync(16);
        await tcp.Inbox.ExpectAsync<ByeFrame>(bye => bye.Code == 4010);
        (await ws.Closed.OrFail("the close")).Code.Should().Be(4010);
    }

    [Test]
    public async Task Server_closes_the_connection_of_a_client_that_sends_a_frame_byte_by_byte()
    {
        await using var tcp = await LineClient.ConnectAsync(_server.RawPort);
        await tcp.SendAsync("""{"type":"hello"}""");
        await tcp.Inbox.ExpectAsync<WelcomeFrame>();
        var connection = _server.Connections.All.Single();
        await tcp.SendBytesAsync("{"u8.ToArray());
        await TestWait.UntilAsync(() => connection.IsMidFrame, "the first byte");
        for (var seconds = 0; seconds < 110; seconds += 10)
        {
            await AdvanceAsync(10);
            await tcp.SendBytesAsync(" "u8.ToArray());
            await TestWait.UntilAsync(() => connection.SilentFor == TimeSpan.Zero, "the byte to arrive");
        }

        connection.IsOpen.Should().BeTrue("--Connections:WholeFrameSeconds is 120");
        await AdvanceAsync(11);
        await tcp.Inbox.ExpectAsync<ByeFrame>(bye => bye.Code == 4010);
    }

    [TestCase(false, TestName = "{m}(HTTP/1.1)")]
    [TestCase(true, TestName = "{m}(HTTP/2)")]
    public async Task Server_closes_the_connection_of_a_client_that_sends_a_message_fragment_by_fragment(bool overHttp2)
    {
        await using var tls = await ServerUnderTest.StartAsync(ConfigureTime, ["--urls", "https://127.0.0.1:0", .. Settings]);
        using var http2 = new Http2Client(tls);
        await using var ann = overHttp2 ? await http2.ConnectAsync() : await ChatClient.ConnectAsync(tls.HttpPort, tls: tls.Certificate);
        await ann.Inbox.ExpectAsync<WelcomeFrame>();
        var connection = tls.Connections.All.Single();
        await ann.SendBytesAsync(Wire.To(WebSocketRole.Server, Opcode.Text, "{"u8.ToArray(), final: false));
        await TestWait.UntilAsync(() => connection.IsMidFrame, "the first fragment");
        for (var seconds = 0; seconds < 110; seconds += 10)
        {
            await AdvanceAsync(10);
            // A ping may come between two fragments.
            await ann.SendBytesAsync(Wire.Join(Wire.To(WebSocketRole.Server, Opcode.Continuation, " "u8.ToArray(), final: false), Wire.To(WebSocketRole.Server, Opcode.Ping, [])));
            await TestWait.UntilAsync(() => connection.SilentFor == TimeSpan.Zero, "the fragment to arrive");
        }

        connection.IsOpen.Should().BeTrue("--Connections:WholeFrameSeconds is 120");
        await AdvanceAsync(11);
        (await ann.Closed.OrFail("the close")).Code.Should().Be(4010);
    }

    [Test]
    public async Task Client_stays_connected_if_its_input_always_ends_with_the_first_fragment_of_the_next_message()
    {
        await using var ann = await ChatClient.ConnectAsync(_server.HttpPort);
        await ann.Inbox.ExpectAsync<WelcomeFrame>();
        await ann.SendBytesAsync(Wire.To(WebSocketRole.Server, Opcode.Text, "{"u8.ToArray(), final: false));
        for (var i = 0; i < 20; i++)
        {
            await AdvanceAsync(10);
            var rest = Encoding.UTF8.GetBytes($$"""
                "type":"ping","id":{{i}}}
                """);
            await ann.SendBytesAsync(Wire.Join(
                Wire.To(WebSocketRole.Server, Opcode.Continuation, rest), Wire.To(WebSocketRole.Server, Opcode.Text, "{"u8.ToArray(), final: false)));
            await ann.Inbox.ExpectAsync<PongFrame>(pong => pong.Id == FrameId.From(i));
        }
    }

    [Test]
    public async Task Client_stays_connected_if_its_input_always_ends_with_a_part_of_the_next_frame()
    {
        await using var tcp = await LineClient.ConnectAsync(_server.RawPort);
        await tcp.SendAsync("""{"type":"hello"}""");
        await tcp.Inbox.ExpectAsync<WelcomeFrame>();
        await tcp.SendBytesAsync("{"u8.ToArray());
        for (var i = 0; i < 20; i++)
        {
            await AdvanceAsync(10);
            await tcp.SendBytesAsync(Encoding.UTF8.GetBytes($$"""
                "type":"ping","id":{{i}}}
                {
                """.ReplaceLineEndings("\n")));
            await tcp.Inbox.ExpectAsync<PongFrame>(pong => pong.Id == FrameId.From(i));
        }
    }

    [Test]
    public async Task Raw_TCP_client_may_be_silent_without_a_time_limit_after_its_first_frame()
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
    public async Task Server_closes_the_connection_of_a_client_that_reads_nothing_even_if_few_bytes_are_queued()
    {
        var (speaker, _) = await ChatClient.JoinAsync(_server.HttpPort, "ann");
        await using var __ = speaker;
        await using var slow = await ChatClient.ConnectAsync(_server.HttpPort, "/ws?name=slow&room=lobby", read: false, receiveBuffer: 4096);
        await speaker.Inbox.ExpectAsync<PresenceFrame>(presence => presence.State == "joined");
        var found = _server.FindConnection("slow");
        for (var i = 0; i < 5_000 && found.Outbox.QueuedBytes == 0; i++)
            await speaker.RequestAsync<AckFrame>(Say(new string('x', 7_000), id: $"{i}"));

        found.Outbox.QueuedBytes.Should().BePositive();
        found.Outbox.QueuedBytes.Should().BeLessThan(found.Outbox.LimitBytes / 2);
        await AdvanceAsync(21);
        await TestWait.UntilAsync(() => found.Reason?.Code == 4008, "the end of the connection whose client does not read");
        await AdvanceAsync(10);
        slow.Read();
        await slow.Inbox.ExpectAsync<ByeFrame>(bye => bye.Code == 4008);
    }

    [Test]
    public async Task Failing_check_closes_only_its_connection_and_other_connections_keep_their_timeouts()
    {
        var broken = new Connection("test", "here", new ConnectionRequest(), new BrokenOutbox(), _time) { Handler = new SilentHandler() };
        _server.Connections.TryAdd(broken).Should().BeTrue();
        await AdvanceAsync(1);
        await TestWait.UntilAsync(() => broken.Reason == Disconnect.Internal, "the broken connection to be closed");

        await using var ann = await ChatClient.ConnectAsync(_server.HttpPort, "/ws?name=ann", answerPings: false);
        await ann.Inbox.ExpectAsync<WelcomeFrame>();
        await AdvanceAsync(31);
        await TestWait.UntilAsync(() => ann.Pings == 1, "a ping");
        await AdvanceAsync(11);
        (await ann.Closed.OrFail("the close")).Code.Should().Be(4010);
        _server.Connections.Remove(broken);
    }

    private void ConfigureTime(IServiceCollection services) => services.AddSingleton<TimeProvider>(_time);

    // Advances the time in steps of a second, because the watch checks once a second.
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
        TestWait.UntilAsync(() => _server.Connections.All.All(connection => !connection.IsProbed), "the pong");

    /// <summary>An outbox whose state cannot be read.</summary>
    private sealed class BrokenOutbox : Outbox
    {
        public override long QueuedBytes => 0;

        public override long LimitBytes => 0;

        public override TimeSpan BlockedFor => throw new InvalidOperationException("a fault of the outbox, for the test");

        public override SendResult Send(EncodedMessage message) => SendResult.Accepted;

        public override void SendFirst(EncodedMessage message)
        {
        }

        public override ValueTask<bool> WaitForDrainAsync() => new(false);

        public override void Complete(EncodedMessage? closeMessage, Disconnect reason) => throw new InvalidOperationException("a fault of the outbox, for the test");
    }
}
