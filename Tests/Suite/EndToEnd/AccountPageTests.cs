using System.Text.RegularExpressions;
using Microsoft.Playwright;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.EndToEnd;

/// <summary>Guests and accounts on the page: names, passwords, and a session token that no script can read.</summary>
[Category(Categories.Slow)] // runs Chromium
public sealed class AccountPageTests
{
    private ServerUnderTest _server = null!;

    [SetUp]
    public async Task StartServer() => _server = await ServerUnderTest.StartAsync("--Origins:FromDisk", "true");

    [TearDown]
    public async Task StopServer() => await _server.DisposeAsync();

    [Test]
    public async Task Reload_keeps_the_user_and_no_script_can_read_the_token()
    {
        await using var ann = await ChatPage.OpenAsync("about:blank");
        var wire = AccountSteps.RecordWebSockets(ann.Page);
        await ann.Page.GotoAsync($"http://127.0.0.1:{_server.HttpPort}/?name=ann&room=lobby");
        await ann.ExpectInsideAsync("lobby");
        var before = await AccountSteps.GetUserAsync(ann);

        await ann.Page.GotoAsync($"http://127.0.0.1:{_server.HttpPort}/");
        await ann.ExpectInsideAsync("lobby");
        (await AccountSteps.GetUserAsync(ann)).Should().Be(before);

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
    public async Task Entrance_asks_for_the_password_of_a_name_that_belongs_to_an_account()
    {
        await using (var ann = await ChatPage.JoinAsync(_server.HttpPort, "ann"))
            await AccountSteps.RegisterAsync(ann);
        await using var other = await ChatPage.OpenAsync($"http://127.0.0.1:{_server.HttpPort}/");
        await other.Page.FillAsync("#name", "ann");
        await other.Page.PressAsync("#name", "Enter");
        await Assertions.Expect(other.Page.Locator("#join-note")).ToContainTextAsync("The name ann belongs to an account.");
        await Assertions.Expect(other.Page.Locator("#password")).ToBeFocusedAsync();
        await other.Page.Keyboard.TypeAsync(AccountSteps.Password);
        await other.Page.Keyboard.PressAsync("Enter");
        await other.ExpectOnlineAsync();
        await Assertions.Expect(other.Page.Locator("#my-name")).ToHaveTextAsync("ann");
    }

    [Test]
    public async Task Page_shows_a_sign_beside_the_users_name_while_do_not_disturb_is_on()
    {
        await using var ann = await ChatPage.OpenAsync($"http://127.0.0.1:{_server.HttpPort}/?name=ann&room=lobby", clock: true);
        await ann.ExpectInsideAsync("lobby");
        var sign = ann.Page.Locator("#my-quiet");
        await Assertions.Expect(sign).ToBeHiddenAsync();
        await ann.Page.ClickAsync("#me");
        await ann.Page.ClickAsync("#tab-alerts");
        await ann.Page.SelectOptionAsync("#quiet-for", "1");
        await Assertions.Expect(sign).ToBeVisibleAsync();
        await ann.Page.ClickAsync("#close-account");
        await Assertions.Expect(ann.Page.Locator("#me")).ToHaveAccessibleNameAsync(new Regex("Do not disturb"));
        await AccessibilityTests.ExpectCleanAsync(ann, "do not disturb");
        await ann.Page.Clock.FastForwardAsync(61 * 60_000);
        await Assertions.Expect(sign).ToBeHiddenAsync();
    }

    [Test]
    public async Task Account_changes_its_password_in_the_settings_and_other_sessions_end()
    {
        const string Next = "battery staple horse";
        await using var ann = await ChatPage.JoinAsync(_server.HttpPort, "ann");
        await ann.Page.ClickAsync("#me");
        await Assertions.Expect(ann.Page.Locator("#change-password")).ToBeHiddenAsync();
        await ann.Page.ClickAsync("#close-account");
        await AccountSteps.RegisterAsync(ann);
        await using var other = await ChatPage.OpenAsync($"http://127.0.0.1:{_server.HttpPort}/");
        await AccountSteps.LogInAsync(other, "ann");

        await ann.Page.ClickAsync("#me");
        var (old, next, note) = (ann.Page.Locator("#old-password"), ann.Page.Locator("#next-password"), ann.Page.Locator("#account-note"));
        await old.FillAsync("not the password");
        await next.FillAsync("short");
        await ann.Page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(note).ToHaveTextAsync("A password has 8 to 256 characters.");
        await Assertions.Expect(next).ToBeFocusedAsync();
        await next.FillAsync(Next);
        await ann.Page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(note).ToHaveTextAsync("The current password is wrong.");
        await Assertions.Expect(old).ToBeFocusedAsync();
        await Assertions.Expect(next).ToHaveValueAsync(Next);
        await AccessibilityTests.ExpectCleanAsync(ann, "the change of the password");
        await old.FillAsync(AccountSteps.Password);
        await ann.Page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(note).ToHaveTextAsync("Your password is changed.");
        await Assertions.Expect(old).ToHaveValueAsync("");
        await Assertions.Expect(next).ToHaveValueAsync("");
        await Assertions.Expect(other.Banner).ToHaveAttributeAsync("data-state", "closed");
        await ann.Page.ClickAsync("#close-account");
        await Assertions.Expect(ann.Page.Locator("#log")).Not.ToContainTextAsync("password");

        await AccountSteps.LogOutAsync(ann);
        await ann.Page.FillAsync("#name", "ann");
        await ann.Page.ClickAsync("#have-account");
        await ann.Page.FillAsync("#password", Next);
        await ann.Page.Keyboard.PressAsync("Enter");
        await ann.ExpectInsideAsync("lobby");
        ann.Errors.Should().BeEmpty();
    }

    [Test]
    public async Task Guest_registers_logs_out_and_logs_in_with_the_password()
    {
        await using var ann = await ChatPage.JoinAsync(_server.HttpPort, "ann");
        await ann.SayAsync("before");
        await ann.ExpectMessageAsync("before");
        var user = await AccountSteps.GetUserAsync(ann);
        await AccountSteps.RegisterAsync(ann);
        await Assertions.Expect(ann.Page.Locator("#my-words")).ToHaveTextAsync("online");
        (await AccountSteps.GetUserAsync(ann)).Should().Be(user);
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

        await Assertions.Expect(ann.Page.Locator("#password")).ToBeFocusedAsync();
        await ann.Page.FillAsync("#password", "a wrong password");
        await ann.Page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(note).ToContainTextAsync("password");
        await Assertions.Expect(ann.Page.Locator("#password")).ToBeFocusedAsync();

        await ann.Page.FillAsync("#password", AccountSteps.Password);
        await ann.Page.Keyboard.PressAsync("Enter");
        await ann.ExpectInsideAsync("lobby");
        (await AccountSteps.GetUserAsync(ann)).Should().Be(user);
        await Assertions.Expect(ann.Page.Locator("#password")).ToHaveValueAsync("");
        await ann.SayAsync("after");
        await ann.ExpectMessageAsync("after");
        (await ann.ReadAsync()).Select(message => (message.Author, message.Text)).Should().Equal(("ann", "before"), ("ann", "after"));
    }

    [Test]
    public async Task Typed_password_appears_neither_on_the_WebSocket_nor_in_the_log()
    {
        await using var ann = await ChatPage.OpenAsync("about:blank");
        var wire = AccountSteps.RecordWebSockets(ann.Page);
        await ann.Page.GotoAsync($"http://127.0.0.1:{_server.HttpPort}/?name=ann&room=lobby");
        await ann.ExpectInsideAsync("lobby");

        await ann.SayAsync($"/register ann {AccountSteps.Password}");
        await Assertions.Expect(ann.Page.Locator("#my-words")).ToHaveTextAsync("online");
        await ann.SayAsync("/login ann");
        await Assertions.Expect(ann.Notices.Last).ToContainTextAsync("/login name password");
        await ann.SayAsync("/login ann not this one");
        await Assertions.Expect(ann.Page.Locator(".notice[data-tone=error]").Last).ToContainTextAsync("password");
        await ann.SayAsync($"/login ann {AccountSteps.Password}");
        await Assertions.Expect(ann.Notices.Filter(new() { HasText = "You are ann." })).Not.ToHaveCountAsync(0);
        await ann.ExpectInsideAsync("lobby");
        await ann.SayAsync("the end");
        await ann.ExpectMessageAsync("the end");

        var token = (await ann.Page.Context.CookiesAsync()).Single().Value;
        wire.Should().NotContain(text => text.Contains(AccountSteps.Password, StringComparison.Ordinal) || text.Contains("not this one", StringComparison.Ordinal) || text.Contains(token, StringComparison.Ordinal));
        (await ann.Page.ContentAsync()).Should().NotContain(AccountSteps.Password);
        (await ann.ReadAsync()).Select(message => message.Text).Should().Equal("the end");
    }

    [Test]
    public async Task Page_shows_when_to_try_again_after_too_many_wrong_passwords()
    {
        await using var strict = await ServerUnderTest.StartAsync("--Limits:LoginAttemptsPerName", "2");
        await using var ann = await ChatPage.JoinAsync(strict.HttpPort, "ann");
        await AccountSteps.RegisterAsync(ann);
        await using var mallory = await ChatPage.OpenAsync($"http://127.0.0.1:{strict.HttpPort}/");
        await mallory.Page.FillAsync("#name", "ann");
        await mallory.Page.ClickAsync("#have-account");
        var note = mallory.Page.Locator("#join-note");
        for (var guess = 1; guess <= 5 && !(await note.TextContentAsync())!.Contains("Try again in", StringComparison.Ordinal); guess++)
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
    public async Task Account_dialog_changes_the_name_and_shows_that_a_name_is_taken()
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
        await Assertions.Expect(note).ToContainTextAsync("Your name is now anna");
        await Assertions.Expect(ann.Page.Locator("#account-title")).ToHaveTextAsync("anna");
        await Assertions.Expect(bob.Page.Locator("#members .member").Filter(new() { HasText = "anna" })).ToHaveCountAsync(1);

        await ann.Page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(ann.Page.Locator("#me")).ToBeFocusedAsync();
        await ann.Page.ReloadAsync();
        await ann.ExpectInsideAsync("lobby");
        await Assertions.Expect(ann.Page.Locator("#my-name")).ToHaveTextAsync("anna");
    }

    [Test]
    public async Task Page_from_disk_can_register_log_out_and_log_in()
    {
        await using var ann = await ChatPage.OpenAsync($"{new Uri(InstalledTools.ClientHtml)}?server=127.0.0.1:{_server.HttpPort}&name=ann&room=lobby");
        await ann.ExpectInsideAsync("lobby");
        await AccountSteps.RegisterAsync(ann);
        await ann.Page.ClickAsync("#me");
        await ann.Page.ClickAsync("#log-out");
        await ann.Page.FillAsync("#name", "ann");
        await ann.Page.ClickAsync("#have-account");
        await ann.Page.FillAsync("#password", AccountSteps.Password);
        await ann.Page.Keyboard.PressAsync("Enter");
        await ann.ExpectInsideAsync("lobby");
        await Assertions.Expect(ann.Page.Locator("#my-words")).ToHaveTextAsync("online");
        await ann.Page.ReloadAsync();
        await ann.ExpectInsideAsync("lobby");
        await Assertions.Expect(ann.Page.Locator("#my-words")).ToHaveTextAsync("online");
    }

    [Test]
    public async Task Page_works_in_a_browser_that_keeps_no_cookies()
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
        var user = await AccountSteps.GetUserAsync(ann);
        await ann.Page.ReloadAsync();
        await ann.ExpectInsideAsync("lobby");
        await ann.SayAsync("here");
        await ann.ExpectMessageAsync("here");
        (await ann.Page.Context.CookiesAsync()).Should().BeEmpty();
        (await AccountSteps.GetUserAsync(ann)).Should().Be(user);
    }
}
