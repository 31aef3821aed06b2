using Microsoft.Playwright;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.EndToEnd;

/// <summary>The page finds the best way that works where it is, says so where that is not the best of all, and climbs back.</summary>
public sealed class WayChoiceTests
{
    private const string Buffers = "A proxy between you and the server holds streams back (buffers).";

    private ServerUnderTest _server = null!;
    private WilfulProxy _proxy = null!;

    [SetUp]
    public async Task StartServer()
    {
        _server = await ServerUnderTest.StartAsync("--Limits:Enabled", "false");
        _proxy = await WilfulProxy.StartAsync(_server.HttpPort);
    }

    [TearDown]
    public async Task StopServer()
    {
        await _proxy.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Test]
    public async Task Where_nothing_is_in_the_way_it_is_a_WebSocket_and_nothing_is_said_of_it()
    {
        await using var ann = await ChatPage.JoinAsync(_proxy.Port, "ann");
        await ann.ExpectWayAsync("ws");
        await Assertions.Expect(ann.Page.Locator("#my-way")).ToBeHiddenAsync();
        _proxy.Asked.Should().NotContain("/poll").And.NotContain("/events");
    }

    [TestCase(403)]
    [TestCase(502)]
    public async Task Where_WebSockets_are_refused_it_goes_on_by_events(int status)
    {
        _proxy.RefusesWebSocketsWith = status;
        await using var ann = await ChatPage.JoinAsync(_proxy.Port, "ann");
        await ann.ExpectWayAsync("sse");
        await ExpectNoticeAsync(ann, "No WebSocket gets through. The chat goes on by server-sent events.");
        await Assertions.Expect(ann.Page.Locator("#my-way")).ToHaveTextAsync("events");
        await ExpectTalkAsync(ann);
        _proxy.Asked.Count(path => path == "/ws").Should().Be(2, "one that fails may be bad luck");
    }

    [Test]
    public async Task Where_WebSockets_hang_it_does_not_wait_for_them_twice()
    {
        _proxy.HangsWebSockets = true;
        await using var ann = await OpenUntilAskedAsync("/ws");
        await ann.LetFirstFrameBeOverdueAsync();
        await ann.ExpectWayAsync("sse");
        _proxy.Asked.Count(path => path == "/ws").Should().Be(1);
        await ExpectTalkAsync(ann);
    }

    [Test]
    public async Task Where_a_proxy_buffers_it_says_so_and_polls()
    {
        _proxy.RefusesWebSocketsWith = 403;
        _proxy.Gathers = TimeSpan.FromSeconds(2);
        await using var ann = await ChatPage.JoinAsync(_proxy.Port, "ann");
        await ann.ExpectWayAsync("longpoll");
        await ExpectNoticeAsync(ann, Buffers);
        await ExpectTalkAsync(ann);
        await ann.Page.ClickAsync("#me");
        await Assertions.Expect(ann.Page.Locator("#way-words")).ToContainTextAsync(Buffers);
        _proxy.Asked.Should().Contain("/events").And.NotContain("/stream", "what holds the one back holds back the other");

        // The next visit begins with what worked.
        while (_proxy.Asked.TryDequeue(out _))
        {
        }

        await ann.Page.ReloadAsync();
        await ann.ExpectInsideAsync("lobby");
        await ann.ExpectWayAsync("longpoll");
        _proxy.Asked.Should().NotContain("/events").And.NotContain("/ws");
    }

    [Test]
    public async Task Where_a_proxy_never_lets_go_it_says_so_and_polls()
    {
        _proxy.RefusesWebSocketsWith = 403;
        _proxy.Gathers = TimeSpan.FromMinutes(10);
        await using var ann = await OpenUntilAskedAsync("/events");
        await ann.LetFirstFrameBeOverdueAsync();
        await ann.ExpectWayAsync("longpoll");
        await ExpectNoticeAsync(ann, Buffers);
        await ExpectTalkAsync(ann);
    }

