using Microsoft.Playwright;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Rooms;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.EndToEnd;

/// <summary>
/// The tabs of one browser share the connection of the leading tab. If the leading tab is closed or stops running, another tab becomes the
/// leading tab, and no message is lost.
/// </summary>
[Category(Categories.Slow)] // runs Chromium
public sealed class TabsTests
{
    private ServerUnderTest _server = null!;
    private ChatClient _bob = null!;

    [SetUp]
    public async Task StartServer()
    {
        _server = await ServerUnderTest.StartAsync("--Limits:Enabled", "false");
        (_bob, _) = await ChatClient.JoinAsync(_server.HttpPort, "bob");
    }

    [TearDown]
    public async Task StopServer()
    {
        await _bob.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Test]
    public async Task Three_tabs_use_one_connection_and_show_the_same_messages()
    {
        await using var one = await JoinAsync();
        var (two, three) = (await OpenTabAsync(one), await OpenTabAsync(one));
        await ExpectConnectionsAsync(1);

        await one.SayAsync("from one");
        await two.SayAsync("from two");
        await three.SayAsync("from three, with a mistake");
        await three.ExpectMessageAsync("from three");
        await three.Input.PressAsync("ArrowUp");
        await three.SayAsync("from three");
        await _bob.Inbox.ExpectAsync<EditedFrame>(edited => edited.Text == "from three");
        await _bob.SendAsync("""{"type":"react","room":"lobby","seq":1,"emoji":"👍","id":"r"}""");
        foreach (var tab in (ChatPage[])[one, two, three])
        {
            await Assertions.Expect(tab.Page.Locator("#log .reactions [data-emoji='👍']")).ToHaveCountAsync(1);
            await Assertions.Expect(tab.Page.Locator("#log")).ToContainTextAsync("(edited)");
            (await tab.ReadAsync()).Should().Equal(await one.ReadAsync());
        }

        // A room that one tab joins appears in all tabs. Each tab shows its own room. Messages that are read in one tab are read in all tabs.
        await two.SayAsync("/create garden");
        await two.ExpectInsideAsync("garden");
        await Assertions.Expect(one.Page.Locator("#rooms [data-room=garden]")).ToHaveCountAsync(1);
        await three.Page.ClickAsync("#rooms [data-room=garden]");
        await three.ExpectInsideAsync("garden");
        await one.Page.ClickAsync("#rooms [data-room=garden]");
        await _bob.SayAsync("for the lobby");
        foreach (var tab in (ChatPage[])[one, two, three])
            await ExpectUnreadAsync(tab, "lobby1 unread");
        await one.Page.ClickAsync("#rooms [data-room=lobby]");
        foreach (var tab in (ChatPage[])[two, three])
            await ExpectUnreadAsync(tab, "lobby0");
        await ExpectConnectionsAsync(1);
        one.Errors.Concat(two.Errors).Concat(three.Errors).Should().BeEmpty();
    }

    [TestCase("closed")]
    [TestCase("crashed")]
    public async Task Message_in_transit_is_stored_once_if_the_leading_tab_ends(string how)
    {
        await using var relay = new CuttableRelay(_server.HttpPort);
        var one = await ChatPage.JoinAsync(relay.Port, "ann");
        await using var two = await OpenTabAsync(one);
        await ExpectConnectionsAsync(1);
        relay.DropServerData();
        await two.SayAsync("own 1");
        await _bob.Inbox.ExpectAsync<MessageFrame>(message => message.Text == "own 1");
        await two.ExpectPendingAsync(1);

        if (how == "closed")
        {
            await one.Page.CloseAsync();
        }
        else
        {
            var session = await one.Page.Context.NewCDPSessionAsync(one.Page);
            _ = session.SendAsync("Page.crash").ContinueWith(_ => { }, TaskScheduler.Default); // a crashed tab does not answer
        }

        relay.Reset(); // the relay drops the data of the server on these connections, so the browser must open new ones
        await two.ExpectOnlineAsync();
        await two.SayAsync("own 2");
        await two.ExpectCompleteLogAsync(_bob, own: 2);
        await ExpectConnectionsAsync(1);
    }

