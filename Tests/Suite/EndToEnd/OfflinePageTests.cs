using Microsoft.Playwright;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.EndToEnd;

/// <summary>The installed page, and the page without a network.</summary>
[Category(Categories.Slow)] // runs Chromium
public sealed class OfflinePageTests
{
    private const string ReadStore = """
        async () => {
          const [found] = (await indexedDB.databases()).filter(({ name }) => name.endsWith(' offline'));
          if (!found) return [];
          const database = await new Promise((resolve, reject) => { const opening = indexedDB.open(found.name); opening.onsuccess = () => resolve(opening.result); opening.onerror = reject; });
          const all = database.transaction('rooms').objectStore('rooms').getAll();
          await new Promise((resolve) => { all.onsuccess = resolve; });
          database.close();
          return all.result.flatMap(({ name, user, messages }) => messages.map(({ text }) => `${user} ${name}: ${text}`)).sort();
        }
        """;

    private ServerUnderTest _server = null!;
    private CuttableRelay _relay = null!;

    [SetUp]
    public async Task StartAsync()
    {
        _server = await ServerUnderTest.StartAsync();
        _relay = new CuttableRelay(_server.HttpPort);
    }

    [TearDown]
    public async Task StopAsync()
    {
        await _relay.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Test]
    public async Task Browser_can_install_the_page_under_a_path()
    {
        await using var nginx = await NginxProxy.StartAsync(_server.HttpPort, paths: new() { ["/a/"] = _server.HttpPort });
        await using var ann = await ChatPage.OpenAsync($"http://127.0.0.1:{nginx.Port}/a/?name=ann&room=lobby");
        await ann.ExpectInsideAsync("lobby");
        await ExpectWorkerAsync(ann);
        var session = await ann.Page.Context.NewCDPSessionAsync(ann.Page);
        var manifest = (await session.SendAsync("Page.getAppManifest"))!.Value;
        manifest.GetProperty("url").GetString().Should().EndWith("/a/manifest.webmanifest");
        manifest.GetProperty("errors").GetArrayLength().Should().Be(0, manifest.ToString());
        (await session.SendAsync("Page.getInstallabilityErrors"))!.Value.GetProperty("installabilityErrors").EnumerateArray()
            .Select(error => error.GetProperty("errorId").GetString()).Should().BeSubsetOf(["in-incognito"], "the tests use an incognito profile, in which a browser installs no pages");
        (await ann.Page.EvaluateAsync<string>("async () => new URL((await navigator.serviceWorker.ready).scope).pathname")).Should().Be("/a/");
        (await ann.ViolationsAsync()).Should().BeEmpty();
        ann.Errors.Should().BeEmpty();
    }

    [Test]
    public async Task Page_opens_without_a_network_with_the_last_messages_and_sends_new_ones_once()
    {
        await using var ann = await JoinAsync("ann");
        await ann.SayAsync("one");
        await ann.SayAsync("two");
        await ann.ExpectMessageAsync("two");
        await ExpectStoredAsync(ann, "lobby: one", "lobby: two");
        Cut();

        await ann.Page.ReloadAsync();
        await ann.ExpectMessageAsync("two");
        (await ann.ReadAsync()).Select(message => message.Text).Should().Equal("one", "two");
        await ann.SayAsync("three");
        await ann.ExpectPendingAsync(1);
        await ann.Page.ReloadAsync();
        await ann.ExpectPendingAsync(1);
        await ann.ExpectMessageAsync("two");

        await ReconnectAsync(ann);
        await ann.ExpectInsideAsync("lobby");
        await ann.ExpectAllSentAsync();
        (await ann.ReadAsync()).Select(message => message.Text).Should().Equal("one", "two", "three");
        var (bob, joined) = await ChatClient.JoinAsync(_server.HttpPort, "bob");
        await using var _ = bob;
        joined.Messages.Select(json => ChatCodec.TryReadServer(json.Span, out var frame) ? ((MessageFrame)frame).Text : "").Should().Equal("one", "two", "three");
        (await ann.ViolationsAsync()).Should().BeEmpty();
    }

