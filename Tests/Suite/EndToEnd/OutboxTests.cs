using Microsoft.Playwright;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.EndToEnd;

/// <summary>
/// Messages that the page can't send immediately wait in the outbox, in order. They survive reloads and crashes of the browser, and the server
/// stores each message once.
/// </summary>
[Category(Categories.Slow)] // runs Chromium
public sealed class OutboxTests
{
    private ServerUnderTest _server = null!;
    private CuttableRelay _relay = null!;
    private ChatClient _observer = null!;

    [SetUp]
    public async Task StartServer()
    {
        _server = await ServerUnderTest.StartAsync("--Limits:MessagesPerSecond", "20", "--Limits:MessageBurst", "3");
        _relay = new CuttableRelay(_server.HttpPort);
        (_observer, _) = await ChatClient.JoinAsync(_server.HttpPort, "observer");
    }

    [TearDown]
    public async Task StopServer()
    {
        await _observer.DisposeAsync();
        await _relay.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Test]
    public async Task Message_is_stored_once_if_the_page_is_reloaded_before_the_ack()
    {
        await using var ann = await ChatPage.JoinAsync(_relay.Port, "ann");
        await SayAndLoseAckAsync(ann, "said once");

        await ann.Page.ReloadAsync();
        await ann.ExpectInsideAsync("lobby");
        await ann.ExpectMessageAsync("said once");
        await ann.ExpectAllSentAsync();
        await ann.SayAsync("the end");
        await ExpectReceivedAsync("said once", "the end");
        await ann.ExpectMessageAsync("the end");
        (await ann.ReadAsync()).Select(message => message.Text).Should().Equal("said once", "the end");
        await Assertions.Expect(ann.Page.Locator("#my-name")).ToHaveTextAsync("ann");
    }

    [Test]
    public async Task Page_sends_offline_messages_in_order_and_within_the_rate_limit()
    {
        await using var ann = await ChatPage.JoinAsync(_relay.Port, "ann");
        await GoOfflineAsync(ann);
        var said = Enumerable.Range(1, 10).Select(number => $"said {number}").ToArray();
        foreach (var text in said)
            await ann.SayAsync(text);
        await ann.ExpectPendingAsync(said.Length);
        await Assertions.Expect(ann.Input).ToBeEnabledAsync();

        _relay.IsDown = false;
        await ExpectReceivedAsync(said);
        await ann.ExpectAllSentAsync();
        (await ann.ReadAsync()).Select(message => message.Text).Should().Equal(said);
    }

    [Test]
    public async Task Restarted_browser_sends_the_messages_of_the_killed_browser()
    {
        using var profile = new TemporaryFolder();
        await using (var browser = await Chromium.StartAsync(profile.Path))
        {
            var ann = await browser.OpenAsync($"http://127.0.0.1:{_relay.Port}/?name=ann&room=lobby");
            await ann.ExpectInsideAsync("lobby");
            await GoOfflineAsync(ann);
            foreach (var text in (string[])["one", "two", "three"])
                await ann.SayAsync(text);
            await ExpectStoredAsync(ann, 3);
            await browser.KillAsync();
        }

        _relay.IsDown = false;
        await using var again = await Chromium.StartAsync(profile.Path);
        var page = await again.OpenAsync($"http://127.0.0.1:{_relay.Port}/");
        await page.ExpectInsideAsync("lobby");
        await page.ExpectAllSentAsync();
        await ExpectReceivedAsync("one", "two", "three");
        await ExpectStoredAsync(page, 0);
        (await page.ReadAsync()).Select(message => message.Text).Should().Equal("one", "two", "three");
    }

    [TestCase("retry")]
    [TestCase("cancel")]
    public async Task Person_can_retry_or_cancel_a_message_that_the_server_may_have_stored_under_an_earlier_user(string choice)
    {
        await using var ann = await ChatPage.JoinAsync(_relay.Port, "ann");
        await SayAndLoseAckAsync(ann, "perhaps");
        await ann.Page.Context.ClearCookiesAsync();

        await ann.Page.ReloadAsync();
        await ann.ExpectInsideAsync("lobby");
        var failed = ann.Page.Locator("#log .message[data-state=failed]");
        await Assertions.Expect(failed).ToContainTextAsync("may have arrived");
        await ann.SayAsync("meanwhile");
        await ann.ExpectMessageAsync("meanwhile");
        await ExpectReceivedAsync("perhaps", "meanwhile");

        await failed.Locator($"[data-action={choice}]").ClickAsync();
        await ann.ExpectAllSentAsync();
        await ExpectStoredAsync(ann, 0);
        await _observer.SayAsync("the end");
        await ExpectReceivedAsync(choice == "retry" ? ["perhaps", "meanwhile", "perhaps", "the end"] : ["perhaps", "meanwhile", "the end"]);
        var authors = _observer.Inbox.All.OfType<MessageFrame>().Where(message => message.Text == "perhaps").Select(message => message.From.User);
        authors.Should().OnlyHaveUniqueItems();
    }

