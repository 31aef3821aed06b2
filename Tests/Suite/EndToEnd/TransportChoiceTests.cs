using Microsoft.Playwright;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.EndToEnd;

/// <summary>
/// The page uses the best transport that works. If this transport is not WebSocket, the page says so, and returns to WebSocket when WebSocket
/// works again.
/// </summary>
[Category(Categories.Slow)] // runs Chromium
public sealed class TransportChoiceTests
{
    // Scrolls up until the page draws a notice. Messages that arrive after a notice move the notice out of the view.
    private const string FindNotice = """
        async (text) => {
          const log = document.getElementById('log');
          for (let i = 0; i < 500 && (i === 0 || log.scrollTop > 0); i += 1) {
            if ([...log.querySelectorAll('.notice')].some((notice) => notice.textContent.includes(text))) return true;
            log.scrollTop -= log.clientHeight / 2;
            for (let frames = 0; frames < 3; frames += 1) await new Promise((resolve) => { requestAnimationFrame(resolve); });
          }
          return [...log.querySelectorAll('.notice')].some((notice) => notice.textContent.includes(text));
        }
        """;

    private const string Buffers = "A proxy between you and the server delays streamed responses (it buffers them).";

    private ServerUnderTest _server = null!;
    private RestrictiveProxy _proxy = null!;

    [SetUp]
    public async Task StartServer()
    {
        _server = await ServerUnderTest.StartAsync("--Limits:Enabled", "false");
        _proxy = await RestrictiveProxy.StartAsync(_server.HttpPort);
    }

    [TearDown]
    public async Task StopServer()
    {
        await _proxy.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Test]
    public async Task Page_uses_WebSocket_if_WebSocket_works_and_shows_no_notice()
    {
        await using var ann = await ChatPage.JoinAsync(_proxy.Port, "ann");
        await ann.ExpectTransportAsync("ws");
        await Assertions.Expect(ann.Page.Locator("#my-way")).ToBeHiddenAsync();
        _proxy.RequestedPaths.Should().NotContain("/poll").And.NotContain("/events");
    }

    [TestCase(403)]
    [TestCase(502)]
    public async Task Page_uses_server_sent_events_if_WebSockets_are_refused(int status)
    {
        _proxy.WebSocketRefusalStatus = status;
        await using var ann = await ChatPage.JoinAsync(_proxy.Port, "ann");
        await ann.ExpectTransportAsync("sse");
        await ExpectNoticeAsync(ann, "WebSocket can’t be used here. The page now uses server-sent events.");
        await Assertions.Expect(ann.Page.Locator("#my-way")).ToHaveTextAsync("events");
        await ExpectChatWorksAsync(ann);
        _proxy.RequestedPaths.Count(path => path == "/ws").Should().Be(2, "the page tries a failed transport a second time");
    }

    [Test]
    public async Task Page_does_not_try_a_hanging_WebSocket_twice()
    {
        _proxy.HangsWebSockets = true;
        await using var ann = await OpenUntilRequestedAsync("/ws");
        await ann.PassFirstFrameTimeoutAsync();
        await ann.ExpectTransportAsync("sse");
        _proxy.RequestedPaths.Count(path => path == "/ws").Should().Be(1);
        await ExpectChatWorksAsync(ann);
    }

    [Test]
    public async Task Page_uses_long_polling_and_says_so_if_a_proxy_delays_streams()
    {
        _proxy.WebSocketRefusalStatus = 403;
        _proxy.BufferingDelay = TimeSpan.FromSeconds(2);
        await using var ann = await ChatPage.JoinAsync(_proxy.Port, "ann");
        await ann.ExpectTransportAsync("longpoll");
        await ExpectNoticeAsync(ann, Buffers);
        await ExpectChatWorksAsync(ann);
        await ann.Page.ClickAsync("#me");
        await Assertions.Expect(ann.Page.Locator("#way-words")).ToContainTextAsync(Buffers);
        _proxy.RequestedPaths.Should().Contain("/events").And.NotContain("/stream", "a proxy that buffers one stream buffers all streams");

        // The next visit starts with the transport that worked.
        while (_proxy.RequestedPaths.TryDequeue(out _))
        {
        }

        await ann.Page.ReloadAsync();
        await ann.ExpectInsideAsync("lobby");
        await ann.ExpectTransportAsync("longpoll");
        _proxy.RequestedPaths.Should().NotContain("/events").And.NotContain("/ws");
    }