    [Test]
    public async Task Messages_that_arrived_while_the_page_was_offline_follow_the_stored_ones()
    {
        var (bob, _) = await ChatClient.JoinAsync(_server.HttpPort, "bob");
        await using var __ = bob;
        await using var ann = await JoinAsync("ann");
        await bob.SendAsync("one");
        await ann.ExpectMessageAsync("one");
        await ExpectStoredAsync(ann, "lobby: one");
        Cut();
        await ann.Page.ReloadAsync();
        await ann.ExpectMessageAsync("one");
        await bob.SendAsync("two");
        await bob.Inbox.ExpectAsync<MessageFrame>(message => message.Text == "two");
        await ReconnectAsync(ann);
        await ann.ExpectMessageAsync("two");
        (await ann.ReadAsync()).Select(message => message.Text).Should().Equal("one", "two");
    }

    [Test]
    public async Task Mark_of_new_messages_is_correct_after_a_start_without_a_network()
    {
        var (bob, _) = await ChatClient.JoinAsync(_server.HttpPort, "bob");
        await using var __ = bob;
        await using var ann = await JoinAsync("ann");
        await bob.SendAsync("one");
        await ann.ExpectMessageAsync("one");

        // The page loses the focus, so the second message stays unread.
        await ann.Page.EvaluateAsync("() => { document.hasFocus = () => false; }");
        await bob.SendAsync("two");
        await ann.ExpectMessageAsync("two");
        await Assertions.Expect(MarkedMessage(ann)).ToHaveTextAsync("two");
        await ExpectStoredAsync(ann, "lobby: one", "lobby: two");

        // The page keeps the mark without a network, even after two reloads.
        Cut();
        for (var i = 0; i < 2; i++)
        {
            await ann.Page.ReloadAsync();
            await ann.ExpectMessageAsync("two");
            await Assertions.Expect(MarkedMessage(ann)).ToHaveTextAsync("two");
        }

        // The stored messages do not count as read. So the mark stays above the message "two", although the message "three" has arrived.
        await bob.SendAsync("three");
        await bob.Inbox.ExpectAsync<MessageFrame>(message => message.Text == "three");
        await ReconnectAsync(ann);
        await ann.ExpectMessageAsync("three");
        await Assertions.Expect(MarkedMessage(ann)).ToHaveTextAsync("two");
        await Assertions.Expect(ann.Page.Locator("#log .divider.new")).ToHaveCountAsync(1);

        // All messages are read now, but the page closes before it sends the read mark to the server. After the next start, the mark is above
        // the message that arrived while the page was closed.
        await TestWait.UntilAsync(async () => await ReadMarkAsync(ann) == 3, "the stored read mark");
        Cut();
        await ann.Page.GotoAsync("about:blank");
        await bob.SendAsync("four");
        await bob.Inbox.ExpectAsync<MessageFrame>(message => message.Text == "four");
        await ann.Page.GotoAsync($"http://127.0.0.1:{_relay.Port}/");
        await ann.ExpectMessageAsync("three");
        await ReconnectAsync(ann);
        await ann.ExpectMessageAsync("four");
        await Assertions.Expect(MarkedMessage(ann)).ToHaveTextAsync("four");
        ann.Errors.Where(error => !error.Contains("net::ERR", StringComparison.Ordinal) && !error.Contains("WebSocket connection", StringComparison.Ordinal)).Should().BeEmpty();
    }

    private static ILocator MarkedMessage(ChatPage page) => page.Page.Locator("#log .divider.new + .message .text");