    [Test]
    public async Task A_way_that_is_chosen_is_kept_even_where_it_suffers()
    {
        _proxy.Gathers = TimeSpan.FromSeconds(2);
        await using var ann = await ChatPage.OpenAsync($"http://127.0.0.1:{_proxy.Port}/?name=ann&room=lobby&way=sse");
        await Assertions.Expect(ann.Page.Locator("#my-state")).ToHaveAttributeAsync("data-way", "sse");
        await Patience.UntilAsync(() => _proxy.Asked.Count(path => path == "/events") >= 2, "another attempt");
        // What is under way still suffers; the next does not.
        _proxy.Gathers = TimeSpan.Zero;
        _proxy.Cut();
        await ann.ExpectWayAsync("sse");
        await ExpectTalkAsync(ann);
        _proxy.Asked.Should().NotContain("/longpoll").And.NotContain("/ws");
    }

    [Test]
    public async Task Where_all_streams_and_long_polls_fail_interval_polling_is_left()
    {
        _proxy.RefusesWebSocketsWith = 502;
        _proxy.Refused = ["/events", "/stream", "/longpoll"];
        await using var ann = await ChatPage.JoinAsync(_proxy.Port, "ann");
        await ann.ExpectWayAsync("poll");
        await ExpectTalkAsync(ann);
    }

    [Test]
    public async Task Once_WebSockets_get_through_it_climbs_back_and_nothing_is_lost_at_the_seam()
    {
        _proxy.RefusesWebSocketsWith = 502;
        await using var ann = await ChatPage.JoinAsync(_proxy.Port, "ann", clock: true);
        await ann.ExpectWayAsync("sse");
        var (bob, _) = await ChatClient.JoinAsync(_server.HttpPort, "bob");
        await using var __ = bob;

        // A try that fails disturbs nothing, and the next one comes later than the first.
        var asked = _proxy.Asked.Count(path => path == "/ws");
        await ann.Page.Clock.FastForwardAsync(61_000);
        await Patience.UntilAsync(() => _proxy.Asked.Count(path => path == "/ws") == asked + 1, "a try");
        await ann.SayAsync("own 1");
        await ann.ExpectMessageAsync("own 1");
        await ann.ExpectAllSentAsync();
        await ann.ExpectWayAsync("sse");

        _proxy.RefusesWebSocketsWith = null;
        var (carl, _) = await ChatClient.JoinAsync(_server.HttpPort, "carl");
        await using var ___ = carl;
        using var stop = new CancellationTokenSource();
        var talking = TalkAsync();
        for (var i = 1; i <= 3; i++)
        {
            // Two leaps without a word between them would be a silence in which any stream is taken for dead.
            await carl.SayAsync($"between {i}");
            await ann.ExpectMessageAsync($"between {i}");
            await ann.Page.Clock.FastForwardAsync(41_000);
        }
        await ann.ExpectWayAsync("ws");
        await ann.SayAsync("own 2");
        await ExpectNoticeAsync(ann, "Connected by WebSocket again.");
        await stop.CancelAsync();
        await talking;
        await ann.ExpectWholeLogAsync(bob, own: 2);

        async Task TalkAsync()
        {
            for (var i = 1; !stop.IsCancellationRequested && i <= 400; i++)
                await bob.SayAsync($"streamed {i}");
        }
    }

    [Test]
    public async Task A_way_is_pinned_in_the_menu_and_kept_over_a_reload()
    {
        await using var ann = await ChatPage.JoinAsync(_server.HttpPort, "ann");
        await ann.ExpectWayAsync("ws");
        await ann.Page.ClickAsync("#me");
        await ann.Page.SelectOptionAsync("#way", "longpoll");
        await ann.ExpectWayAsync("longpoll");
        await Assertions.Expect(ann.Page.Locator("#way-words")).ToHaveTextAsync("Connected by long-polling. ");
        await ann.Page.ReloadAsync();
        await ann.ExpectInsideAsync("lobby");
        await ann.ExpectWayAsync("longpoll");
        await ExpectTalkAsync(ann);

        await ann.Page.ClickAsync("#me");
        await ann.Page.SelectOptionAsync("#way", "");
        await ann.ExpectWayAsync("ws");
    }

