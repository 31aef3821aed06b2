using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Playwright;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.EndToEnd;

/// <summary>Who one is, as a person at the page has it in hands: a name for now, a name for good, and no token in any script.</summary>
public sealed class AccountPageTests
{
    private const string Password = "correct horse battery";

    private ServerUnderTest _server = null!;

    [SetUp]
    public async Task StartServer() => _server = await ServerUnderTest.StartAsync();

    [TearDown]
    public async Task StopServer() => await _server.DisposeAsync();

    [Test]
    public async Task A_reload_keeps_who_one_is_and_nothing_that_a_script_can_read_tells_the_token()
    {
        await using var ann = await ChatPage.OpenAsync("about:blank");
        var wire = Listen(ann.Page);
        await ann.Page.GotoAsync($"http://127.0.0.1:{_server.HttpPort}/?name=ann&room=lobby");
        await ann.ExpectInsideAsync("lobby");
        var before = await UserOfAsync(ann);

        await ann.Page.GotoAsync($"http://127.0.0.1:{_server.HttpPort}/");
        await ann.ExpectInsideAsync("lobby");
        (await UserOfAsync(ann)).Should().Be(before);

        var cookie = (await ann.Page.Context.CookiesAsync()).Should().ContainSingle().Subject;
        (cookie.Name, cookie.HttpOnly, cookie.SameSite).Should().Be(("rsc_session", true, SameSiteAttribute.Strict));
        wire.Should().NotBeEmpty().And.NotContain(text => text.Contains(cookie.Value, StringComparison.Ordinal));
        var readable = await ann.Page.EvaluateAsync<string>(
            """
            async () => {
              const [{ name }] = await indexedDB.databases();
              const db = await new Promise((resolve) => { const request = indexedDB.open(name); request.onsuccess = () => resolve(request.result); });
              const all = (store) => new Promise((resolve) => { const request = db.transaction(store).objectStore(store).getAll(); request.onsuccess = () => resolve(request.result); });
              return JSON.stringify([document.cookie, { ...localStorage }, { ...sessionStorage }, await all('outbox'), await all('place')]);
            }
            """);
        readable.Should().Contain("lobby").And.NotContain(cookie.Value);
    }

    [Test]
    public async Task A_name_is_kept_by_a_password_left_and_come_back_to()
    {
        await using var ann = await ChatPage.JoinAsync(_server.HttpPort, "ann");
        await ann.SayAsync("before");
        await ann.ExpectMessageAsync("before");
        var user = await UserOfAsync(ann);
        await KeepTheNameAsync(ann);
        await Assertions.Expect(ann.Page.Locator("#my-words")).ToHaveTextAsync("online");
        (await UserOfAsync(ann)).Should().Be(user);
        await ann.Page.ClickAsync("#me");
        await Assertions.Expect(ann.Page.Locator("#keep")).ToBeHiddenAsync();
        await ann.Page.ClickAsync("#log-out");

        var note = ann.Page.Locator("#join-note");
        await Assertions.Expect(ann.Page.Locator("#join")).ToBeVisibleAsync();
        await Assertions.Expect(note).ToBeHiddenAsync();
        await ann.Page.FillAsync("#name", "ann");
        await ann.Page.ClickAsync("#join-go");
        await Assertions.Expect(note).ToContainTextAsync("ann");
        await Assertions.Expect(ann.Page.Locator("#app")).ToBeHiddenAsync();

        await ann.Page.ClickAsync("#have-account");
        await Assertions.Expect(ann.Page.Locator("#password")).ToBeFocusedAsync();
        await ann.Page.FillAsync("#password", "a wrong password");
        await ann.Page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(note).ToContainTextAsync("password");
        await Assertions.Expect(ann.Page.Locator("#password")).ToBeFocusedAsync();

        await ann.Page.FillAsync("#password", Password);
        await ann.Page.Keyboard.PressAsync("Enter");
        await ann.ExpectInsideAsync("lobby");
        (await UserOfAsync(ann)).Should().Be(user);
        await Assertions.Expect(ann.Page.Locator("#password")).ToHaveValueAsync("");
        await ann.SayAsync("after");
        await ann.ExpectMessageAsync("after");
        (await ann.ReadAsync()).Select(message => (message.Author, message.Text)).Should().Equal(("ann", "before"), ("ann", "after"));
    }