    private static Task<int> ReadMarkAsync(ChatPage page) => page.Page.EvaluateAsync<int>("""
        async () => {
          const [found] = (await indexedDB.databases()).filter(({ name }) => name.endsWith(' offline'));
          const database = await new Promise((resolve, reject) => { const opening = indexedDB.open(found.name); opening.onsuccess = () => resolve(opening.result); opening.onerror = reject; });
          const all = database.transaction('rooms').objectStore('rooms').getAll();
          await new Promise((resolve) => { all.onsuccess = resolve; });
          database.close();
          return all.result[0]?.read ?? 0;
        }
        """);

    [Test]
    public async Task Update_of_the_page_takes_effect_at_the_next_load()
    {
        await using var ann = await JoinAsync("ann");
        await ann.Page.ReloadAsync(); // this time, the worker loads the page
        await ann.ExpectInsideAsync("lobby");
        (await ann.Page.EvaluateAsync<bool>("() => navigator.serviceWorker.controller !== null")).Should().BeTrue();

        // Another server with another page replaces the first server.
        await using var newer = await ServerUnderTest.StartAsync("--Web:FrameAncestors:0", "https://example.org");
        _relay.ChangeTarget(newer.HttpPort);
        Cut();
        _relay.IsDown = false;
        await ann.Page.ReloadAsync();
        await Assertions.Expect(ann.Page.Locator("#server")).ToHaveAttributeAsync("data-frame-ancestors", "https://example.org");
        await ann.UntilAsync("""
            async () => {
              const cache = await caches.open((await caches.keys())[0]);
              return (await (await cache.match('./', { ignoreVary: true })).text()).includes('https://example.org');
            }
            """);

        Cut();
        await ann.Page.ReloadAsync();
        await Assertions.Expect(ann.Page.Locator("#server")).ToHaveAttributeAsync("data-frame-ancestors", "https://example.org");
    }

    [Test]
    public async Task Page_removes_deleted_and_edited_texts_from_its_stored_messages()
    {
        await using var ann = await JoinAsync("ann");
        await ann.SayAsync("secret");
        await ann.SayAsync("typo");
        await ann.SayAsync("stays");
        await ExpectStoredAsync(ann, "lobby: secret", "lobby: stays", "lobby: typo");
        await ann.SayAsync("/delete 1");
        await ann.SayAsync("/edit 2 mended");
        await ExpectStoredAsync(ann, "lobby: ", "lobby: mended", "lobby: stays");
    }

    [Test]
    public async Task Page_removes_stored_rooms_that_the_person_leaves_or_loses()
    {
        var (bob, _) = await ChatClient.JoinAsync(_server.HttpPort, "bob");
        await using var __ = bob;
        await bob.SendAsync("/create garden");
        await bob.Inbox.ExpectAsync<JoinedFrame>(joined => joined.Room == "garden");
        await using var ann = await JoinAsync("ann");
        await ann.SayAsync("in the lobby");
        foreach (var room in (string[])["garden", "cellar"])
        {
            await ann.SayAsync(room == "garden" ? "/join garden" : "/create cellar");
            await ann.ExpectInsideAsync(room);
            await ann.SayAsync($"in the {room}");
        }

        await ExpectStoredAsync(ann, "cellar: in the cellar", "garden: in the garden", "lobby: in the lobby");
        await ann.SayAsync("/leave cellar");
        await ExpectStoredAsync(ann, "garden: in the garden", "lobby: in the lobby");
        await bob.SendAsync("/kick ann");
        await ExpectStoredAsync(ann, "lobby: in the lobby");
    }

    [Test]
    public async Task Page_removes_a_stored_room_that_the_person_lost_while_the_page_was_closed()
    {
        var (bob, _) = await ChatClient.JoinAsync(_server.HttpPort, "bob");
        await using var __ = bob;
        await bob.SendAsync("/create garden");
        await bob.Inbox.ExpectAsync<JoinedFrame>(joined => joined.Room == "garden");
        await using var ann = await JoinAsync("ann", "garden");
        await ann.SayAsync("in the garden");
        await ExpectStoredAsync(ann, "garden: in the garden");
        await ann.Page.GotoAsync("about:blank");
        await bob.SendAsync("/close garden");
        await bob.Inbox.ExpectAsync<ModeratedFrame>(done => done.Action == "close");
        await ann.Page.GotoAsync($"http://127.0.0.1:{_relay.Port}/");
        await ExpectStoredAsync(ann);
    }

