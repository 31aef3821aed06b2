using Microsoft.Playwright;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.EndToEnd;

/// <summary>What is said while it cannot be sent: it waits, in order, through whatever happens to the page, and is said once.</summary>
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
    public async Task A_reload_between_a_message_and_its_ack_says_it_once()
    {
        await using var ann = await ChatPage.JoinAsync(_relay.Port, "ann");
        await LoseTheAckOfAsync(ann, "said once");

        await ann.Page.ReloadAsync();
        await ann.ExpectInsideAsync("lobby");
        await ann.ExpectMessageAsync("said once");
        await ann.ExpectAllSentAsync();
        await ann.SayAsync("the end");
        await ExpectSaidAsync("said once", "the end");
        await ann.ExpectMessageAsync("the end");
        (await ann.ReadAsync()).Select(message => message.Text).Should().Equal("said once", "the end");
        await Assertions.Expect(ann.Page.Locator("#my-name")).ToHaveTextAsync("ann");
    }

    [Test]
    public async Task What_was_said_offline_goes_out_in_order_and_no_faster_than_the_server_takes_it()
    {
        await using var ann = await ChatPage.JoinAsync(_relay.Port, "ann");
        await GoOfflineAsync(ann);
        var said = Enumerable.Range(1, 10).Select(number => $"said {number}").ToArray();
        foreach (var text in said)
            await ann.SayAsync(text);
        await ann.ExpectPendingAsync(said.Length);
        await Assertions.Expect(ann.Input).ToBeEnabledAsync();

        _relay.IsDown = false;
        await ExpectSaidAsync(said);
        await ann.ExpectAllSentAsync();
        (await ann.ReadAsync()).Select(message => message.Text).Should().Equal(said);
    }

    [Test]
    public async Task A_killed_browser_finds_its_messages_again()
    {
        using var profile = new TemporaryFolder();
        await using (var browser = await Chromium.StartAsync(profile.Path))
        {
            var ann = await browser.OpenAsync($"http://127.0.0.1:{_relay.Port}/?name=ann&room=lobby");
            await ann.ExpectInsideAsync("lobby");
            await GoOfflineAsync(ann);
            foreach (var text in (string[])["one", "two", "three"])
                await ann.SayAsync(text);
            await ExpectKeptAsync(ann, 3);
            await browser.KillAsync();
        }

        _relay.IsDown = false;
        await using var again = await Chromium.StartAsync(profile.Path);
        var page = await again.OpenAsync($"http://127.0.0.1:{_relay.Port}/");
        await page.ExpectInsideAsync("lobby");
        await page.ExpectAllSentAsync();
        await ExpectSaidAsync("one", "two", "three");
        await ExpectKeptAsync(page, 0);
        (await page.ReadAsync()).Select(message => message.Text).Should().Equal("one", "two", "three");
    }

    [TestCase("retry")]
    [TestCase("cancel")]
    public async Task What_may_have_been_said_as_somebody_else_is_for_the_person_to_decide(string choice)
    {
        await using var ann = await ChatPage.JoinAsync(_relay.Port, "ann");
        await LoseTheAckOfAsync(ann, "perhaps");
        await ann.Page.Context.ClearCookiesAsync();

        await ann.Page.ReloadAsync();
        await ann.ExpectInsideAsync("lobby");
        var failed = ann.Page.Locator("#log .message[data-state=failed]");
        await Assertions.Expect(failed).ToContainTextAsync("may have been said");
        await ann.SayAsync("meanwhile");
        await ann.ExpectMessageAsync("meanwhile");
        await ExpectSaidAsync("perhaps", "meanwhile");

        await failed.Locator($"[data-action={choice}]").ClickAsync();
        await ann.ExpectAllSentAsync();
        await ExpectKeptAsync(ann, 0);
        await _observer.SayAsync("the end");
        await ExpectSaidAsync(choice == "retry" ? ["perhaps", "meanwhile", "perhaps", "the end"] : ["perhaps", "meanwhile", "the end"]);
        var authors = _observer.Inbox.All.OfType<MessageFrame>().Where(message => message.Text == "perhaps").Select(message => message.From.User);
        authors.Should().OnlyHaveUniqueItems();
    }

    [Test]
    public async Task What_was_refused_is_still_there_after_a_reload_until_it_is_cancelled()
    {
        await using var ann = await ChatPage.OpenAsync("about:blank");
        var tooLong = new string('x', 70_000);
        await SayBeforeTheServerAsync(ann, tooLong, "a later one is not held up");
        await ann.ExpectMessageAsync("a later one is not held up");
        var failed = ann.Page.Locator("#log .message[data-state=failed]");
        await Assertions.Expect(failed).ToContainTextAsync("Not sent.");

        await ann.Page.ReloadAsync();
        await ann.ExpectInsideAsync("lobby");
        await Assertions.Expect(failed).ToContainTextAsync("Not sent.");
        await failed.Locator("[data-action=retry]").ClickAsync();
        await Assertions.Expect(failed).ToHaveCountAsync(1);
        await failed.Locator("[data-action=cancel]").ClickAsync();
        await Assertions.Expect(ann.Input).ToHaveValueAsync(tooLong);
        await ExpectKeptAsync(ann, 0);
        await ExpectSaidAsync("a later one is not held up");
    }

    [Test]
    public async Task What_is_too_long_stays_in_the_input()
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
        await ExpectSaidAsync(fits, fits);
        await ann.ExpectOnlineAsync();
    }

    [Test]
    public async Task What_one_person_left_unsent_is_not_said_by_the_next()
    {
        await using var ann = await ChatPage.JoinAsync(_relay.Port, "ann");
        await GoOfflineAsync(ann);
        await ann.SayAsync("not for bob");
        await ExpectKeptAsync(ann, 1);
        await ann.Page.GotoAsync("about:blank");
        await ann.Page.Context.ClearCookiesAsync();
        _relay.IsDown = false;

        await ann.Page.GotoAsync($"http://127.0.0.1:{_relay.Port}/?name=bob&room=lobby");
        await ann.ExpectInsideAsync("lobby");
        var failed = ann.Page.Locator("#log .message[data-state=failed]");
        await Assertions.Expect(failed).ToContainTextAsync("You wrote this as ann. Retry says it as bob.");
        await ann.SayAsync("by bob");
        await ExpectSaidAsync("by bob");
        await failed.Locator("[data-action=retry]").ClickAsync();
        await ExpectSaidAsync("by bob", "not for bob");
        await ann.ExpectAllSentAsync();
    }

    [Test]
    public async Task Of_two_tabs_each_sends_its_own_and_the_living_one_sends_what_a_closed_one_left()
    {
        await using var one = await ChatPage.JoinAsync(_relay.Port, "ann");
        var two = await ChatPage.OpenAsync(await one.Page.Context.NewPageAsync(), $"http://127.0.0.1:{_relay.Port}/");
        await two.ExpectInsideAsync("lobby");
        await Assertions.Expect(two.Page.Locator("#my-name")).ToHaveTextAsync("ann");

        await GoOfflineAsync(one);
        await two.ExpectNotOnlineAsync();
        await one.SayAsync("from one");
        await two.SayAsync("from two");
        await ExpectKeptAsync(one, 2);
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
        await ExpectKeptAsync(one, 1);
        await one.Page.CloseAsync();
        _relay.IsDown = false;
        await two.ExpectMessageAsync("left behind");
        await two.ExpectAllSentAsync();
        await ExpectKeptAsync(two, 0);
        await _observer.SayAsync("the end");
        await _observer.Inbox.ExpectAsync<MessageFrame>(message => message.Text == "the end");
        Said().Should().BeEquivalentTo("from one", "from two", "left behind", "the end");
    }

    [Test]
    public async Task A_browser_that_stores_nothing_is_told_of_once_and_sends_all_the_same()
    {
        await using var ann = await ChatPage.OpenAsync("about:blank");
        await ann.Page.AddInitScriptAsync("Object.defineProperty(window, 'indexedDB', { get() { throw new DOMException('no', 'SecurityError'); } });");
        await ann.Page.GotoAsync($"http://127.0.0.1:{_relay.Port}/?name=ann&room=lobby");
        await ann.ExpectInsideAsync("lobby");
        await GoOfflineAsync(ann);
        await ann.SayAsync("one");
        await ann.SayAsync("two");
        await ann.ExpectPendingAsync(2);
        await Assertions.Expect(ann.Notices.Filter(new() { HasText = "is lost if you close" })).ToHaveCountAsync(1);

        _relay.IsDown = false;
        await ExpectSaidAsync("one", "two");
        await ann.ExpectAllSentAsync();
    }

    /// <summary>Says it in a page that waits for the server's first answer, and knows none of its limits yet.</summary>
    private async Task SayBeforeTheServerAsync(ChatPage page, params string[] texts)
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

    private async Task LoseTheAckOfAsync(ChatPage page, string text)
    {
        _relay.LoseAnswers();
        await page.SayAsync(text);
        await _observer.Inbox.ExpectAsync<MessageFrame>(message => message.Text == text);
        await page.ExpectPendingAsync(1);
        await ExpectKeptAsync(page, 1);
    }

    /// <summary>How many messages the browser keeps, whichever tab has to send them.</summary>
    private static async Task ExpectKeptAsync(ChatPage page, int count) => await page.Page.EvaluateAsync(
        """
        async (count) => {
          const [{ name }] = await indexedDB.databases();
          const answered = (request) => new Promise((resolve) => { request.onsuccess = () => resolve(request.result); });
          const db = await answered(indexedDB.open(name));
          while (await answered(db.transaction('outbox').objectStore('outbox').count()) !== count) await new Promise((resolve) => setTimeout(resolve, 20));
          db.close();
        }
        """,
        count).OrFail($"{count} messages in the browser's keeping");

    private string[] Said() => [.. _observer.Inbox.All.OfType<MessageFrame>().Select(message => message.Text)];

    private async Task ExpectSaidAsync(params string[] texts)
    {
        await Patience.UntilAsync(() => Said().Length >= texts.Length, () => $"{texts.Length} messages; there are: {string.Join(", ", Said())}");
        Said().Should().Equal(texts);
    }
}