    [Test]
    public async Task Page_uses_long_polling_and_says_so_if_a_proxy_never_forwards_streams()
    {
        _proxy.WebSocketRefusalStatus = 403;
        _proxy.BufferingDelay = TimeSpan.FromMinutes(10);
        await using var ann = await OpenUntilRequestedAsync("/events");
        await ann.PassFirstFrameTimeoutAsync();
        await ann.ExpectTransportAsync("longpoll");
        await ExpectNoticeAsync(ann, Buffers);
        await ExpectChatWorksAsync(ann);
    }

    [Test]
    public async Task Pinned_transport_stays_even_if_a_proxy_delays_it()
    {
        _proxy.BufferingDelay = TimeSpan.FromSeconds(2);
        await using var ann = await ChatPage.OpenAsync($"http://127.0.0.1:{_proxy.Port}/?name=ann&room=lobby&way=sse");
        await Assertions.Expect(ann.Page.Locator("#my-state")).ToHaveAttributeAsync("data-way", "sse");
        await TestWait.UntilAsync(() => _proxy.RequestedPaths.Count(path => path == "/events") >= 2, "another attempt");
        // The proxy still delays the current response, but not the next one.
        _proxy.BufferingDelay = TimeSpan.Zero;
        _proxy.AbortAll();
        await ann.ExpectTransportAsync("sse");
        await ExpectChatWorksAsync(ann);
        _proxy.RequestedPaths.Should().NotContain("/longpoll").And.NotContain("/ws");
    }

    [Test]
    public async Task Page_uses_interval_polling_if_streams_and_long_polls_fail()
    {
        _proxy.WebSocketRefusalStatus = 502;
        _proxy.BlockedPaths = ["/events", "/stream", "/longpoll"];
        await using var ann = await ChatPage.JoinAsync(_proxy.Port, "ann");
        await ann.ExpectTransportAsync("poll");
        await ExpectChatWorksAsync(ann);
    }

    [Test]
    public async Task Page_returns_to_WebSocket_when_WebSocket_works_again_and_loses_no_message()
    {
        _proxy.WebSocketRefusalStatus = 502;
        await using var ann = await ChatPage.JoinAsync(_proxy.Port, "ann", clock: true);
        await ann.ExpectTransportAsync("sse");
        var (bob, _) = await ChatClient.JoinAsync(_server.HttpPort, "bob");
        await using var __ = bob;

        // A failed attempt to use WebSocket does not affect the current connection, and the page tries again later.
        var asked = _proxy.RequestedPaths.Count(path => path == "/ws");
        await ann.Page.Clock.FastForwardAsync(61_000);
        await TestWait.UntilAsync(() => _proxy.RequestedPaths.Count(path => path == "/ws") == asked + 1, "an attempt");
        await ann.SayAsync("own 1");
        await ann.ExpectMessageAsync("own 1");
        await ann.ExpectAllSentAsync();
        await ann.ExpectTransportAsync("sse");

        _proxy.WebSocketRefusalStatus = null;
        var (carl, _) = await ChatClient.JoinAsync(_server.HttpPort, "carl");
        await using var ___ = carl;
        using var stop = new CancellationTokenSource();
        var streaming = StreamAsync();
        // On a busy machine, a jump of the clock can end the stream. The page then tries WebSocket later, so one jump may not be enough. The loop
        // ends when the page has begun to connect, because a further jump would end this attempt.
        for (var i = 1; i <= 20 && _proxy.RequestedPaths.Count(path => path == "/ws") == asked + 1; i++)
        {
            // Without a message between two jumps of the clock, the page would treat the stream as dead.
            await carl.SayAsync($"between {i}");
            await ann.ExpectMessageAsync($"between {i}");
            await ann.Page.Clock.FastForwardAsync(41_000);
        }
        await ann.ExpectTransportAsync("ws");
        await ann.SayAsync("own 2");
        await stop.CancelAsync();
        await streaming;
        await ann.ExpectAllSentAsync();
        (await ann.Page.EvaluateAsync<bool>(FindNotice, "Connected by WebSocket again.")).Should().BeTrue();
        await ann.ExpectCompleteLogAsync(bob, own: 2);

        async Task StreamAsync()
        {
            for (var i = 1; !stop.IsCancellationRequested && i <= 400; i++)
                await bob.SayAsync($"streamed {i}");
        }
    }

    [Test]
    public async Task Transport_pinned_in_the_settings_survives_a_reload()
    {
        await using var ann = await ChatPage.JoinAsync(_server.HttpPort, "ann");
        await ann.ExpectTransportAsync("ws");
        await ann.Page.ClickAsync("#me");
        await ann.Page.ClickAsync("#tab-connection");
        await ann.Page.SelectOptionAsync("#way", "longpoll");
        await ann.ExpectTransportAsync("longpoll");
        await Assertions.Expect(ann.Page.Locator("#way-words")).ToHaveTextAsync("Connected by long-polling. ");
        await ann.Page.ReloadAsync();
        await ann.ExpectInsideAsync("lobby");
        await ann.ExpectTransportAsync("longpoll");
        await ExpectChatWorksAsync(ann);

        await ann.Page.ClickAsync("#me");
        await ann.Page.ClickAsync("#tab-connection");
        await ann.Page.SelectOptionAsync("#way", "");
        await ann.ExpectTransportAsync("ws");
    }