    [TestCase("sse")]
    [TestCase("longpoll")]
    [TestCase("poll")]
    public async Task Two_tabs_do_not_fight_over_one_outbox(string way)
    {
        var url = $"http://127.0.0.1:{_server.HttpPort}/?name=ann&room=lobby&way={way}";
        await using var first = await ChatPage.OpenAsync(url);
        await first.ExpectInsideAsync("lobby");
        await first.ExpectWayAsync(way);
        var second = await ChatPage.OpenAsync(await first.Page.Context.NewPageAsync(), url);
        await second.ExpectInsideAsync("lobby");
        await second.ExpectWayAsync(way);

        await Assertions.Expect(first.Banner).ToHaveAttributeAsync("data-state", "elsewhere");
        await Assertions.Expect(first.Page.Locator("#banner-text")).ToHaveTextAsync("This chat goes on in another tab.");
        await first.SayAsync("own 1");
        await ExpectTalkAsync(second);
        await second.ExpectOnlineAsync();
        await first.ExpectPendingAsync(1);

        await first.Page.Locator("#banner-now").ClickAsync();
        await first.ExpectWayAsync(way);
        await Assertions.Expect(second.Banner).ToHaveAttributeAsync("data-state", "elsewhere");
        await first.ExpectMessageAsync("own 1");
        (await first.ReadAsync()).Select(message => message.Text).Should().Equal("from the page", "from the other", "own 1");
    }

    [Test]
    public async Task Where_tabs_cannot_speak_to_each_other_the_server_keeps_them_apart()
    {
        var url = $"http://127.0.0.1:{_server.HttpPort}/?name=ann&room=lobby&way=longpoll";
        await using var first = await ChatPage.OpenAsync("about:blank");
        await first.Page.Context.AddInitScriptAsync("delete window.BroadcastChannel");
        await first.Page.GotoAsync(url);
        await first.ExpectInsideAsync("lobby");
        var second = await ChatPage.OpenAsync(await first.Page.Context.NewPageAsync(), url);
        await second.ExpectInsideAsync("lobby");
        await Assertions.Expect(first.Banner).ToHaveAttributeAsync("data-state", "elsewhere");
        await ExpectTalkAsync(second);
    }

    [Test]
    public async Task From_disk_only_a_WebSocket_works_and_the_page_says_so()
    {
        await using var ann = await ChatPage.OpenAsync($"{new Uri(Tools.ClientHtml)}?server=127.0.0.1:{_server.HttpPort}&name=ann&room=lobby&way=sse");
        await ann.ExpectInsideAsync("lobby");
        await ann.ExpectWayAsync("ws");
        await ann.Page.ClickAsync("#me");
        await Assertions.Expect(ann.Page.Locator("#way-words")).ToContainTextAsync("From disk only WebSocket works.");
        await Assertions.Expect(ann.Page.Locator("#way option[value=sse]")).ToBeDisabledAsync();
    }

    // With a clock of its own: what it waits for in vain need not be waited for.
    private async Task<ChatPage> OpenUntilAskedAsync(string path)
    {
        var page = await ChatPage.OpenAsync($"http://127.0.0.1:{_proxy.Port}/?name=ann&room=lobby", clock: true);
        await Patience.UntilAsync(() => _proxy.Asked.Contains(path), $"the page to ask for {path}");
        return page;
    }

    private static Task ExpectNoticeAsync(ChatPage page, string words) =>
        Assertions.Expect(page.Notices.Filter(new() { HasText = words })).ToHaveCountAsync(1);

    private async Task ExpectTalkAsync(ChatPage page)
    {
        var (other, _) = await ChatClient.JoinAsync(_server.HttpPort, "other");
        await using var __ = other;
        await page.SayAsync("from the page");
        await other.Inbox.ExpectAsync<Protocol.Chat.MessageFrame>(message => message.Text == "from the page");
        await other.SayAsync("from the other");
        await page.ExpectMessageAsync("from the other");
    }
}