    /// <param name="isAnnounced">Whether the first tab gets the freeze event. If not, the second tab must detect that the first tab does not
    /// answer.</param>
    [TestCase(true)]
    [TestCase(false)]
    public async Task Second_tab_becomes_the_leading_tab_if_the_first_tab_stops_running(bool isAnnounced)
    {
        var first = await JoinAsync();
        var tab = await first.Page.Context.NewPageAsync();
        // A visible tab asks the leading tab every 1.5 s whether it still runs. In this test, the visible tab asks more often.
        await tab.AddInitScriptAsync("const later = window.setTimeout; window.setTimeout = (work, ms, ...more) => later(work, ms === 1500 ? 150 : ms, ...more);");
        await using var second = await ChatPage.OpenAsync(tab, $"http://127.0.0.1:{_server.HttpPort}/");
        await second.ExpectInsideAsync("lobby");
        await ExpectConnectionsAsync(1);
        if (isAnnounced)
            await first.Page.EvaluateAsync("() => void document.dispatchEvent(new Event('freeze'))");
        // Chromium freezes only hidden tabs, and these tabs are visible. So the test stops the script of the first tab with the debugger.
        var session = await first.Page.Context.NewCDPSessionAsync(first.Page);
        await session.SendAsync("Debugger.enable");
        await session.SendAsync("Debugger.pause");

        await second.SayAsync("own 1");
        await _bob.Inbox.ExpectAsync<MessageFrame>(message => message.Text == "own 1");
        await second.ExpectAllSentAsync();

        await session.SendAsync("Debugger.disable"); // also continues the script
        if (isAnnounced)
            await first.Page.EvaluateAsync("() => void document.dispatchEvent(new Event('resume'))");
        await first.ExpectMessageAsync("own 1");
        await first.SayAsync("own 2");
        await first.ExpectCompleteLogAsync(_bob, own: 2);
        await second.ExpectMessageAsync("the end");
        (await second.ReadAsync()).Should().Equal(await first.ReadAsync());
        await ExpectConnectionsAsync(1);
    }

    [Test]
    public async Task Tab_has_its_own_connection_if_the_address_asks_for_it_or_the_browser_cannot_share_one()
    {
        await using var one = await JoinAsync();
        (string Query, string Script)[] reasons =
        [
            ("?tabs=own", "void 0;"),
            ("", "Object.defineProperty(Navigator.prototype, 'locks', { value: undefined });"),
            ("", "delete window.BroadcastChannel;"),
        ];
        foreach (var (query, script) in reasons)
        {
            var tab = await one.Page.Context.NewPageAsync();
            await tab.AddInitScriptAsync(script);
            var own = await ChatPage.OpenAsync(tab, $"http://127.0.0.1:{_server.HttpPort}/{query}");
            await own.ExpectInsideAsync("lobby");
            await own.SayAsync($"from a tab with {query}{script}");
        }

        await ExpectConnectionsAsync(1 + reasons.Length);
        await Assertions.Expect(one.Messages).ToHaveCountAsync(reasons.Length);
    }

    [Test]
    public async Task Two_tabs_without_WebSocket_share_one_long_polling_connection()
    {
        await using var proxy = await RestrictiveProxy.StartAsync(_server.HttpPort);
        proxy.WebSocketRefusalStatus = 403;
        proxy.BlockedPaths = ["/events", "/stream"];
        await using var one = await ChatPage.JoinAsync(proxy.Port, "ann");
        await one.ExpectTransportAsync("longpoll");
        var two = await OpenTabAsync(one);
        await two.ExpectTransportAsync("longpoll");
        await ExpectConnectionsAsync(1);
        await two.SayAsync("own 1");
        await two.ExpectCompleteLogAsync(_bob, own: 1);
        await one.ExpectMessageAsync("own 1");
    }

