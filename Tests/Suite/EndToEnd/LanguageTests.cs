using Microsoft.Playwright;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.EndToEnd;

/// <summary>The page in the languages other than English. Tests/Client/translations.test.mjs checks the tables.</summary>
[Category(Categories.Slow)] // runs Chromium
public sealed class LanguageTests
{
    // Finds elements that are outside of the page, cut off, or overlapping. The script ignores the list of tabs and the log, because they scroll,
    // and the text for screen readers, because it is not visible.
    private const string FindFaults = """
        () => {
          const faults = [];
          if (document.documentElement.scrollWidth > innerWidth) faults.push(`the page has ${document.documentElement.scrollWidth} px`);
          for (const node of document.querySelectorAll('button, a, h1, h2, h3, p, label, b, dt, dd, legend, summary, .label, .choices span, .tips span')) {
            const { left, right, width, height } = node.getBoundingClientRect();
            if (!width || !height || !node.checkVisibility({ visibilityProperty: true }) || node.closest('.unseen, [inert], #settings-tabs, #log, #lab-results')) continue;
            const name = `${node.tagName} ${node.id} ${node.textContent.trim().slice(0, 40)}`;
            if (left < -1 || right > innerWidth + 1) faults.push(`outside: ${name}`);
            if (node.tagName === 'BUTTON' && node.scrollWidth > node.clientWidth + 1) faults.push(`cut: ${name}`);
          }
          const seen = [...document.querySelectorAll('#head > *, #self > *, #composer .box > *')].filter((node) => node.checkVisibility() && !node.closest('[inert]')).map((node) => [node, node.getBoundingClientRect()]);
          for (const [a, one] of seen) for (const [b, other] of seen) {
            if (a !== b && !a.contains(b) && !b.contains(a) && one.left < other.right - 1 && other.left < one.right - 1 && one.top < other.bottom - 1 && other.top < one.bottom - 1) faults.push(`overlap: ${a.id || a.className} and ${b.id || b.className}`);
          }
          return faults;
        }
        """;

    private ServerUnderTest _server = null!;

    [OneTimeSetUp]
    public async Task StartServer() => _server = await ServerUnderTest.StartAsync("--Limits:Enabled", "false");

    [OneTimeTearDown]
    public async Task StopServer() => await _server.DisposeAsync();

    [TestCase(375, ColorScheme.Light)]
    [TestCase(1440, ColorScheme.Dark)]
    public async Task Page_in_Arabic_goes_from_right_to_left_without_a_fault_of_layout_or_accessibility(int width, ColorScheme scheme)
    {
        var isPhone = width < 720;
        await using var ann = await OpenAsync("ar", width, scheme);
        await Assertions.Expect(ann.Page.Locator("html")).ToHaveAttributeAsync("dir", "rtl");
        await Assertions.Expect(ann.Page.Locator("html")).ToHaveAttributeAsync("lang", "ar");
        await Assertions.Expect(ann.Page.Locator("#join-go")).ToHaveTextAsync("انضمام");
        await ExpectNoFaultAsync(ann, "the entrance");
        await EnterAsync(ann, $"arabic{width}");
        await ann.SayAsync("hello #lobby");
        await ann.SayAsync("مرحبا");
        await ann.SayAsync("/jion lobby");
        await ann.SayAsync("/close lobby");
        await ann.ExpectMessageAsync("مرحبا");

        // The page translates the error for an unknown command. It shows errors without a translation in the server's words, and marks these
        // words as English.
        await Assertions.Expect(ann.Notices.Filter(new() { HasText = "/join lobby" })).ToContainTextAsync("لا يوجد أمر كهذا.");
        await Assertions.Expect(ann.Notices.Locator("[lang=en][dir=ltr]").Last).ToContainTextAsync("nobody can close it");
        await ann.Input.FillAsync("/jo");
        await Assertions.Expect(ann.Page.Locator("#suggestions")).ToContainTextAsync("ينضم إلى غرفة");
        await ann.Input.FillAsync("");
        var (face, text) = (await BoxAsync(ann, "#log .message .face"), await BoxAsync(ann, "#log .message .main"));
        face.X.Should().BeGreaterThan(text.X, "the avatar is at the beginning of the line");
        await ExpectNoFaultAsync(ann, "the log");
        if (isPhone)
        {
            await ann.Page.ClickAsync("#open-rail");
            await ann.UntilAsync("() => Math.abs(document.getElementById('rail').getBoundingClientRect().right - innerWidth) < 1");
            await ExpectNoFaultAsync(ann, "the rooms");
            await ann.Page.Keyboard.PressAsync("Escape");
        }

        await ann.Page.ClickAsync("#open-room-menu");
        await ExpectNoFaultAsync(ann, "the menu of the room");
        await ann.Page.Keyboard.PressAsync("Escape");
        await ann.Page.ClickAsync("#open-search");
        await ann.Page.ClickAsync("#search-filters summary");
        await ExpectNoFaultAsync(ann, "the search");
        await ann.Page.Keyboard.PressAsync("Escape");
        await VisitSettingsAsync(ann, isPhone);
        ann.Errors.Should().BeEmpty();
        (await ann.ViolationsAsync()).Should().BeEmpty();
    }