    [Test]
    public async Task Rejected_message_survives_a_reload_until_the_person_cancels_it()
    {
        await using var ann = await ChatPage.OpenAsync("about:blank");
        var tooLong = new string('x', 70_000);
        await SayBeforeWelcomeAsync(ann, tooLong, "a later message is not delayed");
        await ann.ExpectMessageAsync("a later message is not delayed");
        var failed = ann.Page.Locator("#log .message[data-state=failed]");
        await Assertions.Expect(failed).ToContainTextAsync("Not sent.");

        await ann.Page.ReloadAsync();
        await ann.ExpectInsideAsync("lobby");
        await Assertions.Expect(failed).ToContainTextAsync("Not sent.");
        await failed.Locator("[data-action=retry]").ClickAsync();
        await Assertions.Expect(failed).ToHaveCountAsync(1);
        await failed.Locator("[data-action=cancel]").ClickAsync();
        await Assertions.Expect(ann.Input).ToHaveValueAsync(tooLong);
        await ExpectStoredAsync(ann, 0);
        await ExpectReceivedAsync("a later message is not delayed");
    }

    [Test]
    public async Task Text_that_is_too_long_stays_in_the_input()
    {
        await using var ann = await ChatPage.JoinAsync(_relay.Port, "ann");
        foreach (var tooLong in (string[])[new('x', 8_001), $"/me {new string('x', 8_001)}", $"/topic {new string('x', 70_000)}"])
        {
            await ann.SayAsync(tooLong);
            await Assertions.Expect(ann.Notices.Last).ToContainTextAsync("characters long");
            await Assertions.Expect(ann.Input).ToHaveValueAsync(tooLong);
        }

        var fits = new string('y', 8_000);
        await ann.SayAsync(fits);
        await ann.SayAsync($"/me {fits}");
        await ExpectReceivedAsync(fits, fits);
        await ann.ExpectOnlineAsync();
    }

    [Test]
    public async Task Page_sends_an_unsent_message_as_another_user_only_if_the_person_retries()
    {
        await using var ann = await ChatPage.JoinAsync(_relay.Port, "ann");
        await GoOfflineAsync(ann);
        await ann.SayAsync("not for bob");
        await ExpectStoredAsync(ann, 1);
        await ann.Page.GotoAsync("about:blank");
        await ann.Page.Context.ClearCookiesAsync();
        // The page stores its user in the browser. Clear this storage, so that the page does not become ann again.
        await ann.Page.RouteAsync("**/other", route => route.FulfillAsync(new() { Body = "other" }));
        await ann.Page.GotoAsync($"http://127.0.0.1:{_relay.Port}/other");
        await ann.Page.EvaluateAsync("""
            async () => {
              sessionStorage.clear();
              localStorage.clear();
              const [{ name }] = await indexedDB.databases();
              const database = await new Promise((resolve) => { const opening = indexedDB.open(name); opening.onsuccess = () => resolve(opening.result); });
              await new Promise((resolve) => { database.transaction('place', 'readwrite').objectStore('place').delete('place').onsuccess = resolve; });
              database.close();
            }
            """);
        _relay.IsDown = false;

        await ann.Page.GotoAsync($"http://127.0.0.1:{_relay.Port}/?name=bob&room=lobby");
        await ann.ExpectInsideAsync("lobby");
        var failed = ann.Page.Locator("#log .message[data-state=failed]");
        await Assertions.Expect(failed).ToContainTextAsync("You wrote this as ann. Retry sends it as bob.");
        await ann.SayAsync("by bob");
        await ExpectReceivedAsync("by bob");
        await failed.Locator("[data-action=retry]").ClickAsync();
        await ExpectReceivedAsync("by bob", "not for bob");
        await ann.ExpectAllSentAsync();
    }