    [Test]
    public async Task A_typed_password_goes_neither_over_the_socket_nor_into_the_log()
    {
        await using var ann = await ChatPage.OpenAsync("about:blank");
        var wire = Listen(ann.Page);
        await ann.Page.GotoAsync($"http://127.0.0.1:{_server.HttpPort}/?name=ann&room=lobby");
        await ann.ExpectInsideAsync("lobby");

        await ann.SayAsync($"/register ann {Password}");
        await Assertions.Expect(ann.Page.Locator("#my-words")).ToHaveTextAsync("online");
        await ann.SayAsync("/login ann");
        await Assertions.Expect(ann.Notices.Last).ToContainTextAsync("/login name password");
        await ann.SayAsync("/login ann not this one");
        await Assertions.Expect(ann.Page.Locator(".notice[data-tone=error]").Last).ToContainTextAsync("password");
        await ann.SayAsync($"/login ann {Password}");
        await Assertions.Expect(ann.Notices.Filter(new() { HasText = "You are ann." })).Not.ToHaveCountAsync(0);
        await ann.ExpectInsideAsync("lobby");
        await ann.SayAsync("the end");
        await ann.ExpectMessageAsync("the end");

        var token = (await ann.Page.Context.CookiesAsync()).Single().Value;
        wire.Should().NotContain(text => text.Contains(Password, StringComparison.Ordinal) || text.Contains("not this one", StringComparison.Ordinal) || text.Contains(token, StringComparison.Ordinal));
        (await ann.Page.ContentAsync()).Should().NotContain(Password);
        (await ann.ReadAsync()).Select(message => message.Text).Should().Equal("the end");
    }

    [TestCase(" /login ann {0}", "password")]
    [TestCase("\u00a0\n/LOGIN ann {0}", "password")]
    [TestCase("/login ann {0}\nand more", "in one line")]
    [TestCase("  /register ann {0}\n/join lobby", "in one line")]
    [TestCase("""{{"type":"login","name":"ann","password":"{0}"}}""", "isn’t said")]
    [TestCase("""{{"type":"hello","session":"{0}"}}""", "isn’t said")]
    [TestCase("look:\n{{\"type\":\"register\",\"password\":\"{0}\"}}\n", "isn’t said")]
    public async Task A_password_that_was_pasted_amiss_is_not_said(string form, string words)
    {
        const string secret = "open-sesame";
        await using var ann = await ChatPage.OpenAsync("about:blank");
        var wire = Listen(ann.Page);
        await ann.Page.GotoAsync($"http://127.0.0.1:{_server.HttpPort}/?name=ann&room=lobby");
        await ann.ExpectInsideAsync("lobby");

        await ann.SayAsync(string.Format(CultureInfo.InvariantCulture, form, secret));
        await Assertions.Expect(ann.Page.Locator(".notice[data-tone=error]")).ToContainTextAsync(words);
        await ann.SayAsync("""{"type":"message","text":"a frame without a secret"}""");
        await ann.ExpectMessageAsync("a frame without a secret");
        wire.Should().NotContain(text => text.Contains(secret, StringComparison.Ordinal));
    }

