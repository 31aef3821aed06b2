using System.Text.Json;
using Microsoft.Playwright;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.EndToEnd;

/// <summary>Checks the page with axe-core, which tests the contrast and the support for screen readers.</summary>
[Category(Categories.Slow)] // runs Chromium
public sealed class AccessibilityTests
{
    private ServerUnderTest _server = null!;

    [SetUp]
    public async Task StartServer() => _server = await ServerUnderTest.StartAsync();

    [TearDown]
    public async Task StopServer() => await _server.DisposeAsync();

    [TestCase(ColorScheme.Light)]
    [TestCase(ColorScheme.Dark)]
    public async Task Axe_finds_no_violation_at_the_entrance_of_a_server_without_guests_and_in_a_frame(ColorScheme scheme)
    {
        await using var server = await ServerUnderTest.StartAsync(
            "--Auth:Guests", "false", "--Auth:Oidc:Authority", "https://login.example", "--Auth:Oidc:ClientId", "chat", "--Auth:Oidc:DisplayName", "Log in with Example");
        var options = new BrowserNewContextOptions { ColorScheme = scheme, ViewportSize = new() { Width = 390, Height = 844 }, ReducedMotion = ReducedMotion.Reduce };
        await using var ann = await ChatPage.OpenAsync($"http://127.0.0.1:{server.HttpPort}/?embed=1&room=lobby", options);
        await Assertions.Expect(ann.Page.Locator("#sign-on")).ToBeVisibleAsync();
        await ExpectCleanAsync(ann, "the button");
        await ann.Page.ClickAsync("#have-account");
        await ExpectCleanAsync(ann, "the password");
        await ann.Page.ClickAsync("#have-account");
        await ExpectCleanAsync(ann, "the new account");
        await ann.Page.FillAsync("#name", "ann");
        await ann.Page.FillAsync("#password", AccountSteps.Password);
        await ann.Page.ClickAsync("#join-go");
        await ann.ExpectInsideAsync("lobby");
        await ann.SayAsync("hello");
        await ann.ExpectMessageAsync("hello");
        await ExpectCleanAsync(ann, "the room without side bars");
    }

