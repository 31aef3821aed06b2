using Microsoft.Playwright;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.EndToEnd;

/// <summary>The page with each transport, in a real browser. The tests check the text that the page shows, and the transport that the server reports.</summary>
[TestFixture("ws")]
[TestFixture("ws-h2")]
[TestFixture("sse")]
[TestFixture("stream")]
[TestFixture("longpoll")]
[TestFixture("poll")]
[TestFixture("iframe")]
[Category(Categories.Slow)] // runs Chromium
public sealed class TransportTests(string transport)
{
    // Chromium checks the certificate for a service worker even if it ignores other certificate errors. So the test blocks service workers.
    private static readonly BrowserNewContextOptions IgnoreCertificate = new() { IgnoreHTTPSErrors = true, ServiceWorkers = ServiceWorkerPolicy.Block };

    private ServerUnderTest _server = null!;
    private LineClient _bob = null!;

    [SetUp]
    public async Task StartServer()
    {
        // Set a small size limit, so that the page has to replace the iframe during a test.
        string[] settings = ["--Limits:Enabled", "false", "--Http:IframeBytes", "16384"];
        _server = IsOverHttp2 ? await ServerUnderTest.StartWithTlsAsync(settings) : await ServerUnderTest.StartAsync(settings);
        _bob = await LineClient.ConnectAsync(_server.RawPort);
        await _bob.RequestAsync<WelcomeFrame>(new ClientFrame { Type = ClientFrameType.Hello, Name = "bob", Id = FrameId.From("hello") });
        await _bob.RequestAsync<JoinedFrame>(ChatPeerExtensions.Join("lobby"));
    }

    [TearDown]
    public async Task StopServer()
    {
        await _bob.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Test]
    public async Task Page_uses_only_this_transport()
    {
        for (var i = 1; i <= 60; i++)
            await _bob.SendAsync(ChatPeerExtensions.Say($"before {i}"));
        await _bob.Inbox.ExpectAsync<MessageFrame>(message => message.Text == "before 60");
        await using var ann = await JoinAsync(_server.HttpPort);
        await ann.ExpectTransportAsync(Chosen);
        await ExpectServerSeesTransportAsync();

        await ann.SayAsync("hello by this transport");
        await _bob.Inbox.ExpectAsync<MessageFrame>(message => message is { Text: "hello by this transport", From.Name: "ann" });
        await _bob.SendAsync(ChatPeerExtensions.Say("hello, ann"));
        await ann.ExpectMessageAsync("hello, ann");
        await ann.SayAsync("/topic typed as a line");
        await Assertions.Expect(ann.Page.Locator("#topic")).ToHaveTextAsync("typed as a line");

        // Older messages arrive when the person scrolls, newer ones after a reload. The transport stays the same.
        await ann.Page.Locator("#log").EvaluateAsync("(log) => { log.scrollTop = 0; }");
        await ann.ExpectMessageAsync("before 1");
        await ann.Page.ReloadAsync();
        await ann.ExpectInsideAsync("lobby");
        await ann.ExpectMessageAsync("hello, ann");
        await ann.SayAsync("after the reload");
        await _bob.Inbox.ExpectAsync<MessageFrame>(message => message is { Text: "after the reload", From.Name: "ann" });
        await ann.ExpectMessageAsync("after the reload");
        await ann.ExpectTransportAsync(Chosen);
        await ExpectServerSeesTransportAsync();
        var log = _bob.Inbox.All.OfType<MessageFrame>().Select(message => message.Seq).ToList();
        (await ann.ReadAsync()).Select(message => message.Seq).Should().OnlyHaveUniqueItems().And.BeInAscendingOrder()
            .And.EndWith(log[^3..]);

        await ann.Page.ClickAsync("#me");
        await Assertions.Expect(ann.Page.Locator("#way")).ToHaveValueAsync(Chosen);
        await Assertions.Expect(ann.Page.Locator("#way-words")).ToContainTextAsync("Connected by ");
        (await ann.ViolationsAsync()).Should().BeEmpty();
        ann.Errors.Should().BeEmpty();
    }

    [Test]
    public async Task Page_shows_each_message_once_after_cuts_of_its_connections()
    {
        // With TLS, a proxy cannot change requests. It can only forward bytes or cut the connection.
        await using var relay = IsOverHttp2 ? new CuttableRelay(_server.HttpPort) : null;
        await using var proxy = relay is null ? await RestrictiveProxy.StartAsync(_server.HttpPort) : null;
        await using var ann = await JoinAsync(relay?.Port ?? proxy!.Port);
        await ann.ExpectTransportAsync(Chosen);
        var own = 0;
        for (var round = 1; round <= 3; round++)
        {
            await ann.SayAsync($"own {++own}");
            for (var i = 1; i <= 40; i++)
            {
                await _bob.SendAsync(ChatPeerExtensions.Say($"streamed {round} {i} {new string('x', 400)}"));
                if (i != 20)
                    continue;
                relay?.Reset();
                proxy?.AbortAll();
            }

            await ann.SayAsync($"own {++own}");
            if (IsIframe)
            {
                // The browser does not report that the response of an iframe ended early. The page opens the iframe again if a message of
                // this page is acknowledged but does not arrive within some seconds of the page's clock.
                await ann.ExpectMessageAsync($"own {own}");
                await ann.Page.Clock.FastForwardAsync(5_000);
            }

            await ann.ExpectMessageAsync($"streamed {round} 40");
            await ann.ExpectTransportAsync(Chosen);
        }

        await ann.ExpectCompleteLogAsync(_bob, own);
    }

    // The browser chooses the HTTP version of a WebSocket. It chooses HTTP/2 if the page was loaded over HTTP/2.
    private bool IsOverHttp2 => transport == "ws-h2";

    private bool IsIframe => transport == "iframe";

    private string Chosen => IsOverHttp2 ? "ws" : transport;

    private async Task<ChatPage> JoinAsync(int port)
    {
        var page = await ChatPage.OpenAsync($"{(IsOverHttp2 ? "https" : "http")}://127.0.0.1:{port}/?name=ann&room=lobby&way={Chosen}", IgnoreCertificate, clock: IsIframe);
        await page.ExpectInsideAsync("lobby");
        return page;
    }

    private async Task ExpectServerSeesTransportAsync() =>
        await TestWait.UntilAsync(() => TransportNames() is [var only] && only == transport, () => $"{transport} alone; there were {string.Join(", ", TransportNames())}");

    private string[] TransportNames() => [.. _server.Connections.All.Select(connection => connection.TransportName).Where(seen => seen != "tcp")];
}