    [Test]
    public async Task No_link_and_no_stale_tab_renames_an_account()
    {
        await using var stale = await ChatPage.JoinAsync(_server.HttpPort, "fool");
        var ann = await ChatPage.OpenAsync(await stale.Page.Context.NewPageAsync(), $"http://127.0.0.1:{_server.HttpPort}/");
        await ann.ExpectInsideAsync("lobby");
        await ann.SayAsync("/nick ann");
        await Assertions.Expect(ann.Page.Locator("#my-name")).ToHaveTextAsync("ann");
        await KeepTheNameAsync(ann);
        var user = await UserOfAsync(ann);
        await LogOutAsync(ann);
        await stale.Page.GotoAsync($"http://127.0.0.1:{_server.HttpPort}/?name=fool&room=lobby");
        await stale.ExpectInsideAsync("lobby");
        await LogInAsync(ann, "ann");

        await stale.Page.GotoAsync($"http://127.0.0.1:{_server.HttpPort}/");
        await ExpectAnnAsync(stale);
        await stale.Page.GotoAsync($"http://127.0.0.1:{_server.HttpPort}/?name=Fool&room=lobby");
        await ExpectAnnAsync(stale);
        await Assertions.Expect(stale.Notices.Filter(new() { HasText = "You’re here as ann. It’s your account" })).ToHaveCountAsync(1);
        await ann.Page.ReloadAsync();
        await ExpectAnnAsync(ann);

        async Task ExpectAnnAsync(ChatPage page)
        {
            await page.ExpectInsideAsync("lobby");
            await Assertions.Expect(page.Page.Locator("#my-name")).ToHaveTextAsync("ann");
            (await UserOfAsync(page)).Should().Be(user);
        }
    }

    [Test]
    public async Task Who_logs_out_in_one_tab_is_out_in_all_and_stays_out()
    {
        await using var one = await ChatPage.JoinAsync(_server.HttpPort, "ann");
        await KeepTheNameAsync(one);
        var url = $"http://127.0.0.1:{_server.HttpPort}/";
        var two = await ChatPage.OpenAsync(await one.Page.Context.NewPageAsync(), url);
        await two.ExpectInsideAsync("lobby");
        await LogOutAsync(one);
        await Assertions.Expect(two.Banner).ToHaveAttributeAsync("data-state", "closed");

        var three = await ChatPage.OpenAsync(await one.Page.Context.NewPageAsync(), url);
        await Assertions.Expect(three.Page.Locator("#join")).ToBeVisibleAsync();
        await two.Page.ReloadAsync();
        await Assertions.Expect(two.Page.Locator("#join")).ToBeVisibleAsync();
    }

    [Test]
    public async Task Guessing_gets_slow_and_the_page_says_how_slow()
    {
        await using var ann = await ChatPage.JoinAsync(_server.HttpPort, "ann");
        await KeepTheNameAsync(ann);
        await using var mallory = await ChatPage.OpenAsync($"http://127.0.0.1:{_server.HttpPort}/");
        await mallory.Page.FillAsync("#name", "ann");
        await mallory.Page.ClickAsync("#have-account");
        var note = mallory.Page.Locator("#join-note");
        for (var guess = 1; guess <= 30 && !(await note.TextContentAsync())!.Contains("Try again in", StringComparison.Ordinal); guess++)
        {
            var answered = mallory.Page.WaitForResponseAsync("**/session");
            await mallory.Page.FillAsync("#password", $"guess number {guess}");
            await mallory.Page.Keyboard.PressAsync("Enter");
            await answered;
            await Assertions.Expect(note).ToBeVisibleAsync();
        }

        await Assertions.Expect(note).ToContainTextAsync("Try again in");
    }

    [Test]
    public async Task Another_name_is_taken_and_refused_in_the_same_place()
    {
        await using var bob = await ChatPage.JoinAsync(_server.HttpPort, "bob");
        await using var ann = await ChatPage.JoinAsync(_server.HttpPort, "ann");
        await ann.Page.FocusAsync("#me");
        await ann.Page.Keyboard.PressAsync("Enter");
        var note = ann.Page.Locator("#account-note");
        await ann.Page.FillAsync("#new-name", "bob");
        await ann.Page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(note).ToContainTextAsync("taken");
        await ann.Page.FillAsync("#new-name", "anna");
        await ann.Page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(note).ToContainTextAsync("You are anna");
        await Assertions.Expect(ann.Page.Locator("#account-title")).ToHaveTextAsync("anna");
        await Assertions.Expect(bob.Page.Locator("#members .member").Filter(new() { HasText = "anna" })).ToHaveCountAsync(1);

        await ann.Page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(ann.Page.Locator("#me")).ToBeFocusedAsync();
        await ann.Page.ReloadAsync();
        await ann.ExpectInsideAsync("lobby");
        await Assertions.Expect(ann.Page.Locator("#my-name")).ToHaveTextAsync("anna");
    }