    // The colors do not depend on the width. So each theme is checked at one width only.
    [TestCase(ColorScheme.Light, 1280)]
    [TestCase(ColorScheme.Dark, 390)]
    public async Task Axe_finds_no_violation_in_any_part_of_the_page(ColorScheme scheme, int width)
    {
        var isPhone = width < 500;
        // Disable animations. Otherwise axe might check the colors of a drawer that is still moving.
        var options = new BrowserNewContextOptions
        {
            ColorScheme = scheme,
            ViewportSize = new() { Width = width, Height = 844 },
            HasTouch = isPhone,
            IsMobile = isPhone,
            ReducedMotion = ReducedMotion.Reduce,
        };
        await using var ann = await ChatPage.OpenAsync($"http://127.0.0.1:{_server.HttpPort}/", options);
        await Assertions.Expect(ann.Page.Locator("#join")).ToBeVisibleAsync();
        await ExpectCleanAsync(ann, "the entrance");
        await ann.Page.PressAsync("#join button[type=submit]", "Enter");
        await Assertions.Expect(ann.Page.Locator("#join-note")).ToBeVisibleAsync();
        await ExpectCleanAsync(ann, "the entrance with an error");

        await ann.Page.ClickAsync("#have-account");
        await Assertions.Expect(ann.Page.Locator("#password")).ToBeVisibleAsync();
        await ExpectCleanAsync(ann, "the entrance with a password");
        await ann.Page.ClickAsync("#have-account");

        await ann.Page.FillAsync("#name", "ann");
        await ann.Page.PressAsync("#name", "Enter");
        await ann.ExpectInsideAsync("lobby");
        await using var bob = await ChatPage.JoinAsync(_server.HttpPort, "bob");
        await bob.SayAsync("good morning ann, look: https://example.org and #lobby");
        await bob.SayAsync("/me pours coffee");
        await bob.SayAsync("**bold** _italic_ ~~gone~~ ||secret|| @ann `code`");
        await ann.SayAsync("morning");
        await ann.SayAsync("/jion lobby");
        await ann.SayAsync("/help");
        await Assertions.Expect(ann.Page.Locator("#commands")).ToBeVisibleAsync();
        await ExpectCleanAsync(ann, "the commands");
        await ann.Page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(ann.Page.Locator("#log .message[data-state=sent]")).ToHaveCountAsync(4);
        await ann.Messages.First.HoverAsync();
        await ExpectCleanAsync(ann, "the log");

        await ann.Page.Keyboard.PressAsync("Control+K");
        await ann.Page.Keyboard.TypeAsync("o");
        await Assertions.Expect(ann.Page.Locator("#switcher-list [role=option]").First).ToBeVisibleAsync();
        await ExpectCleanAsync(ann, "the switcher");
        await ann.Page.Keyboard.PressAsync("Escape");
        await ann.Page.Locator("#log [data-action=person]").First.ClickAsync();
        await ExpectCleanAsync(ann, "the card of a person");
        await ann.Page.Keyboard.PressAsync("Escape");

        await ann.Input.FillAsync("/");
        await Assertions.Expect(ann.Page.Locator("#suggestions")).ToBeVisibleAsync();
        await ExpectCleanAsync(ann, "the suggestions");
        await ann.Input.FillAsync("");

        if (isPhone)
        {
            await ann.Page.ClickAsync("#toggle-people");
            await ExpectCleanAsync(ann, "the drawer of members");
            await ann.Page.Keyboard.PressAsync("Escape");
            await ann.Page.ClickAsync("#open-rail");
            await ExpectCleanAsync(ann, "the drawer of rooms");
        }

        await ann.Page.Keyboard.PressAsync("Escape");
        await ann.SayAsync("/create den");
        await ann.ExpectInsideAsync("den");
        await bob.SayAsync("ann, where are you?");
        await Assertions.Expect(ann.Page.Locator("#rooms [data-room=lobby]")).ToHaveAttributeAsync("data-unread", "1");
        if (isPhone)
            await ann.Page.ClickAsync("#open-rail");
        await ExpectCleanAsync(ann, "an unread room and a new one");
        if (isPhone)
            await ann.Page.Keyboard.PressAsync("Escape");
        await ann.Page.ClickAsync("#open-room-menu");
        await ExpectCleanAsync(ann, "the menu of the room");
        await ann.Page.ClickAsync("#menu-items [data-item=leave]");
        await ExpectCleanAsync(ann, "the question before leaving");
        await ann.Page.ClickAsync("#leave-now");
        await ann.ExpectInsideAsync("lobby");
        if (isPhone)
            await ann.Page.ClickAsync("#open-rail");

        await ann.Page.ClickAsync("#me");
        await ann.Page.FillAsync("#new-name", "bob");
        await ann.Page.PressAsync("#new-name", "Enter");
        await Assertions.Expect(ann.Page.Locator("#account-note")).ToBeVisibleAsync();
        await ExpectCleanAsync(ann, "the account with an error");
        foreach (var tab in new[] { "look", "alerts", "keys", "connection" })
        {
            await ann.Page.ClickAsync($"#tab-{tab}");
            await ExpectCleanAsync(ann, $"the settings, {tab}");
        }

        await ann.Page.ClickAsync("#open-diagnostics");
        await Assertions.Expect(ann.Page.Locator("#diagnostics-facts [data-fact=latency]")).ToContainTextAsync("ms");
        await ExpectCleanAsync(ann, "the diagnostics");
        await ann.Page.Keyboard.PressAsync("Escape");
        if (isPhone)
            await ann.Page.ClickAsync("#open-rail");
        await ann.Page.ClickAsync("#me");
        await ann.Page.ClickAsync("#tab-connection");

        await ann.Page.ClickAsync("#open-lab");
        await ann.Page.ClickAsync("#start-lab");
        await Assertions.Expect(ann.Page.Locator("#lab tr[data-way=ws]")).ToBeVisibleAsync();
        await ExpectCleanAsync(ann, "the lab");
        await ann.Page.Keyboard.PressAsync("Escape");
        if (isPhone)
            await ann.Page.ClickAsync("#open-rail");
        await ann.Page.ClickAsync("#open-directory");
        await Assertions.Expect(ann.Page.Locator("#directory-list li")).Not.ToHaveCountAsync(0);
        await ExpectCleanAsync(ann, "the directory");
        await ann.Page.Keyboard.PressAsync("Escape");

        // The page does not send a message that is too long. So the test makes the message too long at the moment when the page sends it.
        // The server then rejects the message.
        await ann.Page.EvaluateAsync("() => { const { send } = WebSocket.prototype; WebSocket.prototype.send = function (text) { send.call(this, text.replace('refused', 'x'.repeat(9000))); }; }");
        await ann.SayAsync("refused");
        await Assertions.Expect(ann.Page.Locator("#log .message[data-state=failed]")).ToHaveCountAsync(1);
        await ExpectCleanAsync(ann, "a failed message");

        await _server.StopAsync();
        await ann.SayAsync("is anybody there?");
        await Assertions.Expect(ann.Page.Locator("#log .message[data-state=pending]")).ToHaveCountAsync(1);
        await ExpectCleanAsync(ann, "the banner");
    }