    [Test]
    public async Task Each_tab_sends_its_own_messages_and_the_messages_of_a_closed_tab()
    {
        await using var one = await ChatPage.JoinAsync(_relay.Port, "ann");
        var two = await ChatPage.OpenAsync(await one.Page.Context.NewPageAsync(), $"http://127.0.0.1:{_relay.Port}/");
        await two.ExpectInsideAsync("lobby");
        await Assertions.Expect(two.Page.Locator("#my-name")).ToHaveTextAsync("ann");

        await GoOfflineAsync(one);
        await two.ExpectNotOnlineAsync();
        await one.SayAsync("from one");
        await two.SayAsync("from two");
        await ExpectStoredAsync(one, 2);
        await one.ExpectPendingAsync(1);
        await two.ExpectPendingAsync(1);
        _relay.IsDown = false;
        foreach (var tab in (ChatPage[])[one, two])
        {
            await tab.ExpectMessageAsync("from one");
            await tab.ExpectMessageAsync("from two");
            await tab.ExpectAllSentAsync();
        }

        await GoOfflineAsync(one);
        await one.SayAsync("left behind");
        await ExpectStoredAsync(one, 1);
        await one.Page.CloseAsync();
        _relay.IsDown = false;
        await two.ExpectMessageAsync("left behind");
        await two.ExpectAllSentAsync();
        await ExpectStoredAsync(two, 0);
        await _observer.SayAsync("the end");
        await _observer.Inbox.ExpectAsync<MessageFrame>(message => message.Text == "the end");
        ReceivedTexts().Should().BeEquivalentTo("from one", "from two", "left behind", "the end");
    }

    [Test]
    public async Task Page_without_storage_warns_once_and_sends_its_messages()
    {
        await using var ann = await ChatPage.OpenAsync("about:blank");
        await ann.Page.AddInitScriptAsync("Object.defineProperty(window, 'indexedDB', { get() { throw new DOMException('no', 'SecurityError'); } });");
        await ann.Page.GotoAsync($"http://127.0.0.1:{_relay.Port}/?name=ann&room=lobby");
        await ann.ExpectInsideAsync("lobby");
        await GoOfflineAsync(ann);
        await ann.SayAsync("one");
        await ann.SayAsync("two");
        await ann.ExpectPendingAsync(2);
        await Assertions.Expect(ann.Notices.Filter(new() { HasText = "does not let the page store anything" })).ToHaveCountAsync(1);

        _relay.IsDown = false;
        await ExpectReceivedAsync("one", "two");
        await ann.ExpectAllSentAsync();
    }

    /// <summary>Writes messages before the server's first answer. Before this answer, the page does not know the limits of the server.</summary>
    private async Task SayBeforeWelcomeAsync(ChatPage page, params string[] texts)
    {
        var said = new TaskCompletionSource();
        await page.Page.RouteAsync("**/session", async route =>
        {
            await said.Task;
            await route.ContinueAsync();
        });
        await page.Page.GotoAsync($"http://127.0.0.1:{_relay.Port}/?name=ann&room=lobby");
        foreach (var text in texts)
            await page.SayAsync(text);
        await page.ExpectPendingAsync(texts.Length);
        said.SetResult();
        await page.ExpectInsideAsync("lobby");
        await page.Page.UnrouteAllAsync();
    }

    private async Task GoOfflineAsync(ChatPage page)
    {
        _relay.IsDown = true;
        _relay.Reset();
        await page.ExpectNotOnlineAsync();
    }

    private async Task SayAndLoseAckAsync(ChatPage page, string text)
    {
        // The page sends a message only when it has joined the room.
        await Assertions.Expect(page.Page.Locator("#members .member")).Not.ToHaveCountAsync(0);
        _relay.DropServerData();
        // On a busy machine the page may open another connection, which would deliver the ack. So the relay rejects new connections.
        _relay.IsDown = true;
        await page.SayAsync(text);
        await _observer.Inbox.ExpectAsync<MessageFrame>(message => message.Text == text);
        await page.ExpectPendingAsync(1);
        await ExpectStoredAsync(page, 1);
        _relay.IsDown = false;
    }

    /// <summary>Waits until the browser stores this number of messages for all tabs together.</summary>
    private static async Task ExpectStoredAsync(ChatPage page, int count) => await page.Page.EvaluateAsync(
        """
        async (count) => {
          const [{ name }] = await indexedDB.databases();
          const answered = (request) => new Promise((resolve) => { request.onsuccess = () => resolve(request.result); });
          const db = await answered(indexedDB.open(name));
          while (await answered(db.transaction('outbox').objectStore('outbox').count()) !== count) await new Promise((resolve) => setTimeout(resolve, 20));
          db.close();
        }
        """,
        count).OrFail($"{count} messages in the browser's storage");

    private string[] ReceivedTexts() => [.. _observer.Inbox.All.OfType<MessageFrame>().Select(message => message.Text)];

    private async Task ExpectReceivedAsync(params string[] texts)
    {
        await TestWait.UntilAsync(() => ReceivedTexts().Length >= texts.Length, () => $"{texts.Length} messages; there are: {string.Join(", ", ReceivedTexts())}");
        ReceivedTexts().Should().Equal(texts);
    }
}
