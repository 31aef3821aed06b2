using System.Security.Cryptography;
using Microsoft.Playwright;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.EndToEnd;

/// <summary>A page whose line is cut comes back by itself, and then shows what it would have shown without.</summary>
public sealed class CutConnectionTests
{
    // At 50 a second: six seconds, which four cuts and the waits after them fit into. It ends with them. With the page's own they stay
    // below the 500 that it draws at once, so that all of them can be read off it.
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
    public async Task Cut_again_and_again_in_a_stream_it_misses_nothing_and_repeats_nothing(int seed)
    {
        var random = new Random(seed);
        await using var page = await ChatPage.JoinAsync(_relay.Port, "ann", clock: true);
        var (speaker, _) = await ChatClient.JoinAsync(_server.HttpPort, "speaker");
        await using var __ = speaker;

        using var enough = new CancellationTokenSource();
        var streaming = StreamAsync(speaker, until: () => enough.IsCancellationRequested);
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
            // One that lasted is dialled anew soon when it is cut; by the page's clock this one has.
            await page.Page.Clock.FastForwardAsync(6_000);
        }

        await enough.CancelAsync();
        await streaming;
        await page.ExpectWholeLogAsync(speaker, own);
        _relay.Cuts.Should().Be(4);

        async Task InTheMiddleOfAFrame()
        {
            _relay.ResetAfter(random.Next(1, 4_000));
            await Patience.UntilAsync(() => _relay.Cuts == 1, "the cut");
        }

        async Task AfterAMessageBeforeItsAck()
        {
            // One is sent after the other's ack: what was said before must have its own, so that this one is on its way.
            await page.ExpectMessageAsync($"own {own}");
            _relay.LoseAnswers();
            await page.SayAsync($"own {++own}");
            await Patience.UntilAsync(() => Heard(speaker, $"own {own}"), "the message at the server");
            _relay.Reset();
        }

        async Task BetweenFrames()
        {
            var moment = random.Next(1, 20);
            var heard = speaker.Inbox.All.Count;
            await Patience.UntilAsync(() => speaker.Inbox.All.Count > heard + moment || streaming.IsCompleted, "a random moment in the stream");
            _relay.End();
        }

        async Task BeforeAMessageArrives()
        {
            _relay.GoSilent();
            await page.SayAsync($"own {++own}");
            _relay.Reset();
            _relay.Speak();
        }
    }

    [Test]
    public async Task Cut_while_it_catches_up_it_still_misses_nothing()
    {
        await using var page = await ChatPage.JoinAsync(_relay.Port, "ann");
        var (speaker, _) = await ChatClient.JoinAsync(_server.HttpPort, "speaker");
        await using var __ = speaker;
        await page.SayAsync("own 1");
        await speaker.Inbox.ExpectAsync<MessageFrame>(message => message.Text == "own 1");

        // More than the 200 events that one `joined` may have. That is compressed, but of 100 random digits 50 bytes are left: some
        // 15 KB, and 25 KB of what follows it; the cuts fall into both.
        _relay.IsDown = true;
        _relay.Reset();
        await page.ExpectNotOnlineAsync();
        for (var i = 1; i <= Streamed; i++)
            await speaker.SayAsync($"streamed {i} {Convert.ToHexString(RandomNumberGenerator.GetBytes(50))}");
        foreach (var bytes in (int[])[3_000, 10_000, 25_000])
        {
            var cuts = _relay.Cuts;
            _relay.ResetAfter(bytes);
            _relay.IsDown = false;
            await Patience.UntilAsync(() => _relay.Cuts > cuts, $"the cut after {bytes} bytes");
        }

        await page.ExpectOnlineAsync();
        await page.ExpectWholeLogAsync(speaker, own: 1);
    }

    [Test]
    public async Task A_line_that_went_dead_under_a_message_is_noticed()
    {
        await using var page = await ChatPage.JoinAsync(_relay.Port, "ann", clock: true);
        var (speaker, _) = await ChatClient.JoinAsync(_server.HttpPort, "speaker");
        await using var __ = speaker;

        _relay.GoSilent();
        await page.SayAsync("own 1");
        await speaker.SayAsync("streamed 1");

        // 10 s without an answer make it ask, 10 s without an answer to that make it give up. The browser's clock is ours.
        await page.Page.Clock.FastForwardAsync(11_000);
        await page.Page.Clock.FastForwardAsync(11_000);
        await page.ExpectNotOnlineAsync(within: 5_000);
        await page.SayAsync("own 2");

        _relay.Speak();
        await page.ExpectOnlineAsync();
        await page.ExpectWholeLogAsync(speaker, own: 2);
    }

    [Test]
    public async Task A_line_that_went_dead_in_silence_is_noticed_and_a_quiet_one_is_kept()
    {
        await using var page = await ChatPage.JoinAsync(_relay.Port, "ann", clock: true);
        var (speaker, _) = await ChatClient.JoinAsync(_server.HttpPort, "speaker");
        await using var __ = speaker;

        // Nobody says anything for two minutes: it asks, hears the answer and stays.
        for (var i = 0; i < 3; i++)
        {
            await page.Page.Clock.FastForwardAsync(41_000);
            await page.Page.Clock.RunForAsync(2_000);
            await page.ExpectOnlineAsync();
        }

        _relay.Cuts.Should().Be(0);
        _relay.GoSilent();
        await speaker.SayAsync("streamed 1");
        await page.Page.Clock.FastForwardAsync(41_000);
        await page.Page.Clock.FastForwardAsync(11_000);
        await page.ExpectNotOnlineAsync(within: 5_000);

        _relay.Speak();
        await page.ExpectOnlineAsync();
        await page.ExpectWholeLogAsync(speaker, own: 0);
    }

    private static async Task StreamAsync(ChatClient speaker, Func<bool> until)
    {
        using var pace = new PeriodicTimer(Pace);
        for (var i = 1; i <= Streamed && !until() && await pace.WaitForNextTickAsync(); i++)
            await speaker.SendAsync(ChatPeerVerbs.Say($"streamed {i}", id: $"streamed {i}"));
    }

    private static bool Heard(ChatClient client, string text) => client.Inbox.All.OfType<MessageFrame>().Any(message => message.Text == text);
}