    [Test]
    public async Task Forced_colors_show_mentions_and_who_is_online()
    {
        await using var ann = await ChatPage.JoinAsync(_server.HttpPort, "ann", options: new() { ForcedColors = ForcedColors.Active });
        await using var bob = await ChatPage.JoinAsync(_server.HttpPort, "bob");
        await bob.SayAsync("for all");
        await bob.SayAsync("for ann");
        await ann.ExpectMessageAsync("for ann");
        var borders = await ann.Messages.EvaluateAllAsync<string[]>("nodes => nodes.map((node) => getComputedStyle(node).borderInlineStartWidth)");
        borders.Should().Equal("0px", "4px");
        var dots = await ann.Page.EvaluateAsync<string[]>("""
            () => {
              const color = () => getComputedStyle(document.querySelector('#my-state .dot')).backgroundColor;
              const online = color();
              document.getElementById('my-state').dataset.state = 'offline';
              return [online, color(), getComputedStyle(document.body).backgroundColor];
            }
            """);
        dots.Should().OnlyHaveUniqueItems("the dot is visible, and differs between online and offline");
    }

    [Test]
    public async Task Axe_finds_a_missing_label_and_a_low_contrast()
    {
        await using var ann = await ChatPage.JoinAsync(_server.HttpPort, "ann");
        await ann.Page.EvaluateAsync("() => { document.getElementById('send').removeAttribute('aria-label'); document.getElementById('room-name').style.color = '#eee'; }");
        (await ViolationsAsync(ann)).Should().Contain(found => found.StartsWith("button-name", StringComparison.Ordinal))
            .And.Contain(found => found.StartsWith("color-contrast", StringComparison.Ordinal));
    }

    internal static async Task ExpectCleanAsync(ChatPage page, string where) => (await ViolationsAsync(page)).Should().BeEmpty($"axe checked {where}");

    private static async Task<string[]> ViolationsAsync(ChatPage page)
    {
        // The debugger injects axe, because the page's Content-Security-Policy does not apply to the debugger.
        if (!await page.Page.EvaluateAsync<bool>("() => 'axe' in window"))
            await page.Page.EvaluateAsync(await File.ReadAllTextAsync(InstalledTools.Axe));
        var found = await page.Page.EvaluateAsync<string>("""
            async () => JSON.stringify((await axe.run({ rules: { 'label-content-name-mismatch': { enabled: true } } })).violations.flatMap(({ id, help, nodes }) =>
              nodes.map((node) => `${id} (${help}): ${node.html.slice(0, 160)} ${node.any.map((check) => check.message).join(' ')}`)))
            """);
        return JsonSerializer.Deserialize<string[]>(found)!;
    }
}
