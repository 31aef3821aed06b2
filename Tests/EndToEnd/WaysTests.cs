using Microsoft.Playwright;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.EndToEnd;

/// <summary>The page by each way in, in a real browser: what it shows, and what the server sees it come by.</summary>
[TestFixture("ws")]
[TestFixture("ws-h2")]
[TestFixture("sse")]
[TestFixture("stream")]
[TestFixture("longpoll")]
[TestFixture("poll")]
[TestFixture("iframe")]
public sealed class WaysTests(string way)
{
    private static readonly BrowserNewContextOptions Trusting = new() { IgnoreHTTPSErrors = true };

    private ServerUnderTest _server = null!;
    private LineClient _bob = null!;

    [SetUp]
    public async Task StartServer()
    {
        // An iframe that ends often, so that a test sees it replaced; and a grace that outlives the longest pause of a poll.
        string[] settings = ["--Limits:Enabled", "false", "--Http:IframeBytes", "16384"];
        _server = IsOverHttp2 ? await ServerUnderTest.StartWithTlsAsync(settings) : await ServerUnderTest.StartAsync(settings);
        _bob = await LineClient.ConnectAsync(_server.RawPort);
        await _bob.AskAsync<WelcomeFrame>(new ClientFrame { Type = ClientFrameType.Hello, Name = "bob", Id = FrameId.From("hello") });
        await _bob.AskAsync<JoinedFrame>(ChatPeerVerbs.Join("lobby"));
    }

    [TearDown]
    public async Task StopServer()
    {
        await _bob.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Test]
    public async Task It_chats_by_this_way_and_no_other()
    {
        for (var i = 1; i <= 60; i++)
            await _bob.SendAsync(ChatPeerVerbs.Say($"before {i}"));
        await _bob.Inbox.ExpectAsync<MessageFrame>(message => message.Text == "before 60");
        await using var ann = await JoinAsync(_server.HttpPort);
        await ann.ExpectWayAsync(Chosen);
        await ExpectSeenAsync();

        await ann.SayAsync("hello by this way");
        await _bob.Inbox.ExpectAsync<MessageFrame>(message => message is { Text: "hello by this way", From.Name: "ann" });
        await _bob.SendAsync(ChatPeerVerbs.Say("hello, ann"));
        await ann.ExpectMessageAsync("hello, ann");
        await ann.SayAsync("/topic typed as a line");
        await Assertions.Expect(ann.Page.Locator("#topic")).ToHaveTextAsync("typed as a line");

        // Older ones come as one scrolls, newer ones after a reload: by the same way each time.
        await ann.Page.Locator("#log").EvaluateAsync("(log) => { log.scrollTop = 0; }");
        await ann.ExpectMessageAsync("before 1");
        await ann.Page.ReloadAsync();
        await ann.ExpectInsideAsync("lobby");
        await ann.ExpectMessageAsync("hello, ann");
        await ann.SayAsync("after the reload");
        await _bob.Inbox.ExpectAsync<MessageFrame>(message => message is { Text: "after the reload", From.Name: "ann" });
        await ann.ExpectMessageAsync("after the reload");
        await ann.ExpectWayAsync(Chosen);
        await ExpectSeenAsync();
        var log = _bob.Inbox.All.OfType<MessageFrame>().Select(message => message.Seq).ToList();
        (await ann.ReadAsync()).Select(message => message.Seq).Should().OnlyHaveUniqueItems().And.BeInAscendingOrder()
            .And.EndWith(log[^3..]);

        await ann.Page.ClickAsync("#me");
        await Assertions.Expect(ann.Page.Locator("#way")).ToHaveValueAsync(Chosen);
        await Assertions.Expect(ann.Page.Locator("#way-words")).ToContainTextAsync("Connected by ");
        (await ann.ViolationsAsync()).Should().BeEmpty();
        ann.Faults.Should().BeEmpty();
    }

    [Test]
    public async Task Cut_in_the_middle_it_misses_nothing_and_repeats_nothing()
    {
        // By TLS nobody on the way can do more than pass bytes on, or cut.
        await using var relay = IsOverHttp2 ? new CuttableRelay(_server.HttpPort) : null;
        await using var proxy = relay is null ? await WilfulProxy.StartAsync(_server.HttpPort) : null;
        await using var ann = await JoinAsync(relay?.Port ?? proxy!.Port);
        await ann.ExpectWayAsync(Chosen);
        var own = 0;
        for (var round = 1; round <= 3; round++)
        {
            await ann.SayAsync($"own {++own}");
            for (var i = 1; i <= 40; i++)
            {
                await _bob.SendAsync(ChatPeerVerbs.Say($"streamed {round} {i} {new string('x', 400)}"));
                if (i != 20)
                    continue;
                relay?.Reset();
                proxy?.Cut();
            }

            await ann.SayAsync($"own {++own}");
            if (IsIframe)
            {
                // The browser does not tell that one broke off: what was said and acknowledged, and does not come back, does. By the page's clock.
                await ann.ExpectMessageAsync($"own {own}");
                await ann.Page.Clock.FastForwardAsync(5_000);
            }

            await ann.ExpectMessageAsync($"streamed {round} 40");
            await ann.ExpectWayAsync(Chosen);
        }

        await ann.ExpectWholeLogAsync(_bob, own);
    }

    // Which HTTP a WebSocket is made of is the browser's choice: of version 2 where the page came by it.
    private bool IsOverHttp2 => way == "ws-h2";

    private bool IsIframe => way == "iframe";

    private string Chosen => IsOverHttp2 ? "ws" : way;

    private async Task<ChatPage> JoinAsync(int port)
    {
        var page = await ChatPage.OpenAsync($"{(IsOverHttp2 ? "https" : "http")}://127.0.0.1:{port}/?name=ann&room=lobby&way={Chosen}", Trusting, clock: IsIframe);
        await page.ExpectInsideAsync("lobby");
        return page;
    }

    private async Task ExpectSeenAsync() =>
        await Patience.UntilAsync(() => Ways() is [var only] && only == way, () => $"{way} alone; there were {string.Join(", ", Ways())}");

    private string[] Ways() => [.. _server.Connections.All.Select(connection => connection.Way).Where(seen => seen != "tcp")];
}