    [Test]
    public async Task New_name_registration_and_log_out_in_one_tab_reach_all_tabs()
    {
        await using var one = await JoinAsync();
        var (two, three) = (await OpenTabAsync(one), await OpenTabAsync(one));
        await three.SayAsync("/nick anna");
        foreach (var tab in (ChatPage[])[one, two, three])
            await Assertions.Expect(tab.Page.Locator("#my-name")).ToHaveTextAsync("anna");

        await AccountSteps.RegisterAsync(two);
        foreach (var tab in (ChatPage[])[one, two, three])
            await Assertions.Expect(tab.Page.Locator("#my-words")).ToHaveTextAsync("online");
        await ExpectConnectionsAsync(1);

        await AccountSteps.LogOutAsync(three);
        foreach (var tab in (ChatPage[])[one, two])
            await Assertions.Expect(tab.Banner).ToHaveAttributeAsync("data-state", "closed");
        await one.Page.ReloadAsync();
        await Assertions.Expect(one.Page.Locator("#join")).ToBeVisibleAsync();
    }

    [Test]
    public async Task Room_that_one_tab_leaves_disappears_in_all_tabs()
    {
        await using var one = await JoinAsync();
        var two = await OpenTabAsync(one);
        await two.SayAsync("/create garden");
        await Assertions.Expect(one.Page.Locator("#rooms [data-room=garden]")).ToHaveCountAsync(1);
        await one.Page.ClickAsync("#rooms [data-room=garden]");
        await one.SayAsync("/leave");
        foreach (var tab in (ChatPage[])[one, two])
        {
            await tab.ExpectInsideAsync("lobby");
            await Assertions.Expect(tab.Page.Locator("#rooms [data-room]")).ToHaveCountAsync(1);
        }
    }

    [Test]
    public async Task Draft_appears_in_all_tabs_but_does_not_replace_a_text_that_somebody_is_writing()
    {
        await using var one = await JoinAsync();
        var two = await OpenTabAsync(one);
        await two.Input.BlurAsync();
        await one.Input.FillAsync("half a sent");
        await Assertions.Expect(two.Input).ToHaveValueAsync("half a sent");

        await two.Input.FillAsync("half a sentence");
        await one.Input.PressSequentiallyAsync("!");
        await Assertions.Expect(one.Input).ToHaveValueAsync("half a sent!");
        await Assertions.Expect(two.Input).ToHaveValueAsync("half a sentence");

        await one.Page.ReloadAsync();
        await one.ExpectInsideAsync("lobby");
        await Assertions.Expect(one.Input).ToHaveValueAsync("half a sent!");
        await two.Input.BlurAsync();
        await one.SayAsync("a sentence");
        await one.ExpectMessageAsync("a sentence");
        await Assertions.Expect(two.Input).ToHaveValueAsync("");
    }

    private Task<ChatPage> JoinAsync() => ChatPage.JoinAsync(_server.HttpPort, "ann");

    /// <summary>Opens another tab of the same browser, at the same address.</summary>
    private static async Task<ChatPage> OpenTabAsync(ChatPage page)
    {
        var tab = await ChatPage.OpenAsync(await page.Page.Context.NewPageAsync(), new Uri(page.Page.Url).GetLeftPart(UriPartial.Path));
        await tab.ExpectInsideAsync("lobby");
        return tab;
    }

    private Task ExpectConnectionsAsync(int count) => TestWait.UntilAsync(
        () => _server.Connections.All.Count(connection => connection.Handler is ChatSession { UserName: not "bob" }) == count, $"{count} connections of ann");

    // The text of the button contains words that only screen readers read, and a number that is hidden if it is 0.
    private static Task ExpectUnreadAsync(ChatPage tab, string words) => Assertions.Expect(tab.Page.Locator("#rooms [data-room=lobby]")).ToHaveTextAsync(words);
}