    [Test]
    public async Task Logout_removes_the_stored_messages()
    {
        await using var ann = await JoinAsync("ann");
        await ann.SayAsync("one");
        await ExpectStoredAsync(ann, "lobby: one");
        await ann.Page.ClickAsync("#me");
        await ann.Page.ClickAsync("#log-out");
        await Assertions.Expect(ann.Page.Locator("#join")).ToBeVisibleAsync();
        await ExpectStoredAsync(ann);
        Cut();
        await ann.Page.ReloadAsync();
        await Assertions.Expect(ann.Page.Locator("#join")).ToBeVisibleAsync();
    }

    [Test]
    public async Task Page_removes_the_stored_rooms_of_an_earlier_user()
    {
        await using var ann = await JoinAsync("ann");
        await ann.SayAsync("one");
        await ExpectStoredAsync(ann, "lobby: one");
        var earlier = (await ReadUsersAsync(ann)).Should().ContainSingle().Subject;
        // The session ends while the page is closed.
        await ann.Page.GotoAsync("about:blank");
        await ann.Page.Context.ClearCookiesAsync();
        Cut();
        _relay.IsDown = false;
        await ann.Page.GotoAsync($"http://127.0.0.1:{_relay.Port}/");
        await ann.ExpectOnlineAsync();
        await TestWait.UntilAsync(async () => await ReadUsersAsync(ann) is [var user] && user != earlier, "the rooms of the new user alone");
    }

    [Test]
    public async Task Embedded_page_has_no_worker()
    {
        await using var ann = await ChatPage.OpenAsync($"http://127.0.0.1:{_relay.Port}/?embed=1&name=ann&room=lobby");
        await ann.ExpectOnlineAsync();
        (await ann.Page.EvaluateAsync<int>("async () => (await navigator.serviceWorker.getRegistrations()).length")).Should().Be(0);
        (await ann.Page.Locator("link[rel=manifest]").CountAsync()).Should().Be(0);
        ann.Errors.Should().BeEmpty();
    }

    private async Task<ChatPage> JoinAsync(string name, string room = "lobby")
    {
        var page = await ChatPage.JoinAsync(_relay.Port, name, room);
        await ExpectWorkerAsync(page);
        return page;
    }

    /// <summary>Waits until the worker is installed, and has stored the page.</summary>
    private static async Task ExpectWorkerAsync(ChatPage page) => await page.Page.EvaluateAsync("async () => { await navigator.serviceWorker.ready; }");

    private static Task ExpectStoredAsync(ChatPage page, params string[] expected) =>
        TestWait.UntilAsync(async () => (await ReadStoredAsync(page)).Select(line => line[(line.IndexOf(' ', StringComparison.Ordinal) + 1)..]).SequenceEqual(expected), $"the stored messages: {string.Join(", ", expected)}");

    private static Task<string[]> ReadStoredAsync(ChatPage page) => page.Page.EvaluateAsync<string[]>(ReadStore);

    private static async Task<string[]> ReadUsersAsync(ChatPage page) => [.. (await ReadStoredAsync(page)).Select(line => line.Split(' ')[0]).Distinct()];

    // The event "online" makes the page reconnect immediately.
    private async Task ReconnectAsync(ChatPage page)
    {
        _relay.IsDown = false;
        await page.Page.EvaluateAsync("() => { window.dispatchEvent(new Event('online')); }");
        await page.ExpectOnlineAsync();
    }

    private void Cut()
    {
        _relay.IsDown = true;
        _relay.Reset();
    }
}