    [TestCase("es")]
    [TestCase("zh")]
    [TestCase("de")]
    [TestCase("fr")]
    public async Task Nothing_is_cut_or_outside_of_a_page_of_320_px(string language)
    {
        await using var ann = await OpenAsync(language, 320);
        await Assertions.Expect(ann.Page.Locator("html")).ToHaveAttributeAsync("lang", language);
        await ExpectFitsAsync(ann, "the entrance");
        await EnterAsync(ann, $"narrow-{language}");
        await ann.SayAsync($"/create room-{language}");
        await ann.ExpectInsideAsync($"room-{language}");
        await ExpectFitsAsync(ann, "a new room");
        await ann.Page.ClickAsync("#open-room-menu");
        await ExpectFitsAsync(ann, "the menu of the room");
        await ann.Page.ClickAsync("#menu-items [data-item=close]");
        await ExpectFitsAsync(ann, "a question");
        await ann.Page.ClickAsync("#form-no");
        await ann.Page.ClickAsync("#open-search");
        await ann.Page.ClickAsync("#search-filters summary");
        await ExpectFitsAsync(ann, "the search");
        await ann.Page.Keyboard.PressAsync("Escape");
        await ann.Page.ClickAsync("#open-rail");
        await ExpectFitsAsync(ann, "the rooms");
        await ann.Page.ClickAsync("#me");
        foreach (var tab in (string[])["person", "look", "alerts", "connection", "keys"])
        {
            await ann.Page.ClickAsync($"#tab-{tab}");
            await ExpectFitsAsync(ann, $"the settings, {tab}");
        }
    }

    [Test]
    public async Task Page_has_the_language_of_the_browser_and_stores_it_for_the_next_visit()
    {
        await using var ann = await OpenAsync("fr-CA", 1280);
        await Assertions.Expect(ann.Page.Locator("#join-title")).ToHaveTextAsync("Rejoindre le chat");
        await Assertions.Expect(ann.Page.Locator("html")).ToHaveAttributeAsync("lang", "fr-CA");
        await ann.Page.RouteAsync("**/languages/**", route => route.AbortAsync());
        await ann.Page.ReloadAsync();
        (await ann.Page.Locator("#join-title").InnerTextAsync()).Should().Be("Rejoindre le chat");
        await EnterAsync(ann, "amelie");
        (await ann.Page.Locator("#people-heading").InnerTextAsync()).Should().MatchRegex("^[0-9]+ membres?$");
    }

    [Test]
    public async Task Page_stays_English_if_the_server_has_no_translation()
    {
        await using var ann = await ChatPage.OpenAsync("about:blank", new() { Locale = "de" });
        await ann.Page.RouteAsync("**/languages/**", route => route.FulfillAsync(new() { Status = 404 }));
        await ann.Page.GotoAsync($"http://127.0.0.1:{_server.HttpPort}/");
        await EnterAsync(ann, "erika");
        await Assertions.Expect(ann.Page.Locator("#leave-words")).ToHaveTextAsync("Leave this room");
        await Assertions.Expect(ann.Page.Locator("html")).ToHaveAttributeAsync("lang", "en");
    }

