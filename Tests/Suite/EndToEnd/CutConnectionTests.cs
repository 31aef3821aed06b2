using System.Security.Cryptography;
using Microsoft.Playwright;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.EndToEnd;

/// <summary>A page whose connection is cut reconnects by itself, and then shows the complete log.</summary>
[Category(Categories.Slow)] // runs Chromium
public sealed class CutConnectionTests
{
    // The stream has 50 messages a second, and ends after at most 300 messages (six seconds). Six seconds are enough for four cuts and the
    // reconnects. With more messages, the test would need too much time to scroll through the whole log.
    private const int Streamed = 300;
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(20);

    private ServerUnderTest _server = null!;
    private CuttableRelay _relay = null!;

    [SetUp]
    public async Task StartServer()
    {
        _server = await ServerUnderTest.StartAsync("--Limits:Enabled", "false");
        _relay = new CuttableRelay(_server.HttpPort);
    }

    [TearDown]
    public async Task StopServer()
    {
        await _relay.DisposeAsync();
        await _server.DisposeAsync();
    }

    [TestCase(1)]
    [TestCase(2)]
    [TestCase(3)]
    public async Task Page_shows_each_message_once_after_repeated_cuts_of_its_connection(int seed)
    {
        var random = new Random(seed);
        await using var page = await ChatPage.JoinAsync(_relay.Port, "ann", clock: true);
        var (sender, _) = await ChatClient.JoinAsync(_server.HttpPort, "sender");
        await using var __ = sender;

        using var stop = new CancellationTokenSource();
        var streaming = StreamAsync(sender, until: () => stop.IsCancellationRequested);
        var own = 0;
        foreach (var cut in (Func<Task>[])[InTheMiddleOfAFrame, AfterAMessageBeforeItsAck, BetweenFrames, BeforeAMessageArrives])
        {
            await page.SayAsync($"own {++own}");
            _relay.IsDown = true;
            await cut();
            await page.SayAsync($"own {++own}");
            await page.ExpectNotOnlineAsync();
            await page.SayAsync($"own {++own}");
            _relay.IsDown = false;
            await page.ExpectOnlineAsync();
            // Advance the page's clock until the connection counts as stable. After a stable connection, the page reconnects without a long delay.
            await page.Page.Clock.FastForwardAsync(6_000);
        }

        await stop.CancelAsync();
        await streaming;
        await page.ExpectCompleteLogAsync(sender, own);
        _relay.Cuts.Should().Be(4);

        async Task InTheMiddleOfAFrame()
        {
            _relay.ResetAfter(random.Next(1, 4_000));
            await TestWait.UntilAsync(() => _relay.Cuts == 1, "the cut");
        }

        async Task AfterAMessageBeforeItsAck()
        {
            // The page sends a message only after the previous one is acknowledged. So wait until the previous message has arrived. The
            // page then sends the next message immediately.
            await page.ExpectMessageAsync($"own {own}");
            _relay.DropServerData();
            await page.SayAsync($"own {++own}");
            await TestWait.UntilAsync(() => HasReceived(sender, $"own {own}"), "the message at the server");
            _relay.Reset();
        }

        async Task BetweenFrames()
        {
            var moment = random.Next(1, 20);
            var received = sender.Inbox.All.Count;
            await TestWait.UntilAsync(() => sender.Inbox.All.Count > received + moment || streaming.IsCompleted, "a random moment in the stream");
            _relay.End();
        }

        async Task BeforeAMessageArrives()
        {
            _relay.GoSilent();
            await page.SayAsync($"own {++own}");
            _relay.Reset();
            _relay.EndSilence();
        }
    }

    [Test]
    public async Task Page_misses_no_message_if_its_connection_is_cut_during_the_catch_up()
    {
        await using var page = await ChatPage.JoinAsync(_relay.Port, "ann");
        var (sender, _) = await ChatClient.JoinAsync(_server.HttpPort, "sender");
        await using var __ = sender;
        await page.SayAsync("own 1");
        await sender.Inbox.ExpectAsync<MessageFrame>(message => message.Text == "own 1");

        // The page misses more than the 200 events that one `joined` frame may contain. Each message has 100 random digits, which need 50
        // bytes even when compressed. So the `joined` frame has about 15 KB, and the later frames have about 25 KB. The test cuts the
        // connection twice in the `joined` frame and once after it.
        _relay.IsDown = true;
        _relay.Reset();
        await page.ExpectNotOnlineAsync();
        for (var i = 1; i <= Streamed; i++)
            await sender.SayAsync($"streamed {i} {Convert.ToHexString(RandomNumberGenerator.GetBytes(50))}");
        foreach (var bytes in (int[])[3_000, 10_000, 25_000])
        {
            var cuts = _relay.Cuts;
            _relay.ResetAfter(bytes);
            _relay.IsDown = false;
            await TestWait.UntilAsync(() => _relay.Cuts > cuts, $"the cut after {bytes} bytes");
        }

        await page.ExpectOnlineAsync();
        await page.ExpectCompleteLogAsync(sender, own: 1);
    }

    [Test]
    public async Task Page_detects_a_dead_connection_when_a_message_gets_no_answer()
    {
        await using var page = await ChatPage.JoinAsync(_relay.Port, "ann", clock: true);
        var (sender, _) = await ChatClient.JoinAsync(_server.HttpPort, "sender");
        await using var __ = sender;

        _relay.GoSilent();
        await page.SayAsync("own 1");
        await sender.SayAsync("streamed 1");

        // After 10 s without an answer the page sends a ping; after 10 s without a pong it reconnects. The test controls the page's clock.
        await page.Page.Clock.FastForwardAsync(11_000);
        await page.Page.Clock.FastForwardAsync(11_000);
        await page.ExpectNotOnlineAsync(within: 5_000);
        await page.SayAsync("own 2");

        _relay.EndSilence();
        await page.ExpectOnlineAsync();
        await page.ExpectCompleteLogAsync(sender, own: 2);
    }

    [Test]
    public async Task Page_detects_a_dead_connection_and_keeps_an_idle_connection_that_answers_pings()
    {
        await using var page = await ChatPage.JoinAsync(_relay.Port, "ann", clock: true);
        var (sender, _) = await ChatClient.JoinAsync(_server.HttpPort, "sender");
        await using var __ = sender;

        // For two minutes no client sends a message. The page sends pings, gets the answers and stays connected.
        for (var i = 0; i < 3; i++)
        {
            await page.Page.Clock.FastForwardAsync(41_000);
            await page.Page.Clock.RunForAsync(2_000);
            await page.ExpectOnlineAsync();
        }

        _relay.Cuts.Should().Be(0);
        _relay.GoSilent();
        await sender.SayAsync("streamed 1");
        await page.Page.Clock.FastForwardAsync(41_000);
        await page.Page.Clock.FastForwardAsync(11_000);
        await page.ExpectNotOnlineAsync(within: 5_000);

        _relay.EndSilence();
        await page.ExpectOnlineAsync();
        await page.ExpectCompleteLogAsync(sender, own: 0);
    }

    private static async Task StreamAsync(ChatClient sender, Func<bool> until)
    {
        using var pace = new PeriodicTimer(Pace);
        for (var i = 1; i <= Streamed && !until() && await pace.WaitForNextTickAsync(); i++)
            await sender.SendAsync(ChatPeerExtensions.Say($"streamed {i}", id: $"streamed {i}"));
    }

    private static bool HasReceived(ChatClient client, string text) => client.Inbox.All.OfType<MessageFrame>().Any(message => message.Text == text);
}