    [Test]
    public async Task A_page_from_disk_can_do_all_of_it_too()
    {
        await using var ann = await ChatPage.OpenAsync($"{new Uri(Tools.ClientHtml)}?server=127.0.0.1:{_server.HttpPort}&name=ann&room=lobby");
        await ann.ExpectInsideAsync("lobby");
        await KeepTheNameAsync(ann);
        await ann.Page.ClickAsync("#me");
        await ann.Page.ClickAsync("#log-out");
        await ann.Page.FillAsync("#name", "ann");
        await ann.Page.ClickAsync("#have-account");
        await ann.Page.FillAsync("#password", Password);
        await ann.Page.Keyboard.PressAsync("Enter");
        await ann.ExpectInsideAsync("lobby");
        await Assertions.Expect(ann.Page.Locator("#my-words")).ToHaveTextAsync("online");
        await ann.Page.ReloadAsync();
        await ann.ExpectInsideAsync("lobby");
        await Assertions.Expect(ann.Page.Locator("#my-words")).ToHaveTextAsync("online");
    }

    [Test]
    public async Task A_browser_that_keeps_no_cookies_gets_in_all_the_same()
    {
        await using var ann = await ChatPage.OpenAsync("about:blank");
        await ann.Page.RouteAsync("**/session", async route =>
        {
            var answer = await route.FetchAsync();
            await ann.Page.Context.ClearCookiesAsync();
            await route.FulfillAsync(new() { Response = answer, Headers = new Dictionary<string, string> { ["Content-Type"] = "application/json" } });
        });
        await ann.Page.GotoAsync($"http://127.0.0.1:{_server.HttpPort}/?name=ann&room=lobby");
        await ann.ExpectInsideAsync("lobby");
        await Assertions.Expect(ann.Page.Locator("#my-name")).ToHaveTextAsync("ann");
        var user = await UserOfAsync(ann);
        await ann.Page.ReloadAsync();
        await ann.ExpectInsideAsync("lobby");
        await ann.SayAsync("here");
        await ann.ExpectMessageAsync("here");
        (await ann.Page.Context.CookiesAsync()).Should().BeEmpty();
        (await UserOfAsync(ann)).Should().Be(user);
    }

    private static async Task KeepTheNameAsync(ChatPage page)
    {
        await page.Page.ClickAsync("#me");
        await page.Page.FillAsync("#new-password", Password);
        await page.Page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Page.Locator("#account-note")).ToContainTextAsync("is yours");
        await page.Page.ClickAsync("#close-account");
        await page.ExpectInsideAsync("lobby");
    }

    private static async Task LogOutAsync(ChatPage page)
    {
        await page.Page.ClickAsync("#me");
        await page.Page.ClickAsync("#log-out");
        await Assertions.Expect(page.Page.Locator("#join")).ToBeVisibleAsync();
    }

    private static async Task LogInAsync(ChatPage page, string name)
    {
        await page.Page.FillAsync("#name", name);
        await page.Page.ClickAsync("#have-account");
        await page.Page.FillAsync("#password", Password);
        await page.Page.Keyboard.PressAsync("Enter");
        await page.ExpectInsideAsync("lobby");
    }

    private static async Task<string> UserOfAsync(ChatPage page)
    {
        var me = page.Page.Locator("#members .member").Filter(new() { HasText = "you" });
        await Assertions.Expect(me).ToHaveCountAsync(1);
        return (await me.GetAttributeAsync("data-user"))!;
    }

    /// <summary>All that goes over the page's sockets, their addresses too.</summary>
    private static ConcurrentQueue<string> Listen(IPage page)
    {
        var heard = new ConcurrentQueue<string>();
        page.WebSocket += (_, socket) =>
        {
            heard.Enqueue(socket.Url);
            socket.FrameSent += (_, frame) => heard.Enqueue(frame.Text ?? "");
            socket.FrameReceived += (_, frame) => heard.Enqueue(frame.Text ?? "");
        };
        return heard;
    }
}