    [Test]
    public async Task Language_in_the_settings_changes_all_tabs_without_a_reload_and_keeps_the_draft()
    {
        await using var ann = await ChatPage.JoinAsync(_server.HttpPort, "chooser");
        await ann.SayAsync("before the change");
        await ann.ExpectMessageAsync("before the change");
        var other = await ChatPage.OpenAsync(await ann.Page.Context.NewPageAsync(), $"http://127.0.0.1:{_server.HttpPort}/?room=lobby");
        await other.ExpectInsideAsync("lobby");
        await ann.Page.BringToFrontAsync();
        await ann.Input.FillAsync("a draft");
        await ann.Page.ClickAsync("#me");
        await ann.Page.ClickAsync("#tab-look");

        await ann.Page.Locator("#language").SelectOptionAsync("de");
        await Assertions.Expect(ann.Page.Locator("#settings-title")).ToHaveTextAsync("Einstellungen");
        await Assertions.Expect(ann.Page.Locator("#language")).ToHaveValueAsync("de");
        foreach (var page in (ChatPage[])[ann, other])
        {
            await Assertions.Expect(page.Page.Locator("#leave-words")).ToHaveTextAsync("Diesen Raum verlassen");
            await Assertions.Expect(page.Page.Locator("#log .divider.day").First).ToHaveTextAsync("Heute");
            await Assertions.Expect(page.Page.Locator("html")).ToHaveAttributeAsync("lang", "de");
        }

        await ann.Page.Locator("#language").SelectOptionAsync("ar");
        await Assertions.Expect(other.Page.Locator("html")).ToHaveAttributeAsync("dir", "rtl");
        await Assertions.Expect(ann.Page.Locator("#tab-look")).ToHaveTextAsync("المظهر");
        await ann.Page.Locator("#language").SelectOptionAsync("auto");
        await Assertions.Expect(ann.Page.Locator("#settings-title")).ToHaveTextAsync("Settings");
        await Assertions.Expect(ann.Page.Locator("html")).ToHaveAttributeAsync("dir", "ltr");
        await Assertions.Expect(other.Page.Locator("#leave-words")).ToHaveTextAsync("Leave this room");
        await ann.Page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(ann.Input).ToHaveValueAsync("a draft");
        await Assertions.Expect(ann.Page.Locator("#keys")).ToHaveTextAsync("Enter sends, Shift Enter breaks the line, / commands, Alt ↑↓ rooms");
        ann.Errors.Should().BeEmpty();
    }

    private Task<ChatPage> OpenAsync(string locale, int width, ColorScheme scheme = ColorScheme.Light) => ChatPage.OpenAsync(
        $"http://127.0.0.1:{_server.HttpPort}/",
        new() { Locale = locale, ColorScheme = scheme, ViewportSize = new() { Width = width, Height = 844 }, ReducedMotion = ReducedMotion.Reduce });

    private static async Task EnterAsync(ChatPage page, string name)
    {
        await page.Page.FillAsync("#name", name);
        await page.Page.PressAsync("#name", "Enter");
        await page.ExpectInsideAsync("lobby");
    }

    private static async Task VisitSettingsAsync(ChatPage page, bool isPhone)
    {
        if (isPhone)
            await page.Page.ClickAsync("#open-rail");
        await page.Page.ClickAsync("#me");
        foreach (var tab in (string[])["person", "look", "alerts", "connection", "keys"])
        {
            await page.Page.ClickAsync($"#tab-{tab}");
            await ExpectNoFaultAsync(page, $"the settings, {tab}");
        }
    }

    private static async Task ExpectNoFaultAsync(ChatPage page, string where)
    {
        await ExpectFitsAsync(page, where);
        await AccessibilityTests.ExpectCleanAsync(page, where);
    }

    private static async Task ExpectFitsAsync(ChatPage page, string where) => (await page.Page.EvaluateAsync<string[]>(FindFaults)).Should().BeEmpty(where);

    private static async Task<LocatorBoundingBoxResult> BoxAsync(ChatPage page, string selector) => (await page.Page.Locator(selector).First.BoundingBoxAsync())!;
}