    [TestCase("sse")]
    [TestCase("longpoll")]
    [TestCase("poll")]
    public async Task Two_tabs_receive_all_messages(string transport)
    {
        var url = $"http://127.0.0.1:{_server.HttpPort}/?name=ann&room=lobby&way={transport}";
        await using var first = await ChatPage.OpenAsync(url);
        await first.ExpectInsideAsync("lobby");
        await first.ExpectTransportAsync(transport);
        var second = await ChatPage.OpenAsync(await first.Page.Context.NewPageAsync(), url);
        await second.ExpectInsideAsync("lobby");
        await second.ExpectTransportAsync(transport);

        await ExpectChatWorksAsync(second);
        await first.SayAsync("from the first");
        foreach (var tab in (ChatPage[])[first, second])
        {
            await tab.ExpectMessageAsync("from the first");
            await tab.ExpectOnlineAsync();
            (await tab.ReadAsync()).Select(message => message.Text).Should().Equal("from the page", "from the other", "from the first");
        }
    }

    [Test]
    public async Task Duplicated_tab_gets_its_own_device_id()
    {
        var url = $"http://127.0.0.1:{_server.HttpPort}/?name=ann&room=lobby&way=longpoll";
        await using var first = await ChatPage.OpenAsync(url);
        await first.ExpectInsideAsync("lobby");
        var stored = await first.Page.EvaluateAsync<string>("() => JSON.stringify({ ...sessionStorage })");
        var tab = await first.Page.Context.NewPageAsync();
        await tab.AddInitScriptAsync($"if (!sessionStorage.length) Object.assign(sessionStorage, {stored});");
        var second = await ChatPage.OpenAsync(tab, url);
        await second.ExpectInsideAsync("lobby");

        await second.SayAsync("from the second");
        await first.ExpectMessageAsync("from the second");
        await first.SayAsync("from the first");
        await second.ExpectMessageAsync("from the first");
        (await TransportDevicesAsync(first, second)).Should().OnlyHaveUniqueItems();
    }

    [Test]
    public async Task Page_from_disk_uses_WebSocket_only_and_says_so()
    {
        await using var server = await ServerUnderTest.StartAsync("--Origins:FromDisk", "true");
        await using var ann = await ChatPage.OpenAsync($"{new Uri(InstalledTools.ClientHtml)}?server=127.0.0.1:{server.HttpPort}&name=ann&room=lobby&way=sse");
        await ann.ExpectInsideAsync("lobby");
        await ann.ExpectTransportAsync("ws");
        await ann.Page.ClickAsync("#me");
        await Assertions.Expect(ann.Page.Locator("#way-words")).ToContainTextAsync("A page opened from disk can only use WebSocket.");
        await Assertions.Expect(ann.Page.Locator("#way option[value=sse]")).ToBeDisabledAsync();
    }

    private static async Task<IReadOnlyList<string>> TransportDevicesAsync(params ChatPage[] pages)
    {
        var devices = new List<string>();
        foreach (var page in pages)
            devices.Add(await page.Page.EvaluateAsync<string>("() => Object.entries(sessionStorage).find(([key]) => key.endsWith(' device'))[1]"));
        return devices;
    }

    // The page uses a simulated clock. The tests advance this clock instead of waiting for the page's timeouts.
    private async Task<ChatPage> OpenUntilRequestedAsync(string path)
    {
        var page = await ChatPage.OpenAsync($"http://127.0.0.1:{_proxy.Port}/?name=ann&room=lobby", clock: true);
        await TestWait.UntilAsync(() => _proxy.RequestedPaths.Contains(path), $"the page to request {path}");
        return page;
    }

    private static Task ExpectNoticeAsync(ChatPage page, string text) =>
        Assertions.Expect(page.Notices.Filter(new() { HasText = text })).ToHaveCountAsync(1);

    private async Task ExpectChatWorksAsync(ChatPage page)
    {
        var (other, _) = await ChatClient.JoinAsync(_server.HttpPort, "other");
        await using var __ = other;
        await page.SayAsync("from the page");
        await other.Inbox.ExpectAsync<Protocol.Chat.MessageFrame>(message => message.Text == "from the page");
        await other.SayAsync("from the other");
        await page.ExpectMessageAsync("from the other");
    }
}
